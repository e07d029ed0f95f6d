// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/mapping"
	"rehome/internal/pass"
)

// dotted is an account at a server with "INBOX." and dots that moves to one with slashes.
func dotted() Account {
	ways := mapping.Ways{
		Source: mapping.End{Prefix: "INBOX.", Delimiter: ".", Mailboxes: []mapping.Mailbox{
			{Name: "INBOX"}, {Name: "INBOX.Work"}, {Name: "INBOX.Work.Größe"}, {Name: "INBOX.Lists"}, {Name: "INBOX.Spam", Attributes: []string{`\Junk`}},
		}},
		Destination: mapping.End{Delimiter: "/", Mailboxes: []mapping.Mailbox{{Name: "INBOX"}, {Name: "Junk", Attributes: []string{`\Junk`}}}},
	}
	ways.Plan = mapping.Make(ways.Source, ways.Destination, ways.Rules)
	return Account{Address: anna, Further: ways.Beyond, Mailbox: ways.Named}
}

// planned returns the text of one script as it would be stored, and what its findings say.
func planned(t *testing.T, a Account, script string) (action Action, findings []string) {
	t.Helper()
	a.Source = scriptStore{"main": script}
	a.Target = &server{scriptStore: scriptStore{}}
	outcome, err := New(Options{Ledger: memory{}, SwitchOn: true}).Plan(t.Context(), a)
	if err != nil || len(outcome.Scripts) != 1 {
		t.Fatalf("%+v %v", outcome, err)
	}
	for _, f := range outcome.Findings {
		findings = append(findings, f.Object+": "+f.Sentence)
	}
	return outcome.Scripts[0], findings
}

