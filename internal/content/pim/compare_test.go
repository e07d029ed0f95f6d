// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// changed returns a sample with one part replaced.
func changed(tb testing.TB, file, old, replacement string) string {
	tb.Helper()
	text := string(sample(tb, file))
	if !strings.Contains(text, old) {
		tb.Fatalf("%s does not hold %q", file, old)
	}
	return strings.Replace(text, old, replacement, 1)
}

func TestCompare_whatServersChange(t *testing.T) {
	t.Parallel()
	cases := []struct {
		file, old, replacement string
		want                   State
	}{
		{"event.ics", "Room 4", "Room 4", StateIdentical},
		{"event.ics", "LOCATION:Room 4\r\n", "LOCATION:Ro\r\n om 4\r\n", StateEqual},
		{"event.ics", "CATEGORIES:Work,Finance", "CATEGORIES:Finance\r\nCATEGORIES:Work", StateEqual},
		{"event.ics", "LOCATION:Room 4\r\nCATEGORIES:Work,Finance", "CATEGORIES:Work,Finance\r\nlocation;VALUE=text:Room 4", StateEqual},
		{"event.ics", "DTEND:20240301T110000Z", "DURATION:PT1H", StateEqual},
		{"event.ics", "LOCATION:Room 4", "LOCATION:Room 4\r\nTRANSP:OPAQUE\r\nSEQUENCE:0", StateEqual},
		{"event.ics", "LOCATION:Room 4", "LOCATION:Room 4\r\nSEQUENCE:3", StateCosmetic},
		{"event.ics", "-//Example//", "-//Server//", StateCosmetic},
		{"event.ics", "DTSTAMP:2024", "DTSTAMP:2025", StateCosmetic},
		{"event.ics", "LOCATION:Room 4", "LOCATION:Room 4\r\nX-EVOLUTION-CALDAV-HREF:x\r\nX-MOZ-LASTACK:20240101T000000Z", StateCosmetic},
		{"event.ics", "VERSION:2.0", "VERSION:2.0\r\nX-WR-CALNAME:Home\r\nCALSCALE:GREGORIAN", StateCosmetic},
		{"event.ics", "LOCATION:Room 4", "LOCATION: Room 4\t", StateCosmetic},
		{"event.ics", "LOCATION:Room 4", "LOCATION;X-ODD=;LANGUAGE=:Room 4", StateEqual},
		{"event.ics", "LOCATION:Room 4", "LOCATION;X-ODD:Room 4", StateChanged},
		{"event.ics", "LOCATION:Room 4", "LOCATION:Room  4", StateChanged},
		{"event.ics", "Room 4", "Room 5", StateChanged},
		{"event.ics", "LOCATION:Room 4\r\n", "", StateChanged},
		{"event.ics", "LOCATION:Room 4", "LOCATION:Room 4\r\nX-CUSTOM:1", StateChanged},
		{"event.ics", "DTEND:20240301T110000Z", "DURATION:PT2H", StateChanged},
		{"event.ics", "DTSTART:20240301T100000Z", "DTSTART:20240301T100000", StateChanged},
		{"event.ics", "Work,Finance", "Work\\,Finance", StateChanged},
		{"joined_categories.ics", "Work\\,Finance", "Work,Finance", StateChanged},
		{"event.ics", "CATEGORIES:Work,Finance", "CATEGORIES:Work", StateChanged},
		{"recurring.ics", "FREQ=WEEKLY;BYDAY=MO,WE", "BYDAY=WE,MO;WKST=MO;INTERVAL=1;FREQ=WEEKLY", StateEqual},
		{"recurring.ics", "BYDAY=MO,WE", "BYDAY=MO", StateChanged},
		{"recurring.ics", "TZNAME:CET\r\n", "", StateEqual},
		{"recurring.ics", "BYMONTH=10;BYDAY=-1SU\r\n", "BYMONTH=10;BYDAY=-1SU;UNTIL=19801026T010000Z\r\n", StateChanged},
		{"recurring.ics", "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200", "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100", StateChanged},
		{"recurring.ics", "EXDATE;TZID=Europe/Berlin:20240311T100000\r\n", "", StateChanged},
		{"meeting.ics", ";ROLE=REQ-PARTICIPANT;CUTYPE=INDIVIDUAL;RSVP=TRUE;CN=Carla Example",
			";CN=\"Carla Example\";RSVP=TRUE;PARTSTAT=needs-action", StateEqual},
		{"meeting.ics", "mailto:Anna@Example.ORG", "MAILTO:Anna@example.org", StateEqual},
		{"meeting.ics", "PARTSTAT=ACCEPTED", "PARTSTAT=ACCEPTED;SCHEDULE-STATUS=\"2.0\"", StateEqual},
		{"meeting.ics", "PARTSTAT=ACCEPTED", "PARTSTAT=ACCEPTED;SCHEDULE-AGENT=CLIENT", StateRepaired},
		{"meeting.ics", "PARTSTAT=ACCEPTED", "PARTSTAT=DECLINED", StateChanged},
		{"meeting.ics", "ACTION:EMAIL", "ACTION:DISPLAY", StateChanged},
		{"meeting.ics", "-PT15M", "-P0DT0H15M0S", StateEqual},
		{"meeting.ics", "-PT15M", "-PT10M", StateChanged},
		{"method.ics", "METHOD:REQUEST\r\n", "", StateRepaired},
		{"no_event_uid.ics", "BEGIN:VEVENT", "BEGIN:VEVENT\r\nUID:given-by-server", StateRepaired},
		{"card.vcf", "TYPE=INTERNET,WORK", "TYPE=work", StateEqual},
		{"card.vcf", "N:Example;Anna;;;", "N:Example;Anna", StateEqual},
		{"card.vcf", "item1.URL:https://example.org/\r\nitem1.X", "a.URL:https\\://example.org/\r\na.X", StateEqual},
		{"card.vcf", "item1.X-ABLabel:Blog", "item1.X-ABLabel:Shop", StateChanged},
		{"card.vcf", "Main St\\, Rear", "Main St, Rear", StateChanged},
		{"card.vcf", "NOTE:a\\nb\\, c\\; d", "NOTE:a\\Nb, c; d", StateEqual},
		{"card.vcf", "REV:2024-01-02T03:04:05Z", "REV:20250101T000000Z", StateCosmetic},
		{"no_card_uid.vcf", "BEGIN:VCARD", "BEGIN:VCARD\r\nUID:given-by-server", StateRepaired},
		{"no_fn.vcf", "BEGIN:VCARD", "BEGIN:VCARD\r\nFN:Example Anna", StateRepaired},
		{"two_fn.vcf", "FN:Anna B. Example\r\n", "", StateChanged},
		{"fn_twice.vcf", "FN:Anna Example\r\n", "", StateRepaired},
		{"latin1.ics", "Caf\xe9 M\xfcller", "Café Müller", StateRepaired},
		{"control.ics", "Room\x014\x00", "Room4", StateRepaired},
		{"bom.ics", "\ufeff", "", StateEqual},
		{"garbage.txt", "web", "other", StateChanged},
	}
	for _, c := range cases {
		src, dst := string(sample(t, c.file)), changed(t, c.file, c.old, c.replacement)
		if got := Compare([]byte(src), []byte(dst), KindUnknown); got.State != c.want {
			t.Errorf("%s with %q for %q: got %s %+v %v, want %s", c.file, c.replacement, c.old, got.State, got.Differences, got.Fixes, c.want)
		}
	}
}

