// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"
)

var year2024 = Window{
	From: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
	To:   time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
}

func starts(occurrences []Occurrence) string {
	var found []string
	for _, occurrence := range occurrences {
		found = append(found, occurrence.Start.Format("0102T15")+"-"+occurrence.End.Format("15"))
	}
	return strings.Join(found, " ")
}

func TestOccurrences_zonesExceptionsAndOverrides(t *testing.T) {
	t.Parallel()
	got, complete := Occurrences(sample(t, "recurring.ics"), Window{From: year2024.From, To: year2024.From.AddDate(0, 3, 7)})
	// The 11th is excepted, the 13th moved, and summer time begins on the 31st.
	want := "0304T09-10 0306T09-10 0313T14-15 0318T09-10 0320T09-10 0325T09-10 0327T09-10 0401T08-09 0403T08-09"
	if starts(got) != want || !complete {
		t.Errorf("got %s (%v)\nwant %s", starts(got), complete, want)
	}
}

// event wraps lines into a calendar object.
func event(lines string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n" + strings.ReplaceAll(lines, "|", "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

func TestOccurrences_forms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lines, want string }{
		{"DTSTART:20240301T100000Z|DURATION:PT2H", "0301T10-12"},
		{"DTSTART;VALUE=DATE:20240301", "0301T00-00"},
		{"DTSTART;TZID=America/New_York:20240301T100000|DURATION:PT1H", "0301T15-16"},
		{"DTSTART;TZID=Eastern Standard Time:20240701T100000|DURATION:PT1H", "0701T14-15"},
		{"DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20240701T100000|DURATION:PT1H", "0701T08-09"},
		{"DTSTART:20240301T100000Z|DURATION:PT1H|RDATE:20240401T100000Z,20240301T100000Z", "0301T10-11 0401T10-11"},
		{"DTSTART:20240301T100000Z|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=3|EXDATE:20240302T100000Z", "0301T10-11 0303T10-11"},
		{"DTSTART;VALUE=DATE:19500506|RRULE:FREQ=YEARLY", "0506T00-00"},
		{"DTSTART:20240131T100000Z|DURATION:PT1H|RRULE:FREQ=MONTHLY;COUNT=3", "0131T10-11 0331T10-11 0531T10-11"},
		{"DTSTART:20240301T100000Z|DURATION:PT1H|RRULE:FREQ=DAILY;UNTIL=20240302", "0301T10-11 0302T10-11"},
	} {
		got, complete := Occurrences(event(c.lines), year2024)
		if starts(got) != c.want || !complete {
			t.Errorf("%s: got %s (%v), want %s", c.lines, starts(got), complete, c.want)
		}
	}
}

func TestOccurrences_areBounded(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{
		"FREQ=SECONDLY", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=SECONDLY;BYSECOND=7;BYMINUTE=8;BYHOUR=9;BYMONTHDAY=31;BYMONTH=2",
		"FREQ=YEARLY;BYHOUR=" + numbers(24) + ";BYMINUTE=" + numbers(60) + ";BYSECOND=" + numbers(60),
	} {
		// Without the budget some of these would run for hours.
		if got, complete := Occurrences(event("DTSTART:16040101T000000Z|RRULE:"+rule), year2024); len(got) > 5000 || complete && len(got) > 0 {
			t.Errorf("%.40s: %d occurrences, complete %v", rule, len(got), complete)
		}
	}
}

// A rule of 2 KB that names every second of the year, of which the last one counts: its times are not kept, and the
// one is found all the same.
func TestOccurrences_keepNoTimesInMemory(t *testing.T) {
	data := sample(t, "rrule-bysetpos.ics")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, complete := Occurrences(data, year2024)
	_, err := Inspect(data)
	runtime.ReadMemStats(&after)
	if want := "1230T23-23"; starts(got) != want || !complete || err != nil { // the 365th day of a leap year
		t.Errorf("got %s (%v, %v), want %s", starts(got), complete, err, want)
	}
	if total := after.TotalAlloc - before.TotalAlloc; total > 8<<20 {
		t.Errorf("%d octets were needed", total)
	}
}

func TestOccurrences_excludedByRule(t *testing.T) {
	t.Parallel()
	got, complete := Occurrences(event("DTSTART:20240301T100000Z|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=4|EXRULE:FREQ=DAILY;INTERVAL=2"), year2024)
	if want := "0302T10-11 0304T10-11"; starts(got) != want || !complete {
		t.Errorf("got %s (%v), want %s", starts(got), complete, want)
	}
}

// Exceptions, overrides and dates without end are bounded, in every combination of masters and overrides.
func TestOccurrences_ofManyPiecesAreBounded(t *testing.T) {
	hour := func(i int) string {
		return year2024.From.Add(time.Duration(i) * time.Minute).Format("20060102T150405Z")
	}
	var dates, overrides, masters strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&dates, ",%s", hour(i))
	}
	for i := range 3_000 {
		fmt.Fprintf(&overrides, "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:%s\r\nRECURRENCE-ID:%[1]s\r\nEND:VEVENT\r\n", hour(i))
		masters.WriteString("BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20240101T000000Z\r\nRRULE:FREQ=MINUTELY\r\nEND:VEVENT\r\n")
	}
	start := "DTSTART:20240101T000000Z|RRULE:FREQ=MINUTELY|"
	for name, data := range map[string][]byte{
		"EXDATE": event(start + "EXDATE:" + dates.String()[1:]),
		"RDATE":  event("DTSTART:20240101T000000Z|RDATE:" + dates.String()[1:]),
		"EXRULE": event(start + "EXRULE:FREQ=MINUTELY"),
		"sets":   []byte("BEGIN:VCALENDAR\r\n" + masters.String() + overrides.String() + "END:VCALENDAR\r\n"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, complete := Occurrences(data, year2024)
		runtime.ReadMemStats(&after)
		if complete || len(got) > 5000 {
			t.Errorf("%s: %d occurrences, complete %v; want a bound", name, len(got), complete)
		}
		if total := after.TotalAlloc - before.TotalAlloc; total > 64<<20 {
			t.Errorf("%s: needed %d octets", name, total)
		} else {
			t.Logf("%s: %d KiB", name, total>>10)
		}
	}
}

