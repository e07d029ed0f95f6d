// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"strings"
	"testing"
)

func TestScheduleAgent_thereAndBack(t *testing.T) {
	t.Parallel()
	data := sample(t, "meeting.ics")
	injected, fixes := InjectScheduleAgent(data)
	want := strings.NewReplacer(
		"ORGANIZER;CN", "ORGANIZER;SCHEDULE-AGENT=CLIENT;CN",
		"ATTENDEE;CN=\"Bob", "ATTENDEE;SCHEDULE-AGENT=CLIENT\r\n ;CN=\"Bob",
		"ATTENDEE;ROLE", "ATTENDEE;SCHEDULE-AGENT=CLIENT\r\n ;ROLE",
	).Replace(string(data))
	if string(injected) != want || len(fixes) != 1 || fixes[0].Code != CodeScheduleAgent || len(fixes[0].Edits) != 3 {
		t.Fatalf("got %q\nwant %q\nfixes %+v", injected, want, fixes)
	}
	if o, _ := Inspect(injected); !o.HasAgent {
		t.Error("the injected agent is not seen")
	}
	if back, err := undo(fixes, injected); err != nil || !bytes.Equal(back, data) {
		t.Errorf("undo: %v, %q", err, back)
	}
	removed, _ := RemoveScheduleAgent(injected)
	if got := Compare(data, removed, KindCalendar); got.State != StateEqual {
		t.Errorf("removed: %+v", got)
	}
	if again, fixes := InjectScheduleAgent(injected); len(fixes) != 0 || !bytes.Equal(again, injected) {
		t.Errorf("injected twice: %v", fixes)
	}
}

// Only the invited are touched, not the addressee of an alarm and not an event without people.
func TestScheduleAgent_leavesOthersAlone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"event.ics", "card.vcf", "garbage.txt"} {
		data := sample(t, name)
		if injected, fixes := InjectScheduleAgent(data); len(fixes) != 0 || !bytes.Equal(injected, data) {
			t.Errorf("%s: changed by %v", name, fixes)
		}
	}
}
