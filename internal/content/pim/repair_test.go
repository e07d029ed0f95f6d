// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestRepair_cleanObjectKeepsItsBytes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"event.ics", "recurring.ics", "task.ics", "card.vcf", "card4.vcf", "photo3.vcf", "photo4.vcf", "group4.vcf"} {
		data := sample(t, name)
		repaired, fixes := Repair(data, kindOfFile(name), Every())
		if len(fixes) != 0 || !bytes.Equal(repaired, data) {
			t.Errorf("%s: got %d fixes, want none: %v", name, len(fixes), fixes)
		}
	}
}

// A word without a value stands for TYPE in a contact and for nothing in a calendar; the name of an encoding
// stays, because the value depends on it.
func TestRepair_bareParameter(t *testing.T) {
	t.Parallel()
	event := func(line string) string {
		return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20200101T000000Z\r\n" + line + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	}
	card := func(line string) string {
		return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nFN:x\r\nN:x;;;;\r\n" + line + "\r\nEND:VCARD\r\n"
	}
	for name, test := range map[string]struct{ given, want string }{
		"event":           {event("SUMMARY;X-BAD;LANGUAGE=en:a;b:c"), event("SUMMARY;LANGUAGE=en:a;b:c")},
		"event, folded":   {event("SUMMARY;X-\r\n BAD:a"), event("SUMMARY:a")},
		"quoted":          {event("SUMMARY;X=\"a;b:c\";Y:a"), event("SUMMARY;X=\"a;b:c\":a")},
		"event, encoding": {event("ATTACH;BASE64:QUJD"), event("ATTACH;BASE64:QUJD")},
		"contact":         {card("TEL;CELL;PREF=1:1"), card("TEL;TYPE=CELL;PREF=1:1")},
	} {
		data := []byte(test.given)
		got, fixes := Repair(data, doc(t, data).Kind, Needs{CodeBareParameter: true})
		if string(got) != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
		if original, err := undo(fixes, got); err != nil || string(original) != test.given {
			t.Errorf("%s: taken back it is %q, %v", name, original, err)
		}
	}
}

func doc(t *testing.T, data []byte) *Document {
	t.Helper()
	d, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRepair_changesOnlyWhatIsNeeded(t *testing.T) {
	t.Parallel()
	cases := []struct {
		file     string
		code     Code
		old, new string // the whole difference
	}{
		{"method.ics", CodeMethod, "METHOD:REQUEST\r\n", ""},
		{"no_dtstamp.ics", CodeMissingDTStamp, "BEGIN:VEVENT\r\n", "BEGIN:VEVENT\r\nDTSTAMP:20240105T101112Z\r\n"},
		{"no_prodid_version.ics", CodeMissingProdID, "BEGIN:VCALENDAR\r\n", "BEGIN:VCALENDAR\r\nPRODID:-//rehome//EN\r\n"},
		{"no_version.vcf", CodeMissingVersion, "BEGIN:VCARD\r\n", "BEGIN:VCARD\r\nVERSION:3.0\r\n"},
		{"no_fn.vcf", CodeMissingFN, "END:VCARD\r\n", "FN:Anna Example\r\nEND:VCARD\r\n"},
		{"no_fn_org.vcf", CodeMissingFN, "END:VCARD\r\n", "FN:Example Ltd\r\nEND:VCARD\r\n"},
		{"no_n.vcf", CodeMissingN, "END:VCARD\r\n", "N:Anna Example;;;;\r\nEND:VCARD\r\n"},
		{"base64_name.vcf", CodeBase64Name, "ENCODING=BASE64", "ENCODING=b"},
		{"charset.vcf", CodeCharset, "NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Gr=C3=BC=C3=9Fe", "NOTE:Grüße"},
		{"latin1.ics", CodeNotUTF8, "Caf\xe9 M\xfcller", "Café Müller"},
		{"double.ics", CodeDoubleEncoded, "CafÃ©", "Café"},
		{"bom.ics", CodeByteOrderMark, "\ufeff", ""},
		{"control.ics", CodeControlCharacter, "Room\x014\x00", "Room4"},
		{"only_override.ics", CodeLoneOverride, "RECURRENCE-ID:20240301T100000Z\r\n", ""},
		{"bad_duration.ics", CodeBadDuration, "PT1D", "P1D"},
		{"bad_offset.ics", CodeBadOffset, "+5328", "+005328"},
		{"no_colon.ics", CodeStrayLine, "second line", " \\nsecond line"},
		{"joined_categories.ics", CodeJoinedCategories, "Work\\,Finance", "Work,Finance"},
		{"meeting.ics", CodeEmailAlarm, "ACTION:EMAIL", "ACTION:DISPLAY"},
		{"fn_twice.vcf", CodeRepeatedLine, "FN:Anna Example\r\nEND", "END"},
	}
	for _, c := range cases {
		data := sample(t, c.file)
		want := strings.Replace(string(data), c.old, c.new, 1)
		got, fixes := Repair(data, kindOfFile(c.file), Needs{c.code: true})
		if string(got) != want || len(fixes) != 1 || fixes[0].Code != c.code || fixes[0].Sentence == "" {
			t.Errorf("%s: got %q\nwant %q\nfixes %+v", c.file, got, want, fixes)
		}
	}
}

func TestRepair_lineEnds(t *testing.T) {
	t.Parallel()
	want := sample(t, "method.ics")
	want = bytes.Replace(want, []byte("METHOD:REQUEST\r\n"), nil, 1)
	for _, name := range []string{"lf.ics", "cr.ics"} {
		if got, _ := Repair(sample(t, name), KindCalendar, SafeNeeds()); !bytes.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestRepair_withoutNeedsDoesNothing(t *testing.T) {
	t.Parallel()
	for name, data := range corpus(t) {
		if repaired, fixes := Repair(data, kindOfFile(name), nil); len(fixes) != 0 || !bytes.Equal(repaired, data) {
			t.Errorf("%s: repaired without a need: %v", name, fixes)
		}
	}
}

const wantModern = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Müller;Jörg\r\n" +
	"FN:Jörg Müller\\, senior partner of the long named company\r\n" +
	"TEL;TYPE=WORK,VOICE,PREF:+49 30 1234\r\nEMAIL;TYPE=INTERNET:joerg@example.org\r\n" +
	"ADR;TYPE=HOME:;;Hauptstr. 1\\, Hinterhaus;Berlin;;10115;Germany\r\nNOTE:first\\nsecond; third\r\n" +
	"PHOTO;ENCODING=b;TYPE=JPEG:\r\n /9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////\r\n" +
	" //////////////////////////////////8=\r\nREV:20240102T030405Z\r\nEND:VCARD\r\n"

func TestRepair_vCard21(t *testing.T) {
	t.Parallel()
	data := sample(t, "old.vcf")
	got, fixes := Repair(data, KindContact, Needs{CodeVCard21: true})
	if string(got) != wantModern {
		t.Errorf("got %q\nwant %q", got, wantModern)
	}
	if comparison := Compare(data, got, KindContact); comparison.State != StateRepaired ||
		!slices.Equal(comparison.Fixes, []Code{CodeVCard21}) {
		t.Errorf("verdict %+v, want repaired by %s", comparison, CodeVCard21)
	}
	if back, err := undo(fixes, got); err != nil || !bytes.Equal(back, data) {
		t.Errorf("undo: %v, %q", err, back)
	}
}

func TestUndo_otherBytes(t *testing.T) {
	t.Parallel()
	_, fixes := Repair(sample(t, "no_dtstamp.ics"), KindCalendar, SafeNeeds())
	if _, err := undo(fixes, sample(t, "event.ics")); err == nil {
		t.Error("fixes were taken back from an object that they did not make")
	}
}

// damage is a change that makes an object worse.
func damage(t *rapid.T, data []byte) []byte {
	lines := bytes.SplitAfter(data, []byte("\n"))
	at := func() int { return rapid.IntRange(0, len(lines)-1).Draw(t, "line") }
	junk := []string{"\r\n", "\x01", "\xe9", "Ã©", "METHOD:ADD\r\n", "DTSTAMP:2024\r\n", "stray\r\n", "\ufeff", "=\r\n", " \r\n",
		"BEGIN:VEVENT\r\n", "END:VEVENT\r\n", "RRULE:FREQ=DAILY\r\n", "NOTE;ENCODING=QUOTED-PRINTABLE:a=\r\n", "\r\r", "\n"}
	for range rapid.IntRange(0, 6).Draw(t, "damages") {
		i := at()
		switch rapid.IntRange(0, 4).Draw(t, "damage") {
		case 0:
			lines[i] = nil
		case 1:
			lines[i] = slices.Concat(lines[i], lines[at()])
		case 2:
			lines[i] = slices.Concat(lines[i], []byte(rapid.SampledFrom(junk).Draw(t, "junk")))
		case 3:
			lines[i] = bytes.TrimRight(lines[i], "\r\n")
		case 4:
			cut := rapid.IntRange(0, len(lines[i])).Draw(t, "cut")
			lines[i] = slices.Concat(lines[i][:cut], []byte(rapid.SampledFrom(junk).Draw(t, "junk")), lines[i][cut:])
		}
	}
	return bytes.Join(lines, nil)
}

func drawNeeds(t *rapid.T) Needs {
	codes := slices.Sorted(maps.Keys(Every()))
	needs := Needs{}
	for _, code := range rapid.SliceOfDistinct(rapid.SampledFrom(codes), func(c Code) Code { return c }).Draw(t, "needs") {
		needs[code] = true
	}
	return needs
}

func TestRepair_properties(t *testing.T) {
	t.Parallel()
	objects := corpus(t)
	files := slices.Sorted(maps.Keys(objects))
	rapid.Check(t, func(t *rapid.T) {
		data := damage(t, objects[rapid.SampledFrom(files).Draw(t, "file")])
		checkRepair(t, data, drawNeeds(t))
	})
}

// fataler is what a property test and a fuzz test have in common.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkRepair checks what holds for every object and all needs.
func checkRepair(t fataler, data []byte, needs Needs) {
	t.Helper()
	before := bytes.Clone(data)
	repaired, fixes := Repair(data, KindUnknown, needs)
	if !bytes.Equal(before, data) {
		t.Fatalf("the original was changed")
	}
	for _, fix := range fixes {
		if !needs[fix.Code] || len(fix.Edits) == 0 || fix.Sentence == "" {
			t.Fatalf("fix %+v was not asked for or says nothing", fix)
		}
	}
	back, err := undo(fixes, repaired)
	if err != nil || !bytes.Equal(back, data) {
		t.Fatalf("undo: %v\n got %q\nwant %q\nfixes %+v", err, back, data, fixes)
	}
	if again, more := Repair(repaired, KindUnknown, needs); !bytes.Equal(again, repaired) {
		t.Fatalf("repaired again:\n once %q\ntwice %q\nfixes %+v", repaired, again, more)
	}
	for _, problem := range Lint(repaired, KindUnknown) {
		if needs[problem.Code] && problem.Repairable {
			t.Fatalf("still there after the repair: %+v in %q", problem, repaired)
		}
	}
	if len(fixes) == 0 && !bytes.Equal(repaired, data) {
		t.Fatalf("changed without a fix")
	}
}

// Telephones wrote quoted-printable in their own code page and named none.
func TestRepair_oldCardInAnUnnamedCodePage(t *testing.T) {
	t.Parallel()
	card := "BEGIN:VCARD\r\nVERSION:2.1\r\nUID:u\r\nN:M;J\r\nFN:J M\r\nADR;WORK;ENCODING=QUOTED-PRINTABLE:;;Hafenstra=DFe 1=0D=0A=\r\nHinterhaus;Hamburg;;20457;\r\nEND:VCARD\r\n"
	repaired, fixes := Repair([]byte(card), KindContact, SafeNeeds())
	if len(fixes) == 0 || !strings.Contains(string(repaired), "VERSION:3.0") || !strings.Contains(string(repaired), `;;Hafenstraße 1\nHinterhaus;Hamburg;;20457;`) {
		t.Errorf("%v\n%s", fixes, repaired)
	}
	if got := Compare([]byte(card), repaired, KindContact); !got.State.Harmless() {
		t.Errorf("the repaired card is %s: %v", got.State, got.Differences)
	}
}

func TestRepair_controlsAtTheBeginOfALine(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"BEGIN:VCARD\r\n\x10\x11FN:a\r\nEND:VCARD\r\n":        "BEGIN:VCARD\r\nFN:a\r\nEND:VCARD\r\n",
		"BEGIN:VCARD\r\n\x10\r\n FN:a\r\nEND:VCARD\r\n":       "BEGIN:VCARD\r\nFN:a\r\nEND:VCARD\r\n",
		"BEGIN:VCARD\r\nFN:a\r\n\x10 b\r\nEND:VCARD\r\n":      "BEGIN:VCARD\r\nFN:a\r\n\x10 b\r\nEND:VCARD\r\n",
		"BEGIN:VCARD\r\nFN:a\r\n\x10\r\n  b\r\nEND:VCARD\r\n": "BEGIN:VCARD\r\nFN:a\r\n\x10\r\n  b\r\nEND:VCARD\r\n",
	} {
		if got, _ := Repair([]byte(data), KindContact, Needs{CodeControlCharacter: true}); string(got) != want {
			t.Errorf("%q becomes %q, want %q", data, got, want)
		}
	}
}
