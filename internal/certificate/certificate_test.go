// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/vault"
	"rehome/internal/verify"
)

var (
	now   = time.Date(2026, 11, 27, 22, 30, 0, 0, time.UTC)
	issue = Issue{Organisation: "Müller & Söhne <GmbH>", Version: "1.2.3", At: now.Add(time.Hour)}
)

// found is what a verification says of an account that is equal.
func found(address string) verify.Account {
	root := hex.EncodeToString(bytes.Repeat([]byte{0x17}, sha256.Size))
	other := hex.EncodeToString(bytes.Repeat([]byte{0x23}, sha256.Size))
	return verify.Account{
		Account: address, Verdict: verify.Equal, Level: verify.LevelFull, Verified: now,
		Source:      verify.End{Mail: "mail.example.com:993", DAV: "https://mail.example.com/", Login: address},
		Destination: verify.End{Mail: "cloud.example.net:993", Login: address},
		Mail: &verify.Mail{
			Source:      verify.Totals{Mailboxes: 2, Messages: 1203, Octets: 45_000_001},
			Destination: verify.Totals{Mailboxes: 2, Messages: 1203, Octets: 45_000_001},
			Mailboxes: []verify.Mailbox{
				{Source: []string{"INBOX.Work & <more>"}, Destination: "Work & <more>", Messages: 3, Octets: 1, SourceRoot: other, DestinationRoot: other},
				{Source: []string{"INBOX"}, Destination: "INBOX", Messages: 1200, Octets: 45_000_000, SourceRoot: root, DestinationRoot: root},
			},
			LeftOut: []verify.LeftOut{{Mailbox: "INBOX.Trash", Reason: "mail.skip", Messages: 4}},
		},
		Calendars: &verify.Objects{
			Source: verify.ObjectTotals{Collections: 1, Objects: 5}, Destination: verify.ObjectTotals{Collections: 1, Objects: 5},
			States: map[pim.State]int{pim.StateIdentical: 4, pim.StateRepaired: 1},
			Collections: []verify.Collection{{Name: "Work", Source: "/cal/work/", Destination: "/d/1/", Objects: 5,
				States: map[pim.State]int{pim.StateRepaired: 1}, SourceRoot: root, DestinationRoot: other}},
		},
		Rules: &verify.Rules{Source: verify.RuleTotals{Scripts: 1, Active: "main"}, Scripts: []verify.Rule{
			{State: verify.RuleWaiting, Script: "main", There: "main (old server)", Active: true, SourceDigest: root, DestinationDigest: root},
		}},
		Findings: []rehome.Finding{{Code: "date_not_kept", Object: "INBOX", Sentence: "1 message has no date"}},
	}
}

func newKey(t testing.TB) Key {
	t.Helper()
	seed := sha256.Sum256([]byte(t.Name()))
	return Key{ed25519.NewKeyFromSeed(seed[:])}
}

