// SPDX-License-Identifier: Apache-2.0

package wave

import (
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	moment, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// 2026-11-30 is a Monday; in 2026 the clocks are set on 29 March and 25 October.
func TestWindows_opening(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hours              []string
		now, opens, closes string
	}{
		"before the night":             {[]string{"22:00-06:00"}, "2026-11-30 12:00", "2026-11-30 22:00", "2026-12-01 06:00"},
		"in it, after midnight":        {[]string{"22:00-06:00"}, "2026-12-01 03:00", "2026-11-30 22:00", "2026-12-01 06:00"},
		"its end is outside":           {[]string{"22:00-06:00"}, "2026-12-01 06:00", "2026-12-01 22:00", "2026-12-02 06:00"},
		"its beginning is inside":      {[]string{"22:00-06:00"}, "2026-12-01 22:00", "2026-12-01 22:00", "2026-12-02 06:00"},
		"the day is that of beginning": {[]string{"fri 22:00-06:00"}, "2026-12-05 05:00", "2026-12-04 22:00", "2026-12-05 06:00"},
		"not on this day":              {[]string{"fri 22:00-06:00"}, "2026-12-05 07:00", "2026-12-11 22:00", "2026-12-12 06:00"},
		"nights and the whole weekend": {[]string{"mon-fri 22:00-06:00", "sat,sun 00:00-24:00"},
			"2026-12-04 23:00", "2026-12-04 22:00", "2026-12-07 00:00"},
		"round the week":                {[]string{"sat-mon 10:00-11:00"}, "2026-12-01 10:30", "2026-12-05 10:00", "2026-12-05 11:00"},
		"a day that never ends":         {[]string{"00:00-24:00"}, "2026-12-01 10:30", "2026-11-23 00:00", "2026-12-11 00:00"},
		"the night that is longer":      {[]string{"22:00-06:00"}, "2026-10-25 02:30", "2026-10-24 22:00", "2026-10-25 06:00"},
		"the hour that does not happen": {[]string{"02:30-05:00"}, "2026-03-29 01:00", "2026-03-29 03:30", "2026-03-29 05:00"},
		"as an older version took it":   {[]string{"10:00-10:00"}, "2026-12-01 12:00", "2026-11-23 10:00", "2026-12-11 10:00"},
		"two that overlap":              {[]string{"20:00-23:00", "22:00-02:00"}, "2026-12-01 21:00", "2026-12-01 20:00", "2026-12-02 02:00"},
	} {
		w := Windows{Hours: c.hours, Zone: "Europe/Berlin"}
		opens, closes, err := w.Opening(at(t, c.now))
		if err != nil || !opens.Equal(at(t, c.opens)) || !closes.Equal(at(t, c.closes)) {
			t.Errorf("%s: from %v to %v, %v; want %s to %s", name, opens, closes, err, c.opens, c.closes)
		}
	}
	if opens, closes, err := (Windows{}).Opening(time.Now()); err != nil || !opens.IsZero() || closes.Year() != 9999 {
		t.Errorf("without hours: from %v to %v, %v", opens, closes, err)
	}
}

func TestWindows_check(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "22-06", "22:00", "25:00-06:00", "22:60-06:00", "24:00-06:00", "mon", "mon 22:00-06:00 x", "monday 22:00-06:00",
		"mon- 22:00-06:00", "-1:00-02:00", "22:00-24:30", "2:00-03:00", "10:00-10:00"} {
		if err := (Windows{Hours: []string{text}}).Check(); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if err := (Windows{Zone: "Nowhere/Land"}).Check(); err == nil {
		t.Error("a zone that is none is taken")
	}
	if err := (Windows{Hours: []string{"Mon-Fri 22:00-06:00", "sun,wed 00:00-24:00", "00:00-24:00"}, Zone: "Europe/Berlin"}).Check(); err != nil {
		t.Error(err)
	}
}
