// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// What the destination has is touched only where it is what we have written, or may have been writing when a pass was killed.
func TestDecideNote_whoseItIs(t *testing.T) {
	t.Parallel()
	v := func(text string) []byte { return digestOf(text) }
	brought := &ledger.Annotation{Seen: v("1"), Wrote: v("1")}
	theirs := &ledger.Annotation{Seen: v("1")}
	begun := &ledger.Annotation{Seen: v("1"), Writing: v("1")}
	replacing := &ledger.Annotation{Seen: v("2"), Wrote: v("1"), Writing: v("2")}
	for name, c := range map[string]struct {
		known    *ledger.Annotation
		src, dst []byte
		untold   bool
		want     noteStep
	}{
		"new":                                    {nil, v("1"), nil, false, noteWritten},
		"new, and there already":                 {nil, v("1"), v("1"), false, noteSame},
		"new, and another one is there":          {nil, v("1"), v("x"), false, noteStays},
		"changed":                                {brought, v("2"), v("1"), false, noteWritten},
		"changed at both ends":                   {brought, v("2"), v("x"), false, noteStays},
		"changed, and removed there":             {brought, v("2"), nil, false, noteStays},
		"changed to what is there":               {theirs, v("x"), v("x"), false, noteSame},
		"theirs, changed":                        {theirs, v("2"), v("x"), false, noteStays},
		"theirs, removed there":                  {theirs, v("2"), nil, false, noteStays},
		"killed before it was written":           {begun, v("1"), nil, false, noteWritten},
		"killed when it was written":             {begun, v("1"), v("1"), false, noteSame},
		"killed when written, and changed since": {begun, v("2"), v("1"), false, noteWritten},
		"killed, and their own":                  {begun, v("1"), v("x"), false, noteStays},
		"killed before a change":                 {replacing, v("2"), v("1"), false, noteWritten},
		"killed behind a change":                 {replacing, v("3"), v("2"), false, noteWritten},
		"removed":                                {brought, nil, v("1"), false, noteRemoved},
		"removed while a change is under way":    {replacing, nil, v("2"), false, noteRemoved},
		"removed, and changed there":             {brought, nil, v("x"), false, noteStays},
		"removed at both ends":                   {brought, nil, nil, false, noteGone},
		"untold and new":                         {nil, v("1"), nil, true, noteWritten},
		"untold":                                 {brought, v("2"), nil, true, noteUncertain},
		"untold and removed":                     {brought, nil, nil, true, noteUncertain},
	} {
		if got := decideNote(c.known, c.src, c.dst, !c.untold); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if noteDue(theirs, nil) || noteDue(brought, v("1")) || !noteDue(begun, v("1")) || !noteDue(brought, nil) {
		t.Error("the destination is asked for nothing, or not where it has to be")
	}
}

// What an account has is held up to a bound, and what is beyond it is unknown and not gone.
func TestNewShownNotes_bounded(t *testing.T) {
	t.Parallel()
	room := 5
	found := imap.Annotations{Values: map[string]string{"/private/a": "123", "/private/b": "456", "/private/c": "7", "/shared/vendor/cmu/x": "no"}}
	known := mailboxNotes{"/private/c": {Seen: digestOf("7")}}
	shown := newShownNotes("INBOX", found, true, known, &room)
	if len(shown.digests) != 2 || !shown.part || room != 2 || shown.values["/private/a"] != "123" || len(shown.values) != 1 {
		t.Errorf("%v, %d left", shown, room)
	}
}

func TestNamed_whatAServerMayBeTold(t *testing.T) {
	t.Parallel()
	if named("/private/a*") || named("/private/\xff") || !named("/private/vendor/example/A b") {
		t.Error("which names are sent")
	}
}