func signed(t testing.TB, key Key, address string) []byte {
	t.Helper()
	c, err := New(issue, found(address))
	if err != nil {
		t.Fatal(err)
	}
	file, err := c.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// problem is what the check says of a file's content.
func problem(content []byte, key PublicKey) string {
	var f CheckedFile
	if err := f.take(content, key); err != nil {
		return err.Error()
	}
	return ""
}

func TestNew_saysWhyThereIsNone(t *testing.T) {
	t.Parallel()
	differs := found("anna@example.com")
	differs.Verdict, differs.Mail.Differences = verify.Differs, make([]verify.Difference, 2)
	claimed := found("anna@example.com")
	claimed.Calendars.States[pim.StateMissing] = 1
	for name, c := range map[string]struct {
		found verify.Account
		want  string
	}{
		"never verified":                  {verify.Account{Account: "anna@example.com", Verdict: verify.Unknown}, "was not verified yet"},
		"not readable":                    {verify.Account{Verdict: verify.Unknown, Verified: now}, "could not be read when it was verified"},
		"differences":                     {differs, "has 2 differences"},
		"said to be equal, and it is not": {claimed, "has 1 difference"},
	} {
		if _, err := New(issue, c.found); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// A certificate says since when each part of it is read, and what was copied since; neither can be altered.
func TestNew_saysWhenItWasReadAndWhatWasCopiedSince(t *testing.T) {
	t.Parallel()
	account := found("anna@example.com")
	monday := now.AddDate(0, 0, -4)
	account.Mail.Mailboxes[0].Read, account.Mail.Mailboxes[1].Read, account.Calendars.Collections[0].Read = now, monday, now
	account.CopiedSince = &verify.Since{Known: true, Messages: 3}
	c, err := New(issue, account)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Read.Equal(monday) || !c.Mail.Mailboxes[0].Read.Equal(monday) || !c.Calendars.Collections[0].Read.Equal(now) || c.CopiedSince.Messages != 3 {
		t.Errorf("got %+v", c)
	}
	key := newKey(t)
	file, err := c.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	page, err := Page(key, file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"What had not changed since was read on 23 November 2026, 22:30 UTC or later.", "Not part of this proof: 3 messages copied or changed since.",
		"read 23 November 2026, 22:30 UTC", "read 27 November 2026, 22:30 UTC",
	} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
	altered := bytes.Replace(file, []byte(`"messages": 3`), []byte(`"messages": 2`), 1)
	if bytes.Equal(altered, file) || problem(altered, key.Public()) == "" {
		t.Error("what was copied since can be altered")
	}
}

// Whoever alters a digit, of a count, a date, a root, the key or the signature, is found out, in both forms of the file.
func TestNew_namesTheLogins(t *testing.T) {
	t.Parallel()
	account := found("anna@example.test")
	account.Logins = []verify.Login{{Protocol: "imap", Host: "mail.example.test:993", Result: "accepted", At: time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)}}
	c, err := New(Issue{Organisation: "O", Version: "1", At: time.Now()}, account)
	must(t, err)
	key := newKey(t)
	file, err := c.Sign(key)
	must(t, err)
	page, err := Page(key, file)
	must(t, err)
	if want := "imap at <bdi>mail.example.test:993</bdi>: accepted, tried on 29 November 2026, 08:00 UTC"; !strings.Contains(string(page), want) {
		t.Errorf("the page does not say %q", want)
	}
	if err := problem(file, key.Public()); err != "" {
		t.Error(err)
	}
}

func TestCheck_everyDigitCounts(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	file := signed(t, key, "anna@example.com")
	page, err := Page(key, file)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"JSON": file, "page": page} {
		if got := problem(content, key.Public()); got != "" {
			t.Fatalf("%s as it was written: %s", name, got)
		}
		digits := 0
		for i, c := range content {
			if c < '0' || c > '9' {
				continue
			}
			digits++
			altered := slices.Clone(content)
			altered[i] = '0' + (c-'0'+1)%10
			if problem(altered, nil) == "" {
				t.Fatalf("%s: %q with its digit at %d altered is taken for genuine", name, content[max(i-20, 0):i+1], i)
			}
		}
		if digits < 400 {
			t.Errorf("%s: only %d digits tried", name, digits)
		}
	}
}

// Any other octet is found out as well, but for white space of the JSON, which says nothing.
func TestCheck_otherOctetsCount(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	file := signed(t, key, "anna@example.com")
	page, err := Page(key, file)
	if err != nil {
		t.Fatal(err)
	}
	var want CheckedFile
	must(t, want.take(file, nil))
	for i := 0; i < len(file); i += 3 { // a part of them, for the time that it takes
		altered := slices.Clone(file)
		altered[i] ^= 1
		var got CheckedFile
		if err := got.take(altered, nil); err == nil && !cmp.Equal(got.Certificate, want.Certificate) {
			t.Errorf("%q with the octet at %d altered is taken for genuine", file[max(i-20, 0):i+1], i)
		}
	}
	for i := 0; i < len(page); i += 23 {
		altered := slices.Clone(page)
		altered[i] ^= 1
		if problem(altered, nil) == "" {
			t.Errorf("the page with the octet %q at %d altered is taken for genuine", page[i], i)
		}
	}
}

func TestCheck_whatIsNotACertificate(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	file := string(signed(t, key, "anna@example.com"))
	page, _ := Page(key, []byte(file))
	other, _ := sign(Key{ed25519.NewKeyFromSeed(make([]byte, 32))}.private, KindAccount, "words")
	for name, c := range map[string]struct{ content, want string }{
		"empty":                    {"", errForm.Error()},
		"JSON of another kind":     {`{"verdict": "equal"}`, errForm.Error()},
		"a second value of a key":  {strings.Replace(file, `"certificate": {`, `"certificate": {}, "certificate": {`, 1), errForm.Error()},
		"something behind":         {file + "{}", errForm.Error()},
		"cut":                      {file[:len(file)/2], errForm.Error()},
		"a page cut":               {string(page[:len(page)-100]), errForm.Error()},
		"a page with more behind":  {string(page) + "<p>all is well</p>", errForm.Error()},
		"other words in the page":  {strings.Replace(string(page), "Both ends were equal", "Both ends are the same", 1), "shows what is not signed"},
		"a summary's kind":         {strings.Replace(file, string(KindAccount), string(KindSummary), 1), errSignature.Error()},
		"signed by somebody else":  {string(other), "was signed with another key: "},
		"a later version":          {string(mustSign(t, key, "account certificate 2", map[string]int{"x": 1})), "is of another kind or version"},
		"a key that nobody knows":  {string(mustSign(t, key, KindAccount, map[string]int{"x": 1})), "unknown field"},
		"a root that is not right": {string(mustSign(t, key, KindAccount, Certificate{Level: verify.LevelFull, SourceRoot: "00"})), "has a root"},
	} {
		if got := problem([]byte(c.content), key.Public()); !strings.Contains(got, c.want) || got == "" {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func mustSign(t *testing.T, key Key, kind Kind, what any) []byte {
	t.Helper()
	file, err := sign(key.private, kind, what)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// openssl and jq are other people's programs: what docs/certificates.md tells people to run has to agree.
func TestCheck_opensslAgrees(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	dir := t.TempDir()
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("key.pem", key.Public().PEM())
	verifies := func(file []byte) bool {
		write("anna@example.com.json", file)
		command := exec.CommandContext(t.Context(), "sh", "-ec", `f=anna@example.com.json
			(jq -j '.rehome, "\n"' $f; jq -cj .certificate $f) > signed
			jq -r .signature $f | xxd -r -p > signature
			openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed -sigfile signature`)
		command.Dir = dir
		said, err := command.CombinedOutput()
		t.Logf("%s", said)
		return err == nil && strings.Contains(string(said), "Verified Successfully")
	}
	file := signed(t, key, "anna@example.com")
	if !verifies(file) {
		t.Error("openssl does not verify a genuine certificate")
	}
	if verifies(bytes.Replace(file, []byte("1203"), []byte("1204"), 1)) {
		t.Error("openssl verifies an altered one")
	}
}

// A rule that differs has no certificate until somebody has accepted it; then the certificate shows both digests.
func TestNew_rules(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	other := hex.EncodeToString(bytes.Repeat([]byte{0x42}, sha256.Size))
	for name, rule := range map[string]verify.Rule{
		"changed": {State: verify.RuleChanged, Script: "away", There: "away", Sentence: "script \"away\" was changed", SourceDigest: other[:62] + "00",
			DestinationDigest: other},
		"missing": {State: verify.RuleMissing, Script: "away", Sentence: "script \"away\" is not at the destination", SourceDigest: other},
	} {
		account := found("anna@example.com")
		account.Rules.Scripts = append(account.Rules.Scripts, rule)
		account.Rules.Differences = []verify.Rule{rule}
		account.Verdict = verify.Differs
		if _, err := New(issue, account); err == nil || err.Error() != "has 1 difference" {
			t.Errorf("%s: got %v", name, err)
		}
		open := account.Open()
		c, err := New(issue, account.Accept([]verify.Acceptance{{ID: open[0].ID, Times: 1, By: "Ada", Reason: "its user wants it", At: now}}))
		must(t, err)
		if c.SourceRoot == "" || c.DestinationRoot == "" || c.SourceRoot == c.DestinationRoot || len(c.Rules.Scripts) != 2 {
			t.Errorf("%s: roots %q and %q of %+v", name, c.SourceRoot, c.DestinationRoot, c.Rules)
		}
		file, err := c.Sign(key)
		must(t, err)
		page, err := Page(key, file)
		must(t, err)
		if said := problem(page, key.Public()); said != "" || !bytes.Contains(page, []byte("differs, and was accepted")) {
			t.Errorf("%s: %q\n%s", name, said, page)
		}
	}
	claimed := found("anna@example.com")
	claimed.Rules.Scripts[0].DestinationDigest = other
	c, err := New(issue, claimed)
	must(t, err)
	file, err := c.Sign(key)
	must(t, err)
	if said := problem(file, key.Public()); !strings.Contains(said, `its script "main" has two digests`) {
		t.Errorf("said to be equal, with two digests: %q", said)
	}
}

func TestCheck_aFolder(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for name, c := range map[string]struct {
		damage func(t *testing.T, dir string)
		want   []string
	}{
		"as it was written": {func(*testing.T, string) {}, nil},
		"one removed": {func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, "bert@example.com.json"))) },
			[]string{"the certificate of bert@example.com, which the summary lists, is not there or not genuine"}},
		"one exchanged for an older one": {func(t *testing.T, dir string) {
			older := found("bert@example.com")
			older.Verified = now.Add(-time.Hour)
			c, err := New(issue, older)
			must(t, err)
			file, err := c.Sign(key)
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dir, "bert@example.com.json"), file, 0o600))
		}, []string{"the certificate of bert@example.com is not the one that the summary lists"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			summary := NewSummary(issue)
			for _, address := range []string{"anna@example.com", "bert@example.com"} {
				must(t, os.WriteFile(filepath.Join(dir, address+".json"), signed(t, key, address), 0o600))
				c, err := New(issue, found(address))
				must(t, err)
				must(t, summary.Add(c))
			}
			must(t, os.WriteFile(filepath.Join(dir, "summary.json"), mustSign(t, key, KindSummary, summary), 0o600))
			c.damage(t, dir)
			checked, err := Check([]string{dir}, key.Public())
			must(t, err)
			if diff := cmp.Diff(c.want, checked.Problems); diff != "" {
				t.Error(diff)
			}
			if done := checked.Outcome() == rehome.OutcomeDone; done != (c.want == nil) {
				t.Errorf("outcome %s", checked.Outcome())
			}
		})
	}
	_, err := Check([]string{filepath.Join(t.TempDir(), "nowhere.json")}, nil)
	if rehome.ClassOf(err) != rehome.ClassOperator || strings.Contains(err.Error(), "open ") {
		t.Errorf("got %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenKey_makesOneAndKeepsIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := vault.CreateIdentity(filepath.Join(dir, "identity"))
	must(t, err)
	identity, err := vault.LoadIdentity(filepath.Join(dir, "identity"))
	must(t, err)
	path := filepath.Join(dir, "signing-key.age")
	first, err := OpenKey(path, identity)
	must(t, err)
	second, err := OpenKey(path, identity)
	must(t, err)
	if first.Public().String() != second.Public().String() {
		t.Errorf("%s and then %s", first.Public(), second.Public())
	}
	sealed, err := os.ReadFile(path)
	must(t, err)
	if bytes.Contains(sealed, first.private.Seed()) {
		t.Error("the key stands in clear in its file")
	}
	for _, text := range []string{first.Public().String() + "\n", string(first.Public().PEM())} {
		if parsed, err := ParsePublicKey(text); err != nil || parsed.String() != first.Public().String() {
			t.Errorf("%q: %v, %v", text, parsed, err)
		}
	}
	if _, err := ParsePublicKey("0123"); err == nil {
		t.Error("a short key is taken")
	}
	must(t, vault.Seal(filepath.Join(dir, "other.age"), identity.Recipients(), []byte("no key")))
	if _, err := OpenKey(filepath.Join(dir, "other.age"), identity); rehome.ClassOf(err) != rehome.ClassOperator {
		t.Errorf("another sealed file: %v", err)
	}
}

// The tree is as the documentation describes it: whoever has the messages can make the same number.
func TestTree_byHand(t *testing.T) {
	t.Parallel()
	root := strings.Repeat("17", sha256.Size)
	c := Certificate{Level: verify.LevelFull, Mail: &Mail{Mailboxes: []Mailbox{
		{Destination: "INBOX", SourceRoot: root, DestinationRoot: root}, {Destination: "Sent", SourceRoot: root, DestinationRoot: root},
	}}}
	inbox, sent := sha256.Sum256([]byte("mailbox\x00INBOX\x00"+root+"\x00")), sha256.Sum256([]byte("mailbox\x00Sent\x00"+root+"\x00"))
	leaves := [][]byte{inbox[:], sent[:]}
	slices.SortFunc(leaves, bytes.Compare)
	want := sha256.Sum256(slices.Concat(leaves...))
	if src, dst := c.roots(); src != hex.EncodeToString(want[:]) || dst != src {
		t.Errorf("got %s and %s, want %x", src, dst, want)
	}
	c.Mail.Mailboxes[1].SourceRoot = ""
	if src, dst := c.roots(); src != "" || dst == "" {
		t.Errorf("a mailbox was not read at the source: %q, %q", src, dst)
	}
	if src, _ := (&Certificate{Level: verify.LevelCounts, Mail: c.Mail}).roots(); src != "" {
		t.Errorf("counted only: %q", src)
	}
}

func FuzzCheck(f *testing.F) {
	key := newKey(f)
	file := signed(f, key, "anna@example.com")
	page, err := Page(key, file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add(page)
	f.Fuzz(func(t *testing.T, content []byte) {
		var got CheckedFile
		if err := got.take(content, key.Public()); err != nil {
			return
		}
		// What is genuine says what was signed, whatever white space was added.
		encoded, err := json.Marshal(got.Certificate)
		if err != nil || got.Certificate == nil || got.Certificate.Account != "anna@example.com" || len(encoded) == 0 {
			t.Errorf("%q is taken for genuine: %v", content, err)
		}
	})
}
