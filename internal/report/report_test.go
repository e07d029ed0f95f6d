// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
	"rehome/internal/verify"
)

var update = flag.Bool("update", false, "write the golden files")

func render(t testing.TB, in Input) string {
	t.Helper()
	r, err := New(in)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteHTML_golden(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]Input{
		"equal":    organisation("anna", "ben"),
		"troubled": troubled(t),
	} {
		file := filepath.Join("testdata", name+".html")
		got := render(t, in)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs from what is rendered; if that is intended, run go test -update and look at the change", file)
		}
	}
}

func TestWriteHTML_nothingYet(t *testing.T) {
	t.Parallel()
	if got := render(t, Input{}); !strings.Contains(got, "<h2>No accounts yet</h2>") || strings.Contains(got, "All accounts") {
		t.Errorf("got\n%s", got)
	}
}

func TestWriteHTML_standsAloneAndEscapes(t *testing.T) {
	t.Parallel()
	in := troubled(t)
	in.Organisation, in.Findings[0].Sentence = hostile, "the server says: "+hostile
	got := render(t, in)
	for _, outside := range []string{`<script`, `<link`, `<img`, `<iframe`, `src\s*=`, `href\s*=`, `https?://`, `@import`, `url\(`, "\u202e", "\x00"} {
		if found := regexp.MustCompile(outside).FindString(got); found != "" {
			t.Errorf("the page holds %q", found)
		}
	}
	if !strings.Contains(got, "&lt;/bdi&gt;&lt;script&gt;alert(1)&lt;/script&gt;\ufffdgpj.exe\ufffd") {
		t.Error("the hostile name is not shown")
	}
}

// Every account with a root for each of 30 mailboxes, and the differences of a failed night.
func TestWriteHTML_manyAccounts(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("person.%03d", i))
	}
	in := organisation(names...)
	for i := range 500 {
		a := in.result(t, fmt.Sprintf("person.%03d@example.com", i))
		for len(a.Mail.Mailboxes) < 30 {
			a.Mail.Mailboxes = append(a.Mail.Mailboxes, a.Mail.Mailboxes[1])
		}
		in.verify(a)
	}
	for i := range 50 {
		var many []verify.Difference
		for n := range 1000 {
			many = append(many, verify.Difference{Kind: verify.MissingMessage, Mailbox: "INBOX",
				Sentence: fmt.Sprintf("message %d is not at the destination", n)})
		}
		in.differ(t, fmt.Sprintf("person.%03d@example.com", i), many...)
	}
	got := render(t, in)
	if len(got) > 8<<20 {
		t.Errorf("the page has %d octets", len(got))
	}
	if want := "50 of 500 accounts differ, 450 are equal"; !strings.Contains(got, want) {
		t.Errorf("the page does not say %q", want)
	}
}

func TestHeadline(t *testing.T) {
	t.Parallel()
	equal := organisation("anna", "ben")
	differ := organisation("anna", "ben")
	differ.differ(t, "ben@example.com", verify.Difference{Kind: verify.FlagsDiffer})
	one := organisation("anna")
	one.differ(t, "anna@example.com", verify.Difference{Kind: verify.FlagsDiffer})
	open := organisation("anna", "ben", "chiara")
	open.forget("ben@example.com")
	unverified := organisation("anna", "ben")
	unverified.Verifications = nil
	counts := organisation("anna", "ben")
	outdated := organisation("anna", "ben")
	outdated.Accounts[0].Finished = evening.Add(time.Hour)
	a := counts.result(t, "ben@example.com")
	a.Level, a.Mail.Source.Octets = verify.LevelCounts, -1
	counts.verify(a)
	for _, c := range []struct {
		name            string
		in              Input
		tone, headline  string
		proofHas        string
		documentVerdict verify.Verdict
	}{
		{"equal", equal, toneEqual, "Both ends are equal: 2 accounts, 437 messages, 9.2 MB", "Every message was read at both ends", verify.Equal},
		{"differ", differ, toneDiffers, "1 of 2 accounts differs, 1 is equal", "Every message was read", verify.Differs},
		{"the only one", one, toneDiffers, "1 account differs", "Every message", verify.Differs},
		{"everything", troubled(t), toneDiffers, "2 of 11 accounts differ, 1 could not be read, 1 is not verified yet, 7 are equal",
			"Compared: 9 accounts by the content of every message.", verify.Differs},
		{"not all", open, toneOpen, "1 of 3 accounts is not verified yet, 2 are equal", "Compared: 2 accounts by the content", verify.Differs},
		{"not yet", unverified, toneOpen, "Not verified yet: 2 accounts", "", verify.Unknown},
		{"nobody", Input{}, toneOpen, "No accounts yet", "", verify.Unknown},
		{"copied again", outdated, toneOpen, "Both ends were equal, but 1 account was copied again since: 2 accounts, 437 messages, 9.2 MB",
			"Every message", verify.Equal},
		{"two levels", counts, toneEqual, "Both ends are equal: 2 accounts, 437 messages",
			"1 account by the content of every message, 1 account by the number of messages", verify.Equal},
	} {
		r, err := New(c.in)
		if err != nil {
			t.Fatal(err)
		}
		s := r.summary()
		if s.tone() != c.tone || s.headline() != c.headline || !strings.Contains(s.proof(), c.proofHas) {
			t.Errorf("%s: got %s, %q, %q, want %s, %q, %q", c.name, s.tone(), s.headline(), s.proof(), c.tone, c.headline, c.proofHas)
		}
		if got := r.Document().Verdict; got != c.documentVerdict {
			t.Errorf("%s: document: got %s, want %s", c.name, got, c.documentVerdict)
		}
	}
}