// The names in a script become the destination's wherever they stand and however they are made. Where nobody can know a
// name before the script runs, the script stays off, and the line is named.
func TestPlan_namesOfMailboxes(t *testing.T) {
	t.Parallel()
	const computed = "the script makes the name of a mailbox while it runs (%), so rehome cannot give it the destination's name; the script stays off"
	for _, test := range []struct {
		name, script, want string
		off                []string // findings; the script stays off if there is any
	}{
		{"encoded characters", `require ["encoded-character", "fileinto"]; fileinto "INBOX${hex:2e}Work.Gr${unicode:f6 DF}e";`,
			`require ["encoded-character", "fileinto"]; fileinto "Work/Größe";`, nil},
		{"the form without its extension", `require "fileinto"; fileinto :create "INBOX.${hex:41}";`,
			`require "fileinto"; fileinto :create "${hex:41}";`, nil},
		{"a new mailbox", `require ["fileinto","mailbox"]; fileinto :create "INBOX.Work.New"; fileinto :create "INBOX.Spam.a";`,
			`require ["fileinto","mailbox"]; fileinto :create "Work/New"; fileinto :create "Junk/a";`, nil},
		{"questions", `require ["mailbox","mboxmetadata","special-use"]; ` +
			`if allof (mailboxexists ["INBOX.Work", "INBOX.None"], specialuse_exists "INBOX.Spam" "\\Junk", not specialuse_exists ["\\Sent"]) { stop; }`,
			`require ["mailbox","mboxmetadata","special-use"]; ` +
				`if allof (mailboxexists ["Work", "None"], specialuse_exists "Junk" "\\Junk", not specialuse_exists ["\\Sent"]) { stop; }`, nil},
		{"annotations", "if metadata :contains :comparator \"i;octet\" \"INBOX.Work\" \"/private/x\" [\"INBOX.Work\"] { stop; }",
			"if metadata :contains :comparator \"i;octet\" \"Work\" \"/private/x\" [\"INBOX.Work\"] { stop; }",
			[]string{`main, line 1: the script asks for annotations of mailboxes or of the server (metadata :contains :comparator "i;octet" ` +
				`"INBOX.Work" "/private/x" ["INBOX.Work"]), which rehome does not copy; the script stays off`}},
		{"a mailbox by number", "keep;\r\nfileinto :mailboxid \"F12\" \"INBOX.Work\";", "keep;\r\nfileinto :mailboxid \"F12\" \"Work\";",
			[]string{`main, line 2: the script names a mailbox by its number at the source (fileinto :mailboxid "F12" "INBOX.Work"), ` +
				`which the destination does not have; the script stays off`}},
		{"a special use", `fileinto :specialuse "\\Junk" "INBOX.Spam";`, `fileinto :specialuse "\\Junk" "Junk";`, nil},
		{"a copy of an answer", `vacation :fcc "INBOX.Work" :create "INBOX.Work";`, `vacation :fcc "Work" :create "INBOX.Work";`, nil},
		{"a variable of a variable", `require "variables"; set :lower :upperfirst "a" "WORK"; set "b" "INBOX.${A}"; set "a" "x"; fileinto "${b}.Größe";`,
			`require "variables"; set :lower :upperfirst "a" "WORK"; set "b" "INBOX.${A}"; set "a" "x"; fileinto "Work/Größe";`, nil},
		{"one of two names", "require \"variables\";\r\nset \"a\" \"INBOX.Lists\";\r\nif true { set \"a\" \"INBOX.Work\"; }\r\nfileinto \"${a}\";",
			"require \"variables\";\r\nset \"a\" \"INBOX.Lists\";\r\nif true { set \"a\" \"INBOX.Work\"; }\r\n" +
				"set \"mailbox_at_destination1\" \"${a}\";\r\n" +
				"if string :is :comparator \"i;octet\" \"${a}\" \"INBOX.Lists\" { set \"mailbox_at_destination1\" \"Lists\"; }\r\n" +
				"elsif string :is :comparator \"i;octet\" \"${a}\" \"INBOX.Work\" { set \"mailbox_at_destination1\" \"Work\"; }\r\n" +
				"fileinto \"${mailbox_at_destination1}\";", nil},
		{"flags in a variable", "require \"variables\"; set \"a\" \"INBOX.Work\"; addflag \"a\" \"x\";\nfileinto \"${a}\";",
			"require \"variables\"; set \"a\" \"INBOX.Work\"; addflag \"a\" \"x\";\nfileinto \"${a}\";",
			[]string{"main, line 2: " + strings.ReplaceAll(computed, "%", `fileinto "${a}"`)}},
		{"set to itself", "require \"variables\"; set \"a\" \"INBOX.Work\"; set \"A\" \"${a}\"; fileinto \"${a}\";",
			"require \"variables\"; set \"a\" \"INBOX.Work\"; set \"A\" \"${a}\"; fileinto \"${a}\";",
			[]string{"main, line 1: " + strings.ReplaceAll(computed, "%", `fileinto "${a}"`)}},
		{"in a loop", "require \"variables\"; set \"a\" \"INBOX.Work\"; foreverypart {\nfileinto \"${a}\"; set \"a\" \"${a}.x\"; }",
			"require \"variables\"; set \"a\" \"INBOX.Work\"; foreverypart {\nfileinto \"${a}\"; set \"a\" \"${a}.x\"; }",
			[]string{"main, line 2: " + strings.ReplaceAll(computed, "%", `fileinto "${a}"`)}},
		{"shared with another script", "require [\"variables\", \"include\"]; global \"a\"; set \"a\" \"INBOX.Work\";\nfileinto \"${a}\";",
			"require [\"variables\", \"include\"]; global \"a\"; set \"a\" \"INBOX.Work\";\nfileinto \"${a}\";",
			[]string{"main, line 2: " + strings.ReplaceAll(computed, "%", `fileinto "${a}"`)}},
		{"of the server", "require [\"variables\", \"vnd.dovecot.environment\"]; fileinto \"${env.x}\";",
			"require [\"variables\", \"vnd.dovecot.environment\"]; fileinto \"${env.x}\";",
			[]string{"main, line 1: " + strings.ReplaceAll(computed, "%", `fileinto "${env.x}"`)}},
		{"an unknown command", `newfangled "INBOX.Work"; newfangled :x ["news", "5"];`, `newfangled "INBOX.Work"; newfangled :x ["news", "5"];`,
			[]string{`main, line 1: the script has a command or test that rehome does not know (newfangled "INBOX.Work"), ` +
				`and it seems to name a mailbox; the script stays off`}},
		{"a mailbox that nobody has", `fileinto "INBOX.Gone";`, `fileinto "Gone";`, nil},
	} {
		action, findings := planned(t, dotted(), test.script)
		if diff := cmp.Diff(test.want, action.Text); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
		if test.name == "a mailbox that nobody has" {
			if diff := cmp.Diff([]string{"main, mailbox INBOX.Gone: the script names a mailbox that is not copied"}, findings); diff != "" {
				t.Errorf("%s: findings: -want +got\n%s", test.name, diff)
			}
			findings = nil
		}
		if diff := cmp.Diff(test.off, findings); diff != "" {
			t.Errorf("%s: findings: -want +got\n%s", test.name, diff)
		}
		if action.Person != (len(test.off) > 0) || action.Activate == action.Person {
			t.Errorf("%s: activate %v, needs a person %v", test.name, action.Activate, action.Person)
		}
	}
}