// What was asked for is a repair, and the same without that a loss.
func TestCompare_onlyOfferedRepairsCount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, old, replacement string
		repair                 Code
	}{
		{"joined_categories.ics", "Work\\,Finance", "Work,Finance", CodeJoinedCategories},
		{"meeting.ics", "ACTION:EMAIL", "ACTION:DISPLAY", CodeEmailAlarm},
		{"bad_duration.ics", "PT1D", "P1D", CodeBadDuration},
		{"double.ics", "CafÃ©", "Café", CodeDoubleEncoded},
		{"no_fn.vcf", "BEGIN:VCARD", "BEGIN:VCARD\r\nFN:Example Anna", CodeMissingFN},
	} {
		src, dst := sample(t, c.file), []byte(changed(t, c.file, c.old, c.replacement))
		got := Terms{Repairs: Every()}.Compare(src, dst, KindUnknown)
		if got.State != StateRepaired || !slices.Equal(got.Fixes, []Code{c.repair}) || got.Sentence() == "" {
			t.Errorf("%s with every repair: got %+v, want repaired by %s", c.file, got, c.repair)
		}
		if got := Compare(src, dst, KindUnknown); got.State.Harmless() != SafeNeeds()[c.repair] {
			t.Errorf("%s with the safe repairs: got %+v", c.file, got)
		}
		if got := (Terms{Repairs: Every()}).Compare(dst, src, KindUnknown); got.State != StateChanged {
			t.Errorf("%s damaged on the way: got %+v, want changed", c.file, got)
		}
	}
}

