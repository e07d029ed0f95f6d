// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Words say all that a test or action does, or are the script's own.
func TestDescribe_everyTestAndAction(t *testing.T) {
	t.Parallel()
	for _, test := range [][2]string{
		{`keep :flags ["\\Seen", "a b"];`, `keep it in INBOX, with only the flags \Seen a b`},
		{`fileinto :flags "" "A";`, `save it in "A", without flags`},
		{`fileinto :specialuse "\\Junk" :create "A";`,
			`save it in the mailbox for \Junk or, if there is none, in "A", which is made if it is missing`},
		{`fileinto :mailboxid "F1" "A";`, `Sieve: fileinto :mailboxid "F1" "A"`},
		{`redirect :list "tag:x";`, `Sieve: redirect :list "tag:x"`},
		{`report :headers_only "abuse" "Look" "abuse@example.com";`,
			`report it to abuse@example.com as "abuse", with the text "Look"`},
		{`notify :message "New" :importance "1" "mailto:a@example.com";`,
			`send a notification to "mailto:a@example.com", with the text "New"`},
		{`notify :method "mailto" :options "a@example.com";`, `send a notification to "mailto" with "a@example.com"`},
		{`pipe :try "prog" ["a", "b"];`, `pass it to the program "prog" with "a", "b"`},
		{`execute :output "v" "prog";`, `Sieve: execute :output "v" "prog"`},
		{`vacation :mime :from "me@x.example" :addresses ["a@x.example"] "T";`,
			`reply to the sender, also for mail to a@x.example, from me@x.example, with the MIME text "T"`},
		{`vacation :new 1 "T";`, `Sieve: vacation :new 1 "T"`},
		{`setflag "v" "\\Seen";`, `Sieve: setflag "v" "\\Seen"`},
		{`include :global :once :optional "x";`, `run the server's script "x" if there is one, once only`},
		{`addheader "X" "1"; deleteheader :index 1 "X";`,
			"add the header field \"X\" with the text \"1\"\nSieve: deleteheader :index 1 \"X\""},
		{`foreverypart { if header :mime :anychild "a" "b" { discard; stop; } }`,
			`for every part of the message: (if Sieve: header :mime :anychild "a" "b": ` +
				`delete it, unless another action saves it; stop processing rules)`},
		{`if exists ["A", "B"] { stop; }`, `if it has all the header fields "A", "B": stop processing rules`},
		{`if metadataexists "A" ["x", "y"] { stop; }`,
			`if the mailbox "A" has all the annotations "x", "y": stop processing rules`},
		{`if specialuse_exists "A" "\\Junk" { stop; }`, `if the mailbox "A" is for the use "\Junk": stop processing rules`},
		{`if hasflag :contains "x" { stop; }`, `if one of its flags contains "x": stop processing rules`},
		{`if hasflag ["v"] "x" { stop; }`, `if Sieve: hasflag ["v"] "x": stop processing rules`},
		{`if body :raw :contains "x" { stop; }`, `if the body as it was sent contains "x": stop processing rules`},
		{`if body :content ["text", "image"] "x" { stop; }`,
			`if any part of the type one of "text", "image" is "x": stop processing rules`},
		{`if header :value "ge" :comparator "i;ascii-numeric" "x" "5" { stop; }`,
			`if X is at least "5" (compared as numbers): stop processing rules`},
		{`if header :index 2 "x" "5" { stop; }`, `if Sieve: header :index 2 "x" "5": stop processing rules`},
		{`if header :comparator "i;odd" "x" "5" { stop; }`,
			`if Sieve: header :comparator "i;odd" "x" "5": stop processing rules`},
		{`if currentdate :zone "+0100" "weekday" ["0", "6"] { stop; }`,
			`if the current weekday (0 is Sunday) in the time zone +0100 is one of "0", "6": stop processing rules`},
		{`if date :originalzone :value "lt" "date" "hour" "09" { stop; }`,
			`if the hour in Date in its own time zone is less than "09" (compared as text): stop processing rules`},
		{`if duplicate :handle "x" { stop; }`, `if Sieve: duplicate :handle "x": stop processing rules`},
		{`if address :detail "to" "x" { stop; }`, `if the part behind the + in To is "x": stop processing rules`},
		{`if false { redirect "a@x.example"; } else { stop; }`,
			"switched off, never done: forward it to a@x.example\notherwise: stop processing rules"},
		{`if allof (false, header "a" "b") { keep; } elsif not true { keep; }`,
			"switched off, never done: keep it in INBOX\notherwise, switched off, never done: keep it in INBOX"},
	} {
		script, want := test[0], test[1]
		read, err := Read(script)
		if err != nil {
			t.Fatalf("%s: %v", script, err)
		}
		var got []string
		for _, r := range read.Describe() {
			got = append(got, r.Words)
		}
		if got := strings.Join(got, "\n"); got != want {
			t.Errorf("%s\n got %s\nwant %s", script, got, want)
		}
	}
}

func TestDescribe_fromTheField(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "rules-exists.sieve"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := Read(string(text))
	if err != nil {
		t.Fatal(err)
	}
	wantFile(t, filepath.Join("testdata", "rules-exists.txt"), words(script))
}

// Whatever sends something, or is not known to send nothing, waits for the switch, also as a test. A rule that is off
// sends nothing.
func TestActs(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]bool{
		`keep; fileinto "A"; discard; addflag "x"; set "a" "b"; addheader "a" "b"; foreverypart { break; }`: false,
		`if allof (exists "a", mailboxexists "b", duplicate, not hasflag "x") { stop; }`:                    false,
		`redirect "a@x.example";`: true, `vacation "x";`: true, `notify "mailto:a@x.example";`: true, `reject "x";`: true, `ereject "x";`: true,
		`report "abuse" "x" "a@x.example";`: true, `include "x";`: true, `pipe "x";`: true, `if execute "x" { keep; }`: true,
		`if not anyof (true, filter "x") { keep; }`: true, `foreverypart { redirect "a@x.example"; }`: true, `newfangled "x";`: true,
		`if newfangled "x" { keep; }`: true,
	} {
		read, err := Read(script)
		if err != nil {
			t.Fatalf("%s: %v", script, err)
		}
		rule := false
		for _, r := range read.Describe() {
			rule = rule || r.Acts()
		}
		if read.Acts() != want || rule != want {
			t.Errorf("%s: got %v, its rules %v, want %v", script, read.Acts(), rule, want)
		}
	}
	off, err := Read(`if false { redirect "a@x.example"; }`)
	if err != nil || off.Describe()[0].Acts() || !off.Describe()[0].Off {
		t.Errorf("a rule that is off: got %+v, %v", off.Describe(), err)
	}
}
