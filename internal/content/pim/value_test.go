// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pairOf returns two objects that differ in one line.
func pairOf(kind Kind, a, b string) (first, second []byte) {
	before, after := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:a;b;;;\r\nFN:b a\r\n", "\r\nEND:VCARD\r\n"
	if kind == KindCalendar {
		before = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20200101T000000Z\r\nDTSTART:20240101T100000Z\r\n"
		after = "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	}
	return []byte(before + a + after), []byte(before + b + after)
}

// The same value of each type, written in two ways, and two that are not the same.
func TestCompare_valuesByTheirTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind        Kind
		a, b, other string
	}{
		{KindCalendar, "GEO:52.5;13.4", "GEO:52.500000;13.400000", "GEO:52.5;13.5"},
		{KindCalendar, "GEO:-0.0;+013.40", "GEO:0;13.4", "GEO:0;-13.4"},
		{KindCalendar, "GEO:52.123456789;13", "GEO:52.123457;13.0", "GEO:52.123458;13"},
		{KindCalendar, "PRIORITY:05", "PRIORITY:+5", "PRIORITY:50"},
		{KindCalendar, "PERCENT-COMPLETE:40", "PERCENT-COMPLETE:040", "PERCENT-COMPLETE:4"},
		{KindCalendar, "X-A;VALUE=FLOAT:1.50", "X-A;VALUE=FLOAT:1.5", "X-A;VALUE=FLOAT:15"},
		{KindCalendar, "X-A;VALUE=BOOLEAN:true", "X-A;VALUE=BOOLEAN:TRUE", "X-A;VALUE=BOOLEAN:FALSE"},
		{KindCalendar, "STATUS:confirmed", "STATUS:CONFIRMED", "STATUS:TENTATIVE"},
		{KindCalendar, "TRANSP:Transparent", "TRANSP:TRANSPARENT", "TRANSP:OPAQUE"},
		{KindCalendar, "DURATION:PT60M", "DURATION:pt1h", "DURATION:PT1M"},
		{KindCalendar, "DURATION:P1W", "DURATION:P7D", "DURATION:PT168H1S"},
		{KindCalendar, "DTEND:20240101T110000Z", "DTEND;VALUE=DATE-TIME:20240101t110000z", "DTEND:20240101T110001Z"},
		{KindCalendar, "EXDATE:20240102T100000Z,20240103T100000Z", "EXDATE:20240103T100000Z\r\nEXDATE:20240102T100000Z,20240102T100000Z", "EXDATE:20240103T100000Z"},
		{KindCalendar, "RDATE;VALUE=PERIOD:20240201T100000Z/PT1H", "RDATE;VALUE=PERIOD:20240201T100000Z/20240201T110000Z", "RDATE;VALUE=PERIOD:20240201T100000Z/PT2H"},
		{KindCalendar, "RRULE:FREQ=MONTHLY;BYDAY=+1MO,-02TU;INTERVAL=01;COUNT=010", "RRULE:COUNT=10;FREQ=monthly;BYDAY=-2TU,1MO", "RRULE:COUNT=10;FREQ=MONTHLY;BYDAY=2TU,1MO"},
		{KindCalendar, "CATEGORIES:a,b", "CATEGORIES:b\r\nCATEGORIES:a,a", "CATEGORIES:a\\,b"},
		{KindCalendar, "URL:HTTP://Example.ORG/a%2fb", "URL;VALUE=URI:http://example.org/a%2Fb", "URL:http://example.org/A%2fb"},
		{KindCalendar, "URL:https://example.org", "URL:https://example.org/", "URL:https://example.org/x"},
		{KindCalendar, "ATTACH;FMTTYPE=Text/Plain:https://a.b/c", "ATTACH;FMTTYPE=text/plain:HTTPS://A.b/c", "ATTACH:https://a.b/c"},
		{KindCalendar, "ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJD", "ATTACH;VALUE=binary;ENCODING=base64:QUJD", "ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJE"},
		{KindCalendar, "SUMMARY;LANGUAGE=de-AT:x", "SUMMARY;LANGUAGE=DE-at:x", "SUMMARY;LANGUAGE=de:x"},
		{KindCalendar, `ATTENDEE;DELEGATED-TO="mailto:a@X.org","mailto:b@x.org":mailto:c@x.org`, `ATTENDEE;DELEGATED-TO="MAILTO:b@x.org","mailto:a@x.org":mailto:c@x.org`, `ATTENDEE;DELEGATED-TO="mailto:a@x.org":mailto:c@x.org`},
		{KindCalendar, `DESCRIPTION:a\Nb\;c\:d`, `DESCRIPTION:a\nb;c:d`, `DESCRIPTION:a nb;c:d`},
		{KindContact, "GEO:37.386;-122.08", "GEO:geo:37.386000,-122.080000", "GEO:37.386;122.08"},
		{KindContact, "TZ:-05:00", "TZ;VALUE=UTC-OFFSET:-0500", "TZ:+05:00"},
		{KindContact, "LANG:de-AT", "LANG:DE-at", "LANG:de"},
		{KindContact, "URL:http\\://Example.org", "URL:http://example.org/", "URL:http://example.com/"},
		{KindContact, "BDAY:1996-04-15", "BDAY:19960415", "BDAY:19960416"},
		{KindContact, "BDAY;VALUE=DATE-TIME:1953-10-15T23:10:00Z", "BDAY:19531015T231000Z", "BDAY:19531015T231000-0800"},
		{KindContact, "EMAIL;TYPE=home,pref:a@b.c", "EMAIL;TYPE=PREF;TYPE=HOME:a@b.c", "EMAIL;TYPE=home:a@b.c"},
		{KindContact, "ADR:;;Main St;;;;", "ADR:;;Main St", "ADR:;Main St"},
		{KindContact, "NICKNAME:a,b", "NICKNAME:b\r\nNICKNAME:a", "NICKNAME:a\\,b"},
		{KindContact, "TEL;TYPE=CELL:+49 30 1", "TEL;TYPE=cell;VALUE=uri:tel:+49 30 1", "TEL;TYPE=CELL:+49 30 2"},
	} {
		a, b := pairOf(c.kind, c.a, c.b)
		if got := Compare(a, b, c.kind); got.State != StateEqual {
			t.Errorf("%s and %s: got %+v, want equal", c.a, c.b, got)
		}
		x, _ := Digest(a, c.kind)
		if y, _ := Digest(b, c.kind); x != y {
			t.Errorf("%s and %s have different digests", c.a, c.b)
		}
		if _, other := pairOf(c.kind, c.a, c.other); Compare(a, other, c.kind).State != StateChanged {
			t.Errorf("%s and %s: got %+v, want changed", c.a, c.other, Compare(a, other, c.kind))
		}
	}
}

