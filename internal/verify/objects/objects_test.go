// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
	"rehome/internal/verify"
)

// memory is an end without a server: data by collection and name.
type memory map[string]map[string]string

func (s memory) Home(kind dav.Kind) *dav.Home { return &dav.Home{Kind: kind} }
func (s memory) Close()                       {}

func (s memory) Collections(_ context.Context, kind dav.Kind) ([]dav.Collection, error) {
	var all []dav.Collection
	for _, href := range slices.Sorted(maps.Keys(s)) {
		if strings.Contains(href, "cal") == (kind == dav.Calendars) {
			all = append(all, dav.Collection{Href: href, Kind: kind, Name: href})
		}
	}
	return all, nil
}

func (s memory) Changes(_ context.Context, c *dav.Collection, _ dav.Mark, each func(dav.Item) error) (dav.Listing, error) {
	for name := range s[c.Href] {
		if err := each(dav.Item{Href: c.Href + name}); err != nil {
			return dav.Listing{}, err
		}
	}
	return dav.Listing{Full: true}, nil
}

func (s memory) Fetch(_ context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error {
	for _, item := range items {
		if err := each(dav.Object{Href: item.Href, Data: []byte(s[c.Href][strings.TrimPrefix(item.Href, c.Href)])}); err != nil {
			return err
		}
	}
	return nil
}

func contact(uid, more string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + uid + "\r\nN:Doe;" + uid + ";;;\r\nFN:" + uid + " Doe\r\n" + more + "END:VCARD\r\n"
}

func meeting(uid, more string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//A//EN\r\nBEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20120101T000000Z\r\n" +
		"DTSTART:20260301T100000Z\r\nDTEND:20260301T110000Z\r\n" + more + "END:VEVENT\r\nEND:VCALENDAR\r\n"
}

// told are reasons that are known.
type told []Reason

func (t told) Reasons(context.Context, string) ([]Reason, error) { return t, nil }

// compared compares two ends at a level, with what is known of the reasons.
func compared(t rapid.TB, level verify.Level, src, dst memory, why ...Reason) verify.Account {
	t.Helper()
	open := func(s memory) func(context.Context, rehome.Account) (End, error) {
		return func(context.Context, rehome.Account) (End, error) { return s, nil }
	}
	v := verify.New(verify.Options{Level: level}, New(Options{
		Source: open(src), Destination: open(dst), Kinds: []rehome.Kind{rehome.KindContacts, rehome.KindCalendars}, Explainer: told(why),
	}))
	result, err := v.Account(context.Background(), rehome.Account{Address: "anna@example.test"})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestCompare_everyVerdict(t *testing.T) {
	t.Parallel()
	withoutUID := strings.Replace(contact("x", ""), "UID:x\r\n", "", 1)
	repaired, _ := pim.Repair([]byte(withoutUID), pim.KindContact, pim.SafeNeeds())
	large := contact("large", "NOTE:"+strings.Repeat("a", heldObject)+"\r\n")
	src := memory{"/s/book/": {
		"same.vcf": contact("same", ""), "equal.vcf": contact("equal", "TEL;TYPE=CELL,HOME:1\r\n"),
		"cosmetic.vcf": contact("cosmetic", "REV:20120101T000000Z\r\n"),
		"no-uid.vcf":   withoutUID, "changed.vcf": contact("changed", "NOTE:a\r\n"), "missing.vcf": contact("missing", ""),
		"refused.vcf": contact("refused", ""),
		"twin.vcf":    contact("same", ""), "large.vcf": large,
	}}
	dst := memory{"/d/book/": {
		"same.vcf": contact("same", ""), "equal.vcf": contact("equal", "TEL;TYPE=home;TYPE=cell:1\r\n"),
		"other-name.vcf": contact("cosmetic", "REV:20260101T000000Z\r\n"),
		"no-uid.vcf":     string(repaired), "changed.vcf": contact("changed", "NOTE:b\r\n"), "extra.vcf": contact("extra", ""),
		"large.vcf": strings.Replace(large, "END:", "REV:20260101T000000Z\r\nEND:", 1),
	}}
	result := compared(t, verify.LevelFull, src, dst,
		Reason{Collection: "/s/book/", Object: "refused.vcf", Trouble: Refused, Words: "415 no", Escrow: "e/refused.vcf"})
	want := map[pim.State]int{
		pim.StateIdentical: 1, pim.StateEqual: 1, pim.StateCosmetic: 2, pim.StateRepaired: 2, pim.StateChanged: 1,
		pim.StateMissing: 1, pim.StateQuarantined: 1, pim.StateExtra: 1,
	}
	if diff := cmp.Diff(want, result.Contacts.States); diff != "" {
		t.Error(diff)
	}
	if result.Verdict != verify.Differs || result.Contacts.Total() != 4 || len(result.Contacts.Differences) != 4 {
		t.Errorf("%s with %d differences, %+v; want 4", result.Verdict, result.Contacts.Total(), result.Contacts.Differences)
	}
	for _, d := range result.Contacts.Differences {
		if d.State == pim.StateQuarantined && (d.Sentence != "415 no" || d.Escrow != "e/refused.vcf") {
			t.Errorf("%+v does not say why and where", d)
		}
	}
	if c := result.Contacts.Collections[0]; c.Destination != "/d/book/" || c.Objects != 9 {
		t.Errorf("%+v, want nine objects in /d/book/", c)
	}
}

// The verdict hangs on both ends' bytes and the repairs that the settings allow.
func TestCompare_repairsAreSeenAtBothEnds(t *testing.T) {
	t.Parallel()
	src := memory{"/s/cal/": {
		"control.ics": meeting("control", "SUMMARY:Meet\x0bing\r\n"), "geo.ics": meeting("geo", "GEO:52.5;13.4\r\n"),
		"category.ics": meeting("category", "CATEGORIES:Smith\\, Inc.\r\n"),
	}, "/s/book/": {"no-fn.vcf": strings.Replace(contact("no-fn", ""), "FN:no-fn Doe\r\n", "", 1)}}
	control, fixes := pim.Repair([]byte(src["/s/cal/"]["control.ics"]), pim.KindCalendar, pim.AlwaysNeeds())
	if len(fixes) != 1 {
		t.Fatalf("%+v", fixes)
	}
	dst := memory{"/d/cal/": {
		"control.ics": string(control), "geo.ics": meeting("geo", "GEO:52.500000;13.400000\r\n"),
		"category.ics": meeting("category", "CATEGORIES:Smith,Inc.\r\n"),
	}, "/d/book/": {"no-fn.vcf": contact("no-fn", "")}}
	result := compared(t, verify.LevelFull, src, dst)
	want := map[pim.State]int{pim.StateRepaired: 1, pim.StateEqual: 1, pim.StateChanged: 1}
	if diff := cmp.Diff(want, result.Calendars.States); diff != "" {
		t.Errorf("%s\n%+v", diff, result.Calendars)
	}
	if diff := cmp.Diff(map[pim.State]int{pim.StateRepaired: 1}, result.Contacts.States); diff != "" {
		t.Error(diff)
	}
	if len(result.Calendars.Repaired) != 1 || !strings.Contains(result.Calendars.Repaired[0].Sentence, "control characters") {
		t.Errorf("%+v, want the repair in words", result.Calendars.Repaired)
	}
	if len(result.Calendars.Differences) != 1 || !strings.Contains(result.Calendars.Differences[0].Sentence, "CATEGORIES") {
		t.Errorf("%+v, want the category that was taken apart", result.Calendars.Differences)
	}
}

func TestCompare_scheduleAgentIsARepair(t *testing.T) {
	t.Parallel()
	agent := "ORGANIZER:mailto:a@example.test\r\nATTENDEE:mailto:b@example.test\r\n"
	injected, _ := pim.InjectScheduleAgent([]byte(meeting("agent", agent)))
	src := memory{"/s/cal/": {"agent.ics": meeting("agent", agent), "other.ics": meeting("other", "")}}
	dst := memory{"/d/cal/": {"agent.ics": string(injected), "other.ics": meeting("other", "")}}
	result := compared(t, verify.LevelFull, src, dst)
	if result.Calendars.States[pim.StateRepaired] != 1 || result.Calendars.Total() != 0 || result.Verdict != verify.Equal {
		t.Errorf("%s %v, want one repaired and nothing else wrong", result.Verdict, result.Calendars.States)
	}
}

// What rehome has written to test a server is nobody's object, at either end.
func TestCompare_trialsDoNotCount(t *testing.T) {
	t.Parallel()
	uid := pim.TrialUID("test", "abcdefghijklmnopqrstuvwxyz")
	trial := meeting(uid, "SUMMARY:"+pim.TrialTitle+"\r\n")
	src := memory{"/s/cal/": {"a.ics": meeting("a", ""), uid + ".ics": trial}}
	another := uid[:len(uid)-1] + "q"
	dst := memory{"/d/cal/": {"a.ics": meeting("a", ""), uid + ".ics": trial, another + ".ics": strings.ReplaceAll(trial, uid, another)}}
	for _, level := range []verify.Level{verify.LevelCounts, verify.LevelFull} {
		result := compared(t, level, src, dst)
		if c := result.Calendars; result.Verdict != verify.Equal || c.Source.Objects != 1 || c.Destination.Objects != 1 {
			t.Errorf("%s: %s, %+v; want one object at both ends", level, result.Verdict, c)
		}
	}
}

// What the copier could not write where it belongs is not equal because it is somewhere else, be it all that there is of
// its collection.
func TestCompare_noPlaceOfItsOwn(t *testing.T) {
	t.Parallel()
	src := memory{"/s/book/": {}, "/s/book-2/": {"a.vcf": contact("a", "")}}
	dst := memory{"/d/book/": {"a.vcf": contact("a", "")}, "/d/book-2/": {}}
	for target, want := range map[string]verify.Verdict{"/d/book-2/": verify.Differs, "/d/book/": verify.Equal} {
		note := Reason{Collection: "/s/book-2/", Object: "a.vcf", Target: target, Trouble: Refused, Words: "it is in another one"}
		if result := compared(t, verify.LevelFull, src, dst, note); result.Verdict != want {
			t.Errorf("to %s: %s, %+v; want %s", target, result.Verdict, result.Contacts, want)
		}
	}
}

func TestCompare_levelCounts(t *testing.T) {
	t.Parallel()
	src := memory{"/s/book/": {"a.vcf": "", "b.vcf": ""}}
	for dst, want := range map[int]verify.Verdict{2: verify.Equal, 1: verify.Differs, 3: verify.Differs} {
		there := map[string]string{}
		for i := range dst {
			there[fmt.Sprint(i)] = ""
		}
		result := compared(t, verify.LevelCounts, src, memory{"/d/book/": there})
		if result.Verdict != want || result.Contacts.Source.Objects != 2 || result.Contacts.Destination.Objects != dst {
			t.Errorf("2 and %d: %s %+v, want %s", dst, result.Verdict, result.Contacts, want)
		}
	}
}

func TestCompare_unreadableEndIsUnknown(t *testing.T) {
	t.Parallel()
	down := func(context.Context, rehome.Account) (End, error) { return nil, errors.New("down") }
	result := verify.Account{Verdict: verify.Equal, Mail: &verify.Mail{}}
	if err := New(Options{Source: down}).Compare(t.Context(), rehome.Account{}, verify.Options{}, &result); err != nil {
		t.Fatal(err)
	}
	if result.Verdict != verify.Unknown || result.Mail == nil || len(result.Findings) != 1 {
		t.Errorf("%+v, want unknown with a finding, and the mail kept", result)
	}
}

// What the source has deleted after it was copied is told from what a user has entered at the destination.
func TestCompare_extraWithItsReason(t *testing.T) {
	t.Parallel()
	src := memory{"/src/book/": {"a.vcf": contact("a", "")}}
	dst := memory{"/dst/b%40ok/": {"a.vcf": contact("a", ""), "b.vcf": contact("b", ""), "c.vcf": contact("c", "")}}
	result := compared(t, verify.LevelFull, src, dst, Reason{Collection: "/src/book/", Target: "/dst/b@ok/", Object: "b.vcf", Trouble: Vanished})
	var got []string
	for _, o := range result.Contacts.Differences {
		got = append(got, string(o.State)+" "+o.Object+": "+o.Sentence)
	}
	slices.Sort(got)
	want := []string{
		"extra b.vcf: it is only at the destination: it was copied there, and has disappeared from the source since",
		"extra c.vcf: it is only at the destination",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
