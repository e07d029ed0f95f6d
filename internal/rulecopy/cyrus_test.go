// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
	"rehome/internal/protocol/managesieve"
	"rehome/lab"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
)

func startCyrus(t *testing.T, l *lab.Lab, extra string) *cyrus.Server {
	t.Helper()
	var mailboxes []cyrus.Mailbox
	for _, b := range boxes {
		mailboxes = append(mailboxes, cyrus.Mailbox{Name: imap.EncodeName(b)})
	}
	server, err := cyrus.Start(l, cyrus.Options{Accounts: []cyrus.Account{{Address: anna, Password: password}}, Mailboxes: mailboxes, Extra: extra})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func withoutPrefix(name string) (string, bool) { return strings.TrimPrefix(name, "INBOX."), true }

// At a Cyrus too the same letters land in the corresponding mailboxes, in either form of names that it may
// be set to, and answers and forwards go out with the envelopes that they must have.
func TestSync_toCyrus(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		extra string
		names mapping.ScriptNames
	}{"as it comes": {"", mapping.NamesAuto}, "set to UTF-8": {"sieve_utf8fileinto: yes\n", mapping.NamesUTF8}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lab.Open(t)
			src, dst := startServer(t, l, "source", dovecot.Maildir, ".", "INBOX."), startCyrus(t, l, test.extra)
			from, to := logIn(t, src.Sieve), logIn(t, dst.Sieve)
			store(t, from, "main", sourceScript)
			caps := to.Capabilities()
			account := Account{Address: anna, Source: from, Target: to, Offered: caps.Sieve, Mailbox: withoutPrefix,
				TargetNames: test.names.For(caps.Implementation)}
			book := openLedger(t)
			for i, want := range []string{"put activate=true waits=false", "keep activate=false waits=false"} {
				if got := syncRules(t, New(Options{Ledger: book, SwitchOn: true}), account); got != want {
					t.Errorf("pass %d: got %s, want %s", i+1, got, want)
				}
			}
			deliver(t, src.LMTP, "x@example.com")
			deliver(t, dst.LMTP, "x@example.com")
			if diff := cmp.Diff(landed(t, src.IMAP, "INBOX."), landed(t, dst.IMAP, "")); diff != "" {
				t.Errorf("-source +destination\n%s", diff)
			}
			wantOutbox(t, dst)
		})
	}
}

// wantOutbox looks at what a Cyrus has mailed: each letter forwarded under its sender, and one answer
// with an empty one.
func wantOutbox(t *testing.T, server *cyrus.Server) {
	t.Helper()
	want := []string{"<> to x@example.com: auto-replied (vacation)"}
	for range letters {
		want = append(want, "<x@example.com> to berta@example.test: ")
	}
	all, err := server.Outbox.Wait(t.Context(), len(want))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range all {
		got = append(got, fmt.Sprintf("<%s> to %s: %s", m.From, strings.Join(m.To, " "), m.Header.Get("Auto-Submitted")))
		if m.From == "" && !strings.Contains(string(m.Octets), "Bin weg. Grüße") {
			t.Errorf("the answer is\n%s", m.Octets)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mailed: -want +got\n%s", diff)
	}
}

// A Cyrus lacks extensions that a Dovecot has, and takes five scripts: the active one goes first, and what
// is not taken is named with the server's words and what to do.
func TestSync_whatCyrusDoesNotTake(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	src, dst := startServer(t, l, "source", dovecot.Maildir, ".", "INBOX."), startCyrus(t, l, "")
	from, to := logIn(t, src.Sieve), logIn(t, dst.Sieve)
	for i := range 5 {
		store(t, from, fmt.Sprintf("old %d", i), "keep;\r\n")
	}
	store(t, from, "a part", "require [\"mime\", \"foreverypart\"]; foreverypart { if header :mime \"Content-Type\" \"x\" { stop; } }\r\n")
	store(t, from, "the one", "require \"fileinto\"; fileinto \"INBOX.Größe\";\r\n")
	caps := to.Capabilities()
	outcome, err := New(Options{Ledger: openLedger(t)}).Sync(t.Context(), Account{
		Address: anna, Source: from, Target: to, Offered: caps.Sieve, Mailbox: withoutPrefix, TargetNames: mapping.NamesAuto.For(caps.Implementation),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if words := outcome.Scripts[0].Lines[0].Words; words != `save it in "Größe"` {
		t.Errorf("in words it is %s", words)
	}
	for _, a := range outcome.Scripts {
		got = append(got, fmt.Sprintf("%s %s %v", a.Name, a.Do, a.Activate))
	}
	for _, f := range outcome.Findings {
		got = append(got, fmt.Sprintf("%s %s: %s -> %s", f.Code, f.Object, f.Sentence, f.NextStep))
	}
	const (
		correct = "correct the script at the source, or write it again in the destination's settings"
		room5   = "delete scripts there that nobody uses, or ask its administrator for more room, then run the same command again"
	)
	want := []string{
		"the one put true", "a part refused false", "old 0 put false", "old 1 put false", "old 2 put false", "old 3 put false", "old 4 refused false",
		"rules_not_possible a part: the destination cannot look at the MIME headers of messages (no mime), cannot look " +
			"into the parts of messages (no foreverypart) -> ask " +
			"its administrator for the extension, or tell the user what no longer happens automatically",
		`rules_refused a part: the destination refuses the script: CHECKSCRIPT: NO line 1: Unsupported feature(s) in "require": "mime", "foreverypart"  line 1: syntax error -> ` + correct,
		"rules_refused old 4: the destination refuses the script: PUTSCRIPT: NO You are only allowed 5 scripts on this server -> " + room5,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	list, err := to.ListScripts(t.Context())
	if err != nil || !slices.Contains(list, managesieve.Script{Name: "the one", Active: true}) {
		t.Errorf("at the destination: %v %v", list, err)
	}
}

// The names of mailboxes in a script of a Cyrus are read as it means them.
func TestPlan_fromCyrus(t *testing.T) {
	t.Parallel()
	src := startCyrus(t, lab.Open(t), "")
	from := logIn(t, src.Sieve)
	store(t, from, "main", "require \"fileinto\"; fileinto \""+imap.EncodeName("Größe & Co")+"\";\r\n")
	outcome, err := New(Options{}).Plan(t.Context(), Account{Address: anna, Source: from,
		SourceNames: mapping.NamesAuto.For(from.Capabilities().Implementation)})
	if err != nil || len(outcome.Scripts) != 1 {
		t.Fatalf("%+v %v", outcome, err)
	}
	if got, want := outcome.Scripts[0].Text, "require \"fileinto\"; fileinto \"Größe & Co\";\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
