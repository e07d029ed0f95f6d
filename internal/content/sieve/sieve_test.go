// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var everything = Capabilities{"fileinto", "vacation", "vacation-seconds", "copy", "imap4flags"}

var sample = Rules{
	Allow: []string{"*@partner.example"}, Block: []string{"*@spam.example", `odd\name@example.com`}, Junk: "Junk",
	Redirects: []Redirect{{To: "noa@partner.example", KeepCopy: true}},
	Vacation:  &Vacation{Subject: `Away "now"`, Text: "Bin weg.\n.\n..Grüße\n", Addresses: []string{"noa@example.com"}, Days: 7},
	Sorts: []Sort{
		{Conditions: []Condition{{"from", "news@"}, {"subject", "Neuigkeiten für"}}, Mailbox: "Rundbriefe/Größe  2", Flags: []string{`\Seen`}},
		{Conditions: []Condition{{"subject", "win"}}, Discard: true},
		{Conditions: []Condition{{"bad name", "x"}}, Mailbox: "Never"},
	},
}

func TestWrite_golden(t *testing.T) {
	t.Parallel()
	leaving := Rules{Redirects: []Redirect{{To: "noa@partner.example"}}, Sorts: sample.Sorts}
	for _, test := range []struct {
		name    string
		rules   Rules
		offered Capabilities
		unable  []string
	}{
		{"all", sample, everything, nil},
		{"no_copy", sample, Capabilities{"fileinto", "vacation", "imap4flags"}, nil},
		{"bare", sample, nil, []string{
			"cannot sort messages into mailboxes (no fileinto)", "cannot answer while somebody is away (no vacation)",
		}},
		{"leaving", leaving, everything, nil},
		{"seconds", Rules{Vacation: &Vacation{Text: "Away", Seconds: 3600, Days: 1}}, everything, nil},
		{"no_seconds", Rules{Vacation: &Vacation{Text: "Away", Seconds: 3600, Days: 1}}, Capabilities{"vacation"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			written := Write(test.rules, test.offered)
			if diff := cmp.Diff(test.unable, written.Unable); diff != "" {
				t.Errorf("unable: -want +got\n%s", diff)
			}
			wantFile(t, filepath.Join("testdata", test.name+".sieve"), written.Text)
			script, err := Read(written.Text)
			if err != nil {
				t.Fatalf("cannot read what was written: %v", err)
			}
			wantFile(t, filepath.Join("testdata", test.name+".txt"), words(script))
			if got := script.Missing(test.offered); len(got) > 0 || script.Acts() != written.Acts {
				t.Errorf("missing %v, acts %v, want none, %v", got, script.Acts(), written.Acts)
			}
		})
	}
}

// wantFile compares with a golden file; UPDATE in the environment writes it anew.
func wantFile(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -want +got\n%s", file, diff)
	}
}

// words lists what a script does, a line for each rule.
func words(script *Script) string {
	var all strings.Builder
	for _, r := range script.Describe() {
		fmt.Fprintf(&all, "%s [%s]\n", r.Words, strings.Join(r.Deeds, " "))
	}
	return all.String()
}

// Rules as people and programs write them: the words say the same, and give what they have no words
// for in the script's own.
const written = `require ["fileinto", "envelope", "body", "relational"];
if allof (anyof (address :domain :is "from" "shop.example", header :matches "Subject" ["*sale*", "win"]), not size :over 1M) {
  fileinto :copy "Werbung/Größe"; setflag "\\Seen"; stop;
} elsif envelope :localpart "to" "sales" { redirect "sales@partner.example"; }
else { keep; }
if body :contains "unsubscribe" { discard; }
if header :count "gt" "received" "20" { reject "Too
many hops"; }
if exists ["List-Id", "List-Post"] { if true { pipe "sort-it"; } }
if false { }
notify :method "mailto:x@example.com";
`

func TestDescribe(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"written": written, "existing": existing} {
		script, err := Read(text)
		if err != nil {
			t.Fatal(err)
		}
		wantFile(t, filepath.Join("testdata", name+".txt"), words(script))
	}
}

func TestWrite_nothing(t *testing.T) {
	t.Parallel()
	if got := Write(Rules{Allow: []string{"a@example.com"}}, everything); got.Text != "" || got.Acts {
		t.Errorf("got %+v, want nothing", got)
	}
}

const existing = "require [\"fileinto\", \"vacation\", \"vnd.dovecot.pipe\"]; # \"not a string\"\r\n" +
	"/* fileinto \"No\"; */\r\n" +
	"if anyof (header :contains [\"Subject\"] \"x\", not mailboxexists [\"INBOX.Lists\", \"INBOX.Größe \\\"1\\\"\"]) {\r\n" +
	"  fileinto :copy \"INBOX.Lists\"; stop;\r\n} elsif size :over 100K { fileinto text:\r\nINBOX.Lists\r\n.\r\n; }\r\n" +
	"vacation :fcc \"INBOX.Sent\" :days 1 \"INBOX.Lists\";\r\nfileinto \"${1}\";\r\nredirect \"noa@partner.example\";\r\n"

