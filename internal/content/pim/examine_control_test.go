// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"strings"
	"testing"
)

// A control character that stood for a line break leaves one, or a blank, and no other leaves anything.
func TestRepair_controlsThatStoodForALineBreak(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind        Kind
		given, want string
	}{
		{KindCalendar, "SUMMARY:Vert\vTab", "SUMMARY:Vert Tab"},
		{KindCalendar, "SUMMARY:Form\fFeed", "SUMMARY:Form Feed"},
		{KindCalendar, "SUMMARY:a\rb", "SUMMARY:a b"},
		{KindCalendar, "SUMMARY:a \v b", "SUMMARY:a  b"},
		{KindCalendar, "SUMMARY:a\x01b\v", "SUMMARY:ab"},
		{KindCalendar, "SUMMARY:a\x00\v\x01b", "SUMMARY:a b"},
		{KindCalendar, "DESCRIPTION:one\vtwo", `DESCRIPTION:one\ntwo`},
		{KindCalendar, `DESCRIPTION:one\` + "\vtwo", `DESCRIPTION:one\ two`},
		{KindCalendar, "SUMMARY;X-A=b\vc:d", "SUMMARY;X-A=bc:d"},
		{KindCalendar, "SUM\vMARY:d", "SUMMARY:d"},
		{KindCalendar, "SUMMARY:Vert\r\n \vTab", "SUMMARY:Vert\r\n  Tab"},
		{KindCalendar, "ATTACH;ENCODING=BASE64;VALUE=BINARY:QU\vJD", "ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJD"},
		{KindContact, "NOTE:one\vtwo", `NOTE:one\ntwo`},
		{KindContact, "ADR:;;House\vStreet 1;;;;", `ADR:;;House\nStreet 1;;;;`},
	} {
		given, want := pairOf(c.kind, c.given, c.want)
		got, fixes := Repair(given, c.kind, AlwaysNeeds())
		if !bytes.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", c.given, got, want)
		}
		if back, err := undo(fixes, got); err != nil || !bytes.Equal(back, given) {
			t.Errorf("%q: taken back it is %q, %v", c.given, back, err)
		}
		if found := Compare(given, got, c.kind); found.State != StateRepaired {
			t.Errorf("%q: got %+v, want repaired", c.given, found)
		}
	}
}

// Nothing but the object is left of what stands around it.
func TestRepair_aroundTheObject(t *testing.T) {
	t.Parallel()
	card := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nFN:x\r\nN:x;;;;\r\nEND:VCARD"
	for _, c := range []struct {
		before, behind, left string
		code                 Code
	}{
		{"", "\r\n\r\n", "\r\n", CodeEmptyLine},
		{"", "\r\n\r\n\r\n\t\r\n", "\r\n", CodeEmptyLine},
		{"", "\r\n \r\n", "\r\n", CodeEmptyLine},
		{"", "  \r\n", "\r\n", CodeEmptyLine},
		{"", "\r\n   ", "\r\n", CodeEmptyLine},
		{"", "   ", "", CodeEmptyLine},
		{"", "\r\n\u00a0", "\r\n", CodeEmptyLine},
		{"", "\r\n\x1a", "\r\n", CodeControlCharacter},
		{"", "\r\n\x00\x00\x00\r\n", "\r\n", CodeControlCharacter},
		{"", "\x1a\r\n", "\r\n", CodeControlCharacter},
		{" \r\n\r\n", "\r\n", "\r\n", CodeEmptyLine},
		{"\r\n\t\r\n", "", "", CodeEmptyLine},
		{"\ufeff\r\n \r\n", "\r\n", "\r\n", CodeEmptyLine},
	} {
		given := []byte(c.before + card + c.behind)
		got, fixes := Repair(given, KindContact, Needs{c.code: true, CodeByteOrderMark: true})
		if want := card + c.left; string(got) != want {
			t.Errorf("%q and %q: got %q, want %q by %+v", c.before, c.behind, got, want, fixes)
		}
		if back, err := undo(fixes, got); err != nil || !bytes.Equal(back, given) {
			t.Errorf("taken back it is %q, %v", back, err)
		}
	}
	for _, clean := range []string{card, card + "\r\n", card + "\n", card + "\r\r\n", strings.ReplaceAll(card, "\r\n", "\r") + "\r", "junk\r\n" + card + "\r\njunk\r\n"} {
		if got, fixes := Repair([]byte(clean), KindContact, Needs{CodeEmptyLine: true, CodeControlCharacter: true}); string(got) != clean {
			t.Errorf("%q becomes %q by %+v", clean, got, fixes)
		}
	}
}

func TestRepair_blanksBehindBeginAndEnd(t *testing.T) {
	t.Parallel()
	clean := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	for _, blank := range []string{" ", "\r\n  ", "\r\n\t", "\x1a", "\r\n \x00"} {
		given := strings.NewReplacer(":VEVENT", ":VEVENT"+blank, ":VCALENDAR", ":VCALENDAR"+blank).Replace(clean)
		got, fixes := Repair([]byte(given), KindCalendar, Needs{CodeEmptyLine: true, CodeControlCharacter: true})
		if string(got) != clean {
			t.Errorf("%q becomes %q by %+v", given, got, fixes)
		}
		if back, err := undo(fixes, got); err != nil || string(back) != given {
			t.Errorf("taken back it is %q, %v", back, err)
		}
	}
}

// A backslash that escapes nothing goes; one that escapes something stays, and so does one that is text.
func TestRepair_needlessBackslashes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, want string }{
		{`X-ABUID:F8C1\:ABPerson`, `X-ABUID:F8C1:ABPerson`},
		{`item1.URL;type=pref:http\://example.org/a\,b`, `item1.URL;type=pref:http://example.org/a\,b`},
		{"X-ABUID:F8C1\\\r\n :ABPerson", "X-ABUID:F8C1\r\n :ABPerson"},
		{`NOTE:say \"yes\"\: \\: \;`, `NOTE:say "yes": \\: \;`},
		{`X-JSON:{\"a\":1}`, `X-JSON:{\"a\":1}`},
		{`NOTE:C:\temp`, `NOTE:C:\temp`},
		{`PHOTO;ENCODING=b:QU\:JD`, `PHOTO;ENCODING=b:QU\:JD`},
	} {
		given, want := pairOf(KindContact, c.given, c.want)
		got, fixes := Repair(given, KindContact, SafeNeeds())
		if !bytes.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", c.given, got, want)
		}
		if back, err := undo(fixes, got); err != nil || !bytes.Equal(back, given) {
			t.Errorf("taken back it is %q, %v", back, err)
		}
		if found := Compare(given, got, KindContact).State; found != StateEqual && found != StateIdentical {
			t.Errorf("%q: got %s, want equal", c.given, found)
		}
	}
}