func TestTopics_gravestFirst(t *testing.T) {
	t.Parallel()
	r, err := New(troubled(t))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range r.topics() {
		got = append(got, c.Tone+": "+c.Title+", "+c.Extent)
		if c.NextStep == "" {
			t.Errorf("%s: no next step", c.Title)
		}
	}
	want := []string{
		"error: Messages are missing at the destination, 1 account",
		"error: Accounts are blocked, 1 account",
		"error: Message refused, 1 account",
		"error: Not verified, 1 account",
		"warning: Messages exist only at the destination, 40 in 1 account",
		"warning: Flags differ, 1 account",
		"warning: Accounts are not verified yet, 1 account",
		"warning: Accounts were copied again after verification, 1 account",
		"warning: Mailbox renamed, 1 account",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDocument_holdsEveryAccount(t *testing.T) {
	t.Parallel()
	r, err := New(troubled(t))
	if err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal(r.Document())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Verdict  string
		Accounts []struct {
			Account, Verdict string
			Mail             *struct {
				Differences []struct{ Kind, Sentence string }
			}
		}
		Findings []struct{ Code string }
	}
	if err := json.Unmarshal(document, &got); err != nil {
		t.Fatal(err)
	}
	if got.Verdict != "differs" || len(got.Accounts) != 11 || len(got.Findings) != 4 {
		t.Errorf("got %s, %d accounts, %d findings", got.Verdict, len(got.Accounts), len(got.Findings))
	}
	if a := got.Accounts[1]; a.Account != "ben@example.com" || a.Verdict != "differs" || a.Mail.Differences[0].Kind != "missing_message" {
		t.Errorf("got %+v", a)
	}
	if a := got.Accounts[5]; a.Verdict != "unknown" || a.Mail != nil {
		t.Errorf("an account that nobody has verified: got %+v", a)
	}
}

func TestNew_storedResultIsDamaged(t *testing.T) {
	t.Parallel()
	_, err := New(Input{
		Accounts:      []ledger.Account{{Address: "anna@example.com"}},
		Verifications: []ledger.Verification{{Address: "anna@example.com", Result: []byte("{"), Time: time.Now()}},
	})
	if err == nil || !strings.Contains(err.Error(), "anna@example.com") {
		t.Errorf("got %v, want an error that names the account", err)
	}
}

// What was copied since the proof is said in numbers; a pass that has copied nothing leaves the proof as it was.
func TestNew_whatWasCopiedSince(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		started, finished time.Duration // after the verification; 0 for none
		written           ledger.Written
		want              *verify.Since
		words             string
	}{
		"no pass":         {},
		"nothing to copy": {time.Hour, 2 * time.Hour, ledger.Written{Until: evening.Add(2 * time.Hour)}, nil, ""},
		"some": {
			time.Hour, 2 * time.Hour, ledger.Written{Messages: 12, Objects: 1, Until: evening.Add(2 * time.Hour)},
			&verify.Since{Known: true, Messages: 12, Objects: 1}, "12 messages and 1 contact or calendar object copied or changed since",
		},
		"in the same second": {
			0, 0, ledger.Written{Messages: 3, Until: evening}, &verify.Since{Known: true, Messages: 3}, "3 messages copied or changed since",
		},
		"cut off": {time.Hour, 0, ledger.Written{}, &verify.Since{}, "a pass has run since, and what it copied was not counted"},
		"cut off after one that had counted": {
			3 * time.Hour, 0, ledger.Written{Messages: 1, Until: evening.Add(2 * time.Hour)},
			&verify.Since{Messages: 1}, "at least 1 message copied or changed since",
		},
	} {
		in := organisation("anna")
		in.Verifications[0].Time, in.Verifications[0].Written = evening, test.written
		if test.started > 0 {
			in.Accounts[0].Started, in.Accounts[0].Finished = evening.Add(test.started), time.Time{}
		}
		if test.finished > 0 {
			in.Accounts[0].Finished = evening.Add(test.finished)
		}
		r, err := New(in)
		if err != nil {
			t.Fatal(err)
		}
		got := r.Document().Accounts[0].CopiedSince
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		var page bytes.Buffer
		if err := r.WriteHTML(&page); err != nil || !strings.Contains(page.String(), test.words) {
			t.Errorf("%s: %v, the page does not say %q", name, err, test.words)
		}
	}
}