func TestCompare_acrossVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		src, dst string
		want     State
	}{
		{"card.vcf", "card4.vcf", StateCosmetic},
		{"photo3.vcf", "photo4.vcf", StateCosmetic},
		{"group.vcf", "group4.vcf", StateCosmetic},
		{"event.ics", "split_character.ics", StateChanged},
		{"event.ics", "lf.ics", StateChanged},
	} {
		if got := Compare(sample(t, c.src), sample(t, c.dst), KindUnknown); got.State != c.want {
			t.Errorf("%s and %s: got %s %+v, want %s", c.src, c.dst, got.State, got.Differences, c.want)
		}
	}
}

func TestCompare_namesTheFirstDifference(t *testing.T) {
	t.Parallel()
	src := sample(t, "event.ics")
	for _, c := range []struct{ old, replacement, want string }{
		{"Room 4", "Room 5", "LOCATION of the event is different at the destination"},
		{"LOCATION:Room 4\r\n", "", "LOCATION of the event is missing at the destination"},
		{"LOCATION:Room 4", "LOCATION:Room 4\r\nX-CUSTOM:1", "X-CUSTOM of the event exists only at the destination"},
	} {
		got := Compare(src, []byte(changed(t, "event.ics", c.old, c.replacement)), KindCalendar)
		if len(got.Differences) != 1 || got.Differences[0].Sentence != c.want {
			t.Errorf("got %+v, want %q", got.Differences, c.want)
		}
	}
	src = sample(t, "g1-category-with-comma.ics") // what Cyrus 3.6 makes of it
	torn := changed(t, "g1-category-with-comma.ics", `Smith\, Inc.`, "Smith,Inc.")
	if got := Compare(src, []byte(torn), KindCalendar); got.Sentence() != "CATEGORIES of the event was one text with a comma "+
		"and is split at the destination" {
		t.Errorf("got %+v", got)
	}
	src = sample(t, "d2-no-fn.vcf") // what SabreDAV 4 makes of it
	torn = strings.Replace(changed(t, "d2-no-fn.vcf", "Maria,Luise;Dr.,Prof.", `Maria\,Luise;Dr.\,Prof.`), "TEL", "FN:Anna Muster\r\nTEL", 1)
	if got := Compare(src, []byte(torn), KindContact); got.Sentence() != "N of the contact was a list and is one text with a comma at the destination" {
		t.Errorf("got %+v", got)
	}
	src = sample(t, "recurring.ics")
	damaged := changed(t, "recurring.ics", "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200", "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100")
	damaged = strings.Replace(damaged, "DTSTART:19700329", "DTSTART:20240329", 1)
	got := Compare(src, []byte(damaged), KindCalendar)
	if len(got.Differences) != 1 || got.Differences[0].Sentence != "occurrence 8 begins 1h0m0s later at the destination" {
		t.Errorf("got %+v", got)
	}
}

func TestDigest_agreesWithCompare(t *testing.T) {
	t.Parallel()
	a, _ := Digest(sample(t, "photo3.vcf"), KindContact)
	b, ok := Digest(sample(t, "photo4.vcf"), KindContact)
	if a != b || !ok {
		t.Error("vCard 3.0 and 4.0 of the same contact have different digests")
	}
	if c, _ := Digest(sample(t, "card.vcf"), KindContact); a == c {
		t.Error("different contacts have the same digest")
	}
	if _, ok := Digest(sample(t, "garbage.txt"), KindContact); ok {
		t.Error("garbage has a digest")
	}
}

func TestCompare_properties(t *testing.T) {
	t.Parallel()
	objects := corpus(t)
	files := slices.Sorted(maps.Keys(objects))
	rapid.Check(t, func(t *rapid.T) {
		checkCompare(t, damage(t, objects[rapid.SampledFrom(files).Draw(t, "file")]))
	})
}

// What is identical or equal is so from both sides, and to what it is equal it has the same digest.
func TestCompare_isSymmetric(t *testing.T) {
	t.Parallel()
	objects := corpus(t)
	files := slices.Sorted(maps.Keys(objects))
	rapid.Check(t, func(t *rapid.T) {
		whole := objects[rapid.SampledFrom(files).Draw(t, "file")]
		a, b := damage(t, whole), whole
		if rapid.Bool().Draw(t, "both") {
			b = damage(t, whole)
		}
		there, back := Compare(a, b, KindUnknown).State, Compare(b, a, KindUnknown).State
		if exact := there == StateIdentical || there == StateEqual; exact && there != back || !exact && (back == StateIdentical || back == StateEqual) {
			t.Fatalf("%s one way, %s the other:\n%q\n%q", there, back, a, b)
		}
		if own := Compare(a, a, KindUnknown).State; own != StateIdentical {
			t.Fatalf("%s to itself", own)
		}
		x, readable := Digest(a, KindUnknown)
		if y, _ := Digest(b, KindUnknown); there == StateEqual && readable && x != y {
			t.Fatalf("equal with other digests:\n%q\n%q", a, b)
		}
	})
}