// Scripts from the field.
func TestPlan_namesInFiles(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct{ old, new, finding string }{
		"rules-create.sieve": {`"INBOX.Fresh.Sub"`, `"Fresh/Sub"`, ""},
		"rules-exists.sieve": {`"INBOX.Lists"`, `"Lists"`, ""},
		"rules-name-in-variable.sieve": {`"${base}"`, `"Work"`,
			`main, line 4: the script makes the name of a mailbox while it runs (fileinto "INBOX.${1}")`},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		expected := strings.NewReplacer(want.old, want.new, `fileinto "INBOX.Work"`, `fileinto "Work"`, `" "INBOX.Work"; stop`,
			`" "Work"; stop`).Replace(string(text))
		action, findings := planned(t, dotted(), string(text))
		if diff := cmp.Diff(expected, action.Text); diff != "" {
			t.Errorf("%s: -want +got\n%s", file, diff)
		}
		if got := strings.Join(findings, "\n"); !strings.HasPrefix(got, want.finding) || action.Activate == (want.finding != "") {
			t.Errorf("%s: got %q, activate %v", file, got, action.Activate)
		}
	}
}

// An account counts as done only when somebody has seen to the script that runs at the source; one that is off there holds
// nobody up. Whoever activates the stored script at the destination has seen to it.
func TestSync_whoeverMustLookBlocks(t *testing.T) {
	t.Parallel()
	a := dotted()
	to := &server{scriptStore: scriptStore{}}
	a.Target = to
	engine := New(Options{Ledger: memory{}, SwitchOn: true})
	blocks := func(source scriptStore) string {
		a.Source = source
		outcome, err := engine.Sync(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintln(len(outcome.Findings), pass.Blocked(anna, outcome.Findings) != nil)
	}
	const doubtful = "require \"variables\"; fileinto \"INBOX.${1}\";"
	if got := blocks(scriptStore{"other": doubtful}); got != "1 false\n" {
		t.Errorf("off at the source: got %s", got)
	}
	if got := blocks(scriptStore{"main": doubtful}); got != "1 true\n" || to.active != "" {
		t.Errorf("on at the source: got %s, active %q", got, to.active)
	}
	to.active = "main"
	if got := blocks(scriptStore{"main": doubtful}); got != "0 false\n" || to.active != "main" {
		t.Errorf("activated at the destination: got %s, active %q", got, to.active)
	}
}

// Where both servers call mailboxes alike, a name that is made while the script runs is right at both.
func TestPlan_namesThatStay(t *testing.T) {
	t.Parallel()
	a := dotted()
	a.NamesStay = true
	if action, findings := planned(t, a, "require \"variables\"; fileinto \"INBOX.${1}\";"); !action.Activate || len(findings) > 0 {
		t.Errorf("got %+v, %v", action, findings)
	}
}