func TestRead_andMap(t *testing.T) {
	t.Parallel()
	script, err := Read(existing)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"INBOX.Lists", `INBOX.Größe "1"`, "INBOX.Lists\r\n", "INBOX.Sent", "${1}"}
	if diff := cmp.Diff(names, mailboxesOf(script)); diff != "" {
		t.Errorf("mailboxes: -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{"vnd.dovecot.pipe"}, script.Missing(everything)); diff != "" || !script.Acts() || !script.Answers {
		t.Errorf("missing: -want +got\n%s acts %v", diff, script.Acts())
	}
	got := script.Map(func(m Mailbox) string {
		if !strings.HasPrefix(m.Name, "INBOX.") || strings.Contains(m.Name, "\n") {
			return m.Name
		}
		return strings.ReplaceAll(strings.TrimPrefix(m.Name, "INBOX."), ".", "/")
	}).Text
	want := strings.NewReplacer(`"INBOX.Lists", `, `"Lists", `, "INBOX.Größe", "Größe", `:copy "INBOX.Lists"`, `:copy "Lists"`, "INBOX.Sent",
		"Sent").Replace(existing)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestRead_refuses(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"keep":                        "line 1: no semicolon behind keep",
		"keep;\nfileinto \"x":         "line 2: a string without an end",
		"text:\nx\n":                  "line 1: a text: without an end",
		"if true { keep;":             "line 1: no closing brace",
		"keep; }":                     "line 1: a } too many",
		"/* x":                        "line 1: a comment without an end",
		"fileinto [\"a\" \"b\"];":     "line 1: no comma between strings",
		strings.Repeat("if not ", 99): "line 1: tests inside of tests without end",
		"$x;":                         "line 1: the character '$'",
	} {
		if _, err := Read(script); err == nil || err.Error() != want {
			t.Errorf("%.20q: got %v, want %s", script, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(existing, "Neu")
	f.Add(Write(sample, everything).Text, "a\"b\\c")
	f.Add("if not allof(true, size :over 1M) { stop; }", "")
	f.Fuzz(func(t *testing.T, in, name string) {
		script, err := Read(in)
		if err != nil {
			return
		}
		if got := script.Map(func(m Mailbox) string { return m.Name }).Text; got != strings.TrimPrefix(in, "\ufeff") {
			t.Fatalf("got %q, want it as it was", got)
		}
		if again, err := Read("# said again\r\n" + script.source + "\n/* and no more */"); err == nil && again.Form() != script.Form() {
			t.Fatalf("%q is not %q", again.Form(), script.Form())
		}
		for _, r := range script.Describe() {
			if r.Words == "" {
				t.Fatalf("%+v of %q", r, in)
			}
		}
		to := script.Map(func(Mailbox) string { return name })
		mapped, err := Read(to.Text)
		if err != nil || !slices.Equal(mapped.Require, script.Require) {
			t.Fatalf("mapped: %v %v", mapped, err)
		}
		names := mailboxesOf(mapped)
		others := slices.ContainsFunc(names, func(n string) bool { return n != "" && !sameName(n, name) })
		if others && len(to.Doubts) == 0 && !strings.Contains(to.Text, "mailbox_at_destination") {
			t.Fatalf("names %q of %q", names, to.Text)
		}
	})
}

func FuzzWrite(f *testing.F) {
	f.Add("a@example.com", ".\n..\r\nx", "Mail\"box", "\\Seen")
	f.Fuzz(func(t *testing.T, address, text, mailbox, flag string) {
		written := Write(Rules{
			Block: []string{address}, Allow: []string{text}, Junk: mailbox, Redirects: []Redirect{{To: address, KeepCopy: true}},
			Vacation: &Vacation{Text: text, Subject: mailbox, Addresses: []string{address}},
			Sorts:    []Sort{{Conditions: []Condition{{"subject", text}}, Mailbox: mailbox, Flags: []string{flag}}},
		}, everything)
		if _, err := Read(written.Text); err != nil {
			t.Fatalf("%v\n%s", err, written.Text)
		}
	})
}

// sameName reports whether a string of a script, which holds no NUL, is a name.
func sameName(got, name string) bool { return got == strings.ReplaceAll(name, "\x00", "") }

// mailboxesOf returns the mailboxes that a script names, each once.
func mailboxesOf(s *Script) []string {
	var names []string
	for _, u := range s.uses {
		for _, name := range u.name.values {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
