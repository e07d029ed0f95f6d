// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func at(text string) time.Time {
	parsed, _ := time.Parse("2006-01-02T15:04", text)
	return parsed
}

func TestInspect(t *testing.T) {
	t.Parallel()
	size := func(name string) int { return len(sample(t, name)) }
	for name, want := range map[string]Object{
		"meeting.ics": {
			Kind: KindCalendar, Version: "2.0", UID: "meeting-1@example.org", UIDs: []string{"meeting-1@example.org"},
			Components: []string{"VEVENT"}, Objects: 1, Size: size("meeting.ics"), Organizer: "anna@example.org",
			Attendees:    []string{"bob@example.org", "carla@example.org"},
			HasOrganizer: true, HasAttendees: true, EmailAlarms: 1, Master: true, Title: "Quarterly review",
			Start: at("2024-03-01T10:00"), End: at("2024-03-01T11:00"), Last: at("2024-03-01T11:00"),
		},
		"recurring.ics": {
			Kind: KindCalendar, Version: "2.0", UID: "meeting-1@example.org", UIDs: []string{"meeting-1@example.org"},
			Components: []string{"VEVENT"}, Objects: 1, Size: size("recurring.ics"), Master: true, Overrides: 1, Recurring: true,
			Title: "Quarterly review", Start: at("2024-03-04T09:00"), End: at("2024-03-04T10:00"), Last: at("2024-06-26T09:00"),
		},
		"yearly_1950.ics": {
			Kind: KindCalendar, Version: "2.0", UID: "meeting-1@example.org", UIDs: []string{"meeting-1@example.org"},
			Components: []string{"VEVENT"}, Objects: 1, Size: size("yearly_1950.ics"), Master: true, Recurring: true, Endless: true,
			Title: "Quarterly review", Start: at("1950-05-06T00:00"), End: at("1950-05-07T00:00"),
		},
		"group.vcf": {
			Kind: KindContact, Version: "3.0", UID: "group-1", UIDs: []string{"group-1"}, Components: []string{"VCARD"}, Objects: 1,
			Size: size("group.vcf"), Group: true, Members: 1, Title: "Anna Example",
		},
		"photo3.vcf": {
			Kind: KindContact, Version: "3.0", UID: "anna-1", UIDs: []string{"anna-1"}, Components: []string{"VCARD"}, Objects: 1,
			Size: size("photo3.vcf"), PhotoSize: 68, Title: "Anna Example",
		},
	} {
		got, err := Inspect(sample(t, name))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
}

func TestObject_scheduling(t *testing.T) {
	t.Parallel()
	meeting, err := Inspect(sample(t, "meeting.ics"))
	if err != nil || !meeting.Scheduling() {
		t.Fatalf("a meeting is no scheduling object: %v", err)
	}
	if event, _ := Inspect(sample(t, "event.ics")); event.Scheduling() {
		t.Error("an event without people is a scheduling object")
	}
}

func TestNameFor(t *testing.T) {
	t.Parallel()
	const hashed = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	for _, c := range []struct {
		uid  string
		kind Kind
		want string
	}{
		{"anna-1", KindContact, "anna-1.vcf"},
		{"4F3C.b_2", KindCalendar, "4F3C.b_2.ics"},
	} {
		if got := NameFor(c.uid, c.kind); got != c.want || !SafeName(got) {
			t.Errorf("%q: got %q, want %q", c.uid, got, c.want)
		}
	}
	for _, uid := range []string{"a/b", "a@b", ".hidden", "", "ü", strings.Repeat("x", 197), "a b", "a%20b"} {
		if got := NameFor(uid, KindCalendar); len(got) != len(hashed)+4 || !SafeName(got) {
			t.Errorf("%q: got %q, want a hash", uid, got)
		}
	}
	for _, name := range []string{"..", "a/b.ics", "a%2fb", "", strings.Repeat("x", 201)} {
		if SafeName(name) {
			t.Errorf("%q counts as safe", name)
		}
	}
}