func TestRepair_agentOfAnOldCard(t *testing.T) {
	t.Parallel()
	given := "BEGIN:VCARD\r\nVERSION:2.1\r\nUID:u\r\nN:Boss;The\r\nFN:The Boss\r\nAGENT:\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nN:M=FCller;J;;\r\n" +
		"TEL;WORK;VOICE:1\r\nNOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:a, b=\r\n c\r\nEND:VCARD\r\nTEL;HOME:2\r\nEND:VCARD\r\n"
	want := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:Boss;The\r\nFN:The Boss\r\n" +
		"AGENT:BEGIN:VCARD\\nVERSION:3.0\\nN:M=FCller\\;J\\;\\;\\nTEL\\;TYPE=WORK\\,VOICE:1\\\r\n nNOTE:a\\\\\\, b c\\nEND:VCARD\\n\r\nTEL;TYPE=HOME:2\r\nEND:VCARD\r\n"
	got, fixes := Repair([]byte(given), KindContact, Needs{CodeVCard21: true})
	if string(got) != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if back, err := undo(fixes, got); err != nil || string(back) != given {
		t.Errorf("taken back it is %q, %v", back, err)
	}
	if found := Compare([]byte(given), got, KindContact); found.State != StateRepaired {
		t.Errorf("got %+v", found)
	}
	lost := strings.Replace(want, "WORK", "HOME", 1)
	if found := Compare([]byte(given), []byte(lost), KindContact); found.State != StateChanged {
		t.Errorf("with another agent: got %+v", found)
	}
	for _, odd := range []string{strings.Replace(given, "AGENT:", "NOTE:x", 1), strings.Replace(given, "AGENT:", "AGENT:\r\n", 1),
		"BEGIN:VCARD\r\nVERSION:2.1\r\n" + strings.Repeat("AGENT:\r\nBEGIN:VCARD\r\n", 4) + strings.Repeat("END:VCARD\r\n", 5)} {
		if got, fixes := Repair([]byte(odd), KindContact, Needs{CodeVCard21: true}); string(got) != odd {
			t.Errorf("%q becomes %q by %+v", odd, got, fixes)
		}
	}
}

// The UID of an object that has none hangs on what it says, not on how it is written or what else is repaired.
func TestRepair_madeUID(t *testing.T) {
	t.Parallel()
	uid := func(data string) string {
		repaired, _ := Repair([]byte(data), KindUnknown, SafeNeeds())
		object, err := Inspect(repaired)
		if err != nil || object.UID == "" {
			t.Fatalf("%q: %+v, %v", repaired, object, err)
		}
		return object.UID
	}
	event := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:PUBLISH\r\nBEGIN:VEVENT\r\nDTSTART:20240101T100000Z\r\nSUMMARY:a long enough text to be folded\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	want := uid(event)
	for _, same := range []string{
		strings.ReplaceAll(event, "\r\n", "\n"), strings.Replace(event, "enough", "eno\r\n ugh", 1), strings.Replace(event, "METHOD:PUBLISH\r\n", "", 1),
		strings.Replace(event, "PRODID:x", "PRODID:y", 1), strings.Replace(event, "SUMMARY", "DTSTAMP:20250101T000000Z\r\nsummary", 1), "\ufeff" + event + "\r\n",
	} {
		if got := uid(same); got != want {
			t.Errorf("%q: got %s, want %s", same, got, want)
		}
	}
	if uid(strings.Replace(event, "long", "short", 1)) == want {
		t.Error("another event gets the same UID")
	}
}

// An object with very many places to mend stays as it is, and says what is wrong; the ends of lines are mended all the
// same.
func TestRepair_ofVeryManyPlaces(t *testing.T) {
	t.Parallel()
	given, _ := pairOf(KindCalendar, "SUMMARY:"+strings.Repeat("a\x01", maxEdits+1), "")
	if got, fixes := Repair(given, KindCalendar, SafeNeeds()); len(fixes) > 0 || !bytes.Equal(got, given) {
		t.Errorf("%d fixes were made", len(fixes))
	}
	if codes := codesOf(Lint(given, KindCalendar)); codes != "control_character" {
		t.Errorf("got %q", codes)
	}
	given = bytes.ReplaceAll(photoCard(72*manyLineEnds), []byte("\r\n"), []byte("\n"))
	got, fixes := Repair(given, KindContact, Needs{CodeLineEnds: true})
	if len(fixes) != 1 || !bytes.Equal(got, photoCard(72*manyLineEnds)) {
		t.Errorf("%d fixes, %d octets", len(fixes), len(got))
	}
	if back, err := undo(fixes, got); err != nil || !bytes.Equal(back, given) {
		t.Errorf("taken back it has %d octets, %v", len(back), err)
	}
}
