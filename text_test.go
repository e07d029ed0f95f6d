// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestText_fillsItsPlaces(t *testing.T) {
	t.Parallel()
	const text = Text(`{n message} of {all} in "{mailbox}" {n|is|are} missing from {boxes mailbox|mailboxes}: {why}`)
	for _, test := range []struct {
		values Values
		want   string
	}{
		{Values{"n": 1, "all": 9, "mailbox": "INBOX", "boxes": int64(2), "why": errors.New("gone")},
			`1 message of 9 in "INBOX" is missing from 2 mailboxes: gone`},
		{Values{"n": 0, "all": uint32(1), "mailbox": "{n message}", "boxes": 1, "why": ""},
			`0 messages of 1 in "{n message}" are missing from 1 mailbox: `},
		{Values{"n": 3104, "all": int64(1234567), "mailbox": "", "boxes": -1000, "why": "4411"},
			`3,104 messages of 1,234,567 in "" are missing from -1,000 mailboxes: 4411`},
		{nil, string(text)},
	} {
		if got := text.With(test.values); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
	if got := text.Places(); !slices.Equal(got, []string{"n", "all", "mailbox", "boxes", "why"}) {
		t.Errorf("places %q", got)
	}
	shown := text.Shown(func(name string) string { return "*" + name + "*" })
	if want := `*n* messages of *all* in "*mailbox*" are missing from *boxes* mailboxes: *why*`; shown != want {
		t.Errorf("shown %s", shown)
	}
}

func FuzzText(f *testing.F) {
	f.Add("a {b} {c d|e} {f|g|h", "x")
	f.Add("{ }{|}{||", "{b}")
	f.Fuzz(func(t *testing.T, written, value string) {
		text := Text(written)
		if got := text.With(nil); got != written {
			t.Errorf("without values: got %q, want %q", got, written)
		}
		values := Values{}
		for _, name := range text.Places() {
			values[name] = value
		}
		if !strings.Contains(written, "{") && text.With(values) != written {
			t.Errorf("a text without places has changed: %q", text.With(values))
		}
	})
}

func TestDeclared_makesFindings(t *testing.T) {
	t.Parallel()
	d := Declared{Code: "removals_held", Topic: TopicMailboxes, Severity: SeverityError, Sentence: "{n message} gone",
		NextStep: "look at {where}", Blocks: true}
	f := d.On("INBOX", Values{"n": 2, "where": "the source"}).Of("anna@example.org")
	want := Finding{Code: "removals_held", Severity: SeverityError, Account: "anna@example.org", Object: "INBOX",
		Sentence: "2 messages gone", NextStep: "look at the source", Topic: TopicMailboxes, Blocks: true}
	if f != want {
		t.Errorf("got %+v, want %+v", f, want)
	}
	other := d.Saying("all gone", "").As(SeverityInfo)
	if got := other.On("INBOX", nil); got.Sentence != "all gone" || got.NextStep != "" || got.Severity != SeverityInfo || !d.Is(got) ||
		d.Severity != SeverityError {
		t.Errorf("in other words: %+v", got)
	}
}