// A long text is compared by its hash, wherever an escape falls.
func TestCompare_longTexts(t *testing.T) {
	t.Parallel()
	for shift := range 3 {
		filler := strings.Repeat("x", longText-shift)
		a, b := pairOf(KindCalendar, "DESCRIPTION:"+filler+`\\\n`+filler, "DESCRIPTION:"+filler+`\\\N`+filler)
		if got := Compare(a, b, KindCalendar); got.State != StateEqual {
			t.Errorf("shifted by %d: got %+v, want equal", shift, got)
		}
		if _, b = pairOf(KindCalendar, "", "DESCRIPTION:"+filler+`\\n`+filler); Compare(a, b, KindCalendar).State != StateChanged {
			t.Errorf("shifted by %d: an escape is lost unseen", shift)
		}
	}
}

// Writing a value in one way twice is writing it once.
func TestValues_areStable(t *testing.T) {
	t.Parallel()
	letters := rapid.StringOfN(rapid.SampledFrom([]rune(`0123456789+-.;:,/%geo: htp@ABZ\`)), 0, 24, -1)
	rapid.Check(t, func(t *rapid.T) {
		text := letters.Draw(t, "value")
		for name, write := range map[string]func(string) string{"integer": integer, "position": position, "reference": reference, "offset": utcOffset} {
			if once := write(text); write(once) != once {
				t.Errorf("%s: %q becomes %q, then %q", name, text, once, write(once))
			}
		}
	})
}
