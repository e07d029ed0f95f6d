// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"strings"
	"testing"

	"rehome/internal/verify"
)

// The same event lies in three calendars, which are called otherwise at the destination: where its neighbours are tells
// which is which, also where they are read behind it.
func TestCompare_theSameInThreeCalendars(t *testing.T) {
	t.Parallel()
	shared, large := meeting("shared", ""), meeting("large", "DESCRIPTION:x\r\n")
	src, dst := memory{}, memory{}
	for from, to := range map[string]string{"/s/cal1/": "/d/cal-b/", "/s/cal2/": "/d/cal-c/", "/s/cal3/": "/d/cal-a/"} {
		src[from] = map[string]string{"a.ics": shared, "b.ics": large, "z.ics": meeting(from, "")}
		dst[to] = map[string]string{"a.ics": shared, "b.ics": meeting("large", "X-WR-ALARMUID:1\r\nDESCRIPTION:x\r\n"), "z.ics": meeting(from, "")}
	}
	result := compared(t, verify.LevelFull, src, dst)
	for _, c := range result.Calendars.Collections {
		if c.Destination != map[string]string{"/s/cal1/": "/d/cal-b/", "/s/cal2/": "/d/cal-c/", "/s/cal3/": "/d/cal-a/"}[c.Source] {
			t.Errorf("%s was found in %s", c.Source, c.Destination)
		}
	}
	for _, d := range result.Calendars.Differences {
		if d.Object != "b.ics" {
			t.Errorf("%+v", d)
		}
	}
}

// Two calendars hold nothing but the same: then their names tell.
func TestCompare_nothingButTheSame(t *testing.T) {
	t.Parallel()
	src := memory{"/s/cal-x/": {"a.ics": meeting("a", "")}, "/s/cal-y/": {"a.ics": meeting("a", ""), "b.ics": meeting("b", "")}}
	dst := memory{"/d/cal-w/": {"a.ics": meeting("a", ""), "b.ics": meeting("b", "")}, "/d/cal-x/": {"a.ics": meeting("a", "")}}
	if result := compared(t, verify.LevelFull, src, dst); result.Verdict != verify.Equal {
		t.Errorf("%s, %+v", result.Verdict, result.Calendars)
	}
}

// What lies in another collection than the rest is not in its place, also where the source has nothing there; nor is the
// only object of a collection, when the copier knows where it has put it.
func TestCompare_movedByItsUser(t *testing.T) {
	t.Parallel()
	src := memory{"/s/book1/": {"a.vcf": contact("a", ""), "b.vcf": contact("b", ""), "c.vcf": contact("c", "")}, "/s/book2/": {}}
	dst := memory{"/d/book1/": {"a.vcf": contact("a", ""), "b.vcf": contact("b", "")}, "/d/book2/": {"c.vcf": contact("c", "")}}
	if result := compared(t, verify.LevelFull, src, dst); result.Verdict != verify.Differs || result.Contacts.Total() != 1 {
		t.Errorf("%s, %+v", result.Verdict, result.Contacts)
	}
	src, dst = memory{"/s/book1/": {"a.vcf": contact("a", "")}}, memory{"/d/book1/": {}, "/d/book2/": {"a.vcf": contact("a", "")}}
	note := Reason{Collection: "/s/book1/", Target: "/d/book1/", Object: "a.vcf", Trouble: Lost, Words: "it is there no more"}
	result := compared(t, verify.LevelFull, src, dst, note)
	if result.Verdict != verify.Differs || result.Contacts.Differences[0].Sentence != note.Words {
		t.Errorf("%s, %+v", result.Verdict, result.Contacts)
	}
	dst["/d/book1/"], dst["/d/book2/"] = dst["/d/book2/"], dst["/d/book1/"]
	if result := compared(t, verify.LevelFull, src, dst, note); result.Verdict != verify.Equal {
		t.Errorf("moved back since: %s, %+v", result.Verdict, result.Contacts)
	}
}

// What has no UID is found under another name by what it is, and not by the name of another one.
func TestCompare_renamedWithoutUID(t *testing.T) {
	t.Parallel()
	nameless := func(name string) string { return strings.Replace(contact(name, ""), "UID:"+name+"\r\n", "", 1) }
	src := memory{"/s/book/": {"a.vcf": nameless("a"), "b.vcf": nameless("b"), "c.vcf": nameless("c")}}
	dst := memory{"/d/book/": {"1.vcf": nameless("a"), "a.vcf": nameless("b"), "c.vcf": nameless("c")}}
	if result := compared(t, verify.LevelFull, src, dst); result.Verdict != verify.Equal {
		t.Errorf("%s, %+v", result.Verdict, result.Contacts)
	}
}
