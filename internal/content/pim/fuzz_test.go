// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"testing"
	"time"
)

func addCorpus(f *testing.F) {
	for _, data := range corpus(f) {
		f.Add(data)
	}
}

// Every byte belongs to one line, and the parts of a stream joined are the stream.
func FuzzParse(f *testing.F) {
	addCorpus(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Parse(data)
		if err != nil {
			return
		}
		var joined []byte
		for _, line := range doc.lines {
			if line.Offset != len(joined)+len(data)-len(bytes.TrimPrefix(data, byteOrderMark)) {
				t.Fatalf("line %d begins at %d", line.Number, line.Offset)
			}
			joined = append(joined, line.Raw...)
		}
		if !bytes.Equal(joined, bytes.TrimPrefix(data, byteOrderMark)) {
			t.Fatalf("lines joined are %q, want %q", joined, data)
		}
		Lint(data, KindUnknown)
		if _, err := Inspect(data); err != nil {
			t.Fatalf("parsed, but cannot be inspected: %v", err)
		}
	})
}

func FuzzRepair(f *testing.F) {
	addCorpus(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		checkRepair(t, data, SafeNeeds())
		checkRepair(t, data, Every())
		injected, fixes := InjectScheduleAgent(data)
		if back, err := undo(fixes, injected); err != nil || !bytes.Equal(back, data) {
			t.Fatalf("undo of the injection: %v, got %q, want %q", err, back, data)
		}
	})
}

// An object is equal to itself written with other line ends, and to its safe repair.
func FuzzCompare(f *testing.F) {
	addCorpus(f)
	f.Fuzz(func(t *testing.T, data []byte) { checkCompare(t, data) })
}

func checkCompare(t fataler, data []byte) {
	t.Helper()
	object, err := read(data, KindUnknown)
	if err != nil {
		return
	}
	if hard, soft := (Terms{}).differences(object, object); len(hard)+len(soft) > 0 {
		t.Fatalf("differs from itself: %+v %+v in %q", hard, soft, data)
	}
	for _, needs := range []Needs{SafeNeeds(), Every()} {
		repaired, fixes := Repair(data, KindUnknown, needs)
		if comparison := (Terms{Repairs: needs}).Compare(data, repaired, KindUnknown); !comparison.State.Harmless() {
			t.Fatalf("differs from its repair: %+v\n was %q\n now %q\n by %+v", comparison, data, repaired, fixes)
		}
		injected, _ := InjectScheduleAgent(repaired)
		if comparison := (Terms{Repairs: needs}).Compare(data, injected, KindUnknown); !comparison.State.Harmless() {
			t.Fatalf("differs from what is sent silently: %+v\n was %q\n now %q", comparison, data, injected)
		}
	}
}

func FuzzRule(f *testing.F) {
	f.Add("FREQ=WEEKLY;BYDAY=MO,-1WE;UNTIL=20240630T000000Z", int64(1_700_000_000))
	f.Add("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", int64(-11_000_000_000))
	f.Add("FREQ=YEARLY;BYWEEKNO=53,-1;BYSETPOS=-1;INTERVAL=3;WKST=SU", int64(0))
	f.Add("FREQ=MINUTELY;INTERVAL=999999;BYHOUR=3;BYSECOND=5,60", int64(0))
	f.Fuzz(func(t *testing.T, value string, seconds int64) {
		parsed, err := parseRule(value)
		if err != nil || seconds < -30_000_000_000 || seconds > 200_000_000_000 {
			return
		}
		start := time.Unix(seconds, 0).UTC()
		work, previous, count := &budget{left: 50_000}, time.Time{}, 0
		parsed.expand(start, start.AddDate(50, 0, 0), work, func(at time.Time) bool {
			if at.Before(start) || at.Before(previous) {
				t.Fatalf("%q gives %v after %v from %v", value, at, previous, start)
			}
			previous = at
			count++
			return true
		})
		if count > 50_000 {
			t.Fatalf("%q gives %d times", value, count)
		}
	})
}