func numbers(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint(i))
	}
	return strings.Join(list, ",")
}

// The first week of a year is the first that has at least four of its days (RFC 5545 section 3.3.10), so the
// first days of January may lie in week 52 or 53 of the year before.
func TestExpand_weeksThatEndInJanuary(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{
		// Week 1 of 1970 begins on Sunday the 4th, so that of 27 December is the 52nd and holds 1 January 1971.
		"FREQ=YEARLY;BYMONTH=1;BYWEEKNO=52;WKST=SU;BYSETPOS=1": "1971-01-01 1972-01-01",
		// With weeks from Monday, that of 28 December 1970 is the 53rd; 1971 has 52.
		"FREQ=YEARLY;BYMONTH=1;BYWEEKNO=53;BYSETPOS=1": "1971-01-01",
		"FREQ=YEARLY;BYMONTH=1;BYWEEKNO=52;BYSETPOS=1": "1972-01-01",
	} {
		parsed, err := parseRule(rule)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		start := time.Date(1970, 1, 10, 0, 0, 0, 0, time.UTC)
		parsed.expand(start, start.AddDate(2, 0, 0), newBudget(), func(at time.Time) bool {
			got = append(got, at.Format(time.DateOnly))
			return true
		})
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", rule, got, want)
		}
	}
}

// The expansion agrees with an independent one.
func TestExpand_agreesWithRRuleGo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := drawRule(t)
		start := time.Unix(rapid.Int64Range(-300_000_000, 1_900_000_000).Draw(t, "start"), 0).UTC()
		parsed, err := parseRule(value)
		if err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		var got []time.Time
		last := start.AddDate(4, 0, 0)
		parsed.expand(start, last, newBudget(), func(at time.Time) bool {
			got = append(got, at)
			return len(got) < 60
		})
		if len(got) == 0 {
			return // the other would look for one until the year 9999
		}
		option, err := rrule.StrToROption(value)
		if err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		option.Dtstart = start
		other, err := rrule.NewRRule(*option)
		if err != nil {
			return
		}
		next := other.Iterator()
		for i := range got {
			want, ok := next()
			if !ok || !want.Equal(got[i]) {
				t.Fatalf("%s from %v: number %d is %v, want %v (%v)\ngot %v", value, start, i, got[i], want, ok, got)
			}
		}
		if want, ok := next(); ok && len(got) < 60 && !want.After(last) {
			t.Fatalf("%s from %v: ends after %d, but %v follows", value, start, len(got), want)
		}
	})
}

func drawRule(t *rapid.T) string {
	frequency := rapid.SampledFrom([]string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"}).Draw(t, "frequency")
	parts := []string{"FREQ=" + frequency}
	add := func(name string, values ...string) {
		if rapid.IntRange(0, 3).Draw(t, name+" there") == 0 {
			list := rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, 3, rapid.ID).Draw(t, name)
			parts = append(parts, name+"="+strings.Join(list, ","))
		}
	}
	one := func(name string, values ...string) {
		parts = append(parts, name+"="+rapid.SampledFrom(values).Draw(t, name))
	}
	one("INTERVAL", "1", "2", "3")
	add("BYMONTH", "1", "2", "6", "11", "12")
	if frequency != "HOURLY" { // on a date that never comes, the other's hourly iterator does not return
		add("BYMONTHDAY", "1", "15", "29", "31", "-1", "-3")
	}
	if frequency == "YEARLY" {
		add("BYYEARDAY", "1", "60", "200", "-1", "-366")
		add("BYWEEKNO", "1", "20", "51", "-1") // the other counts a week too many in some years that January's first days belong to
	}
	if frequency == "YEARLY" || frequency == "MONTHLY" {
		if rapid.Bool().Draw(t, "ordinals") { // where both kinds are mixed, the other takes what fits both
			add("BYDAY", "1TU", "-1FR", "2SU")
		} else {
			add("BYDAY", "MO", "SA")
		}
	} else {
		add("BYDAY", "MO", "TU", "FR", "SU")
	}
	add("BYHOUR", "0", "9", "23")
	add("BYMINUTE", "0", "30")
	add("WKST", "MO", "SU", "WE")
	if last := parts[len(parts)-1]; strings.HasPrefix(last, "WKST") {
		parts[len(parts)-1] = last[:7]
	}
	if len(parts) > 2 && frequency != "HOURLY" && frequency != "WEEKLY" { // the other begins the first week at the start
		add("BYSETPOS", "1", "2", "-1")
	}
	return strings.Join(parts, ";")
}