// Of a contact that got its UID when it was another one, and is damaged since, the damage is told.
func TestCompare_namesTheDamageAndNoMadeUID(t *testing.T) {
	t.Parallel()
	src := "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna\r\nN:A;;;;\r\nTEL:1\r\nEND:VCARD\r\n"
	dst := strings.NewReplacer("FN:", "UID:made-before\r\nFN:", "TEL:1\r\n", "").Replace(src)
	if got := Compare([]byte(src), []byte(dst), KindContact); got.State != StateChanged || !strings.HasPrefix(got.Sentence(), "TEL") {
		t.Errorf("%s: %s", got.State, got.Sentence())
	}
}

// What is left of objects that are not held tells the same of them as their octets, as far as it tells.
func TestCompareForms_asByTheOctets(t *testing.T) {
	t.Parallel()
	objects := corpus(t)
	files := slices.Sorted(maps.Keys(objects))
	var terms Terms
	rapid.Check(t, func(t *rapid.T) {
		a := objects[rapid.SampledFrom(files).Draw(t, "file")]
		b := damage(t, a)
		if rapid.Bool().Draw(t, "both") {
			a = damage(t, a)
		}
		want := terms.Compare(a, b, KindUnknown)
		if want.State == StateIdentical {
			want.State = StateEqual
		}
		src, err := terms.Form(a, KindUnknown)
		if err != nil {
			return
		}
		dst, err := terms.Form(b, src.reading.kind)
		if err != nil {
			return
		}
		if got, ok := terms.CompareForms(src, dst); ok && (got.State != want.State || got.Sentence() != want.Sentence()) {
			t.Fatalf("%s %q, and by the octets %s %q:\n%q\n%q", got.State, got.Sentence(), want.State, want.Sentence(), a, b)
		}
		digest, readable := Digest(b, KindUnknown)
		if over, ok := DigestOver(slices.Clone(b), KindUnknown); ok != readable || over != digest {
			t.Fatalf("another digest where it is unfolded over itself: %q", b)
		}
	})
}

// However far the repairs went on the way, what they have made counts as moved.
func TestCompare_knowsEveryStepOfTheRepairs(t *testing.T) {
	t.Parallel()
	objects := corpus(t)
	files := slices.Sorted(maps.Keys(objects))
	rapid.Check(t, func(t *rapid.T) {
		data := damage(t, objects[rapid.SampledFrom(files).Draw(t, "file")])
		if _, err := Parse(data); err != nil {
			return
		}
		stored := data
		for _, needs := range []Needs{AlwaysNeeds(), SafeNeeds(), Every()} {
			stored, _ = Repair(stored, KindUnknown, needs)
			for _, offered := range []Needs{SafeNeeds(), Every()} {
				if got := (Terms{Repairs: offered}).Compare(data, stored, KindUnknown); len(needs) <= len(offered) && !got.State.Harmless() {
					t.Fatalf("%+v:\n was %q\n now %q", got, data, stored)
				}
			}
		}
	})
}

// No line of an object can be lost or changed unseen, but for what servers keep for themselves.
func TestCompare_seesEveryLine(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"event.ics", "recurring.ics", "meeting.ics", "task.ics", "card.vcf", "photo3.vcf", "photo4.vcf",
		"group4.vcf", "old.vcf"} {
		data := sample(t, name)
		doc, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		n := &normalizer{doc: doc}
		inZone := false
		for _, line := range doc.lines {
			inZone = inZone && !(line.Name == "END" && string(line.Value) == "VTIMEZONE") || line.Name == "BEGIN" && string(line.Value) == "VTIMEZONE"
			if line.Name == "" || line.Name == "BEGIN" || line.Name == "END" || inZone || n.isSoft(line) {
				continue
			}
			before, after := string(data[:line.Offset]), string(data[line.Offset+len(line.Raw):])
			if got := Compare(data, []byte(before+after), KindUnknown); got.State != StateChanged && line.Name != "VERSION" {
				t.Errorf("%s without line %d, %s: got %s", name, line.Number, line.Name, got.State)
			}
			extended := string(line.content[:len(line.content)-len(line.Value)]) + "AAAA" + string(line.Value) + "\r\n"
			if got := Compare(data, []byte(before+extended+after), KindUnknown); got.State != StateChanged {
				t.Errorf("%s with another line %d, %s: got %s", name, line.Number, line.Name, got.State)
			}
		}
	}
}
