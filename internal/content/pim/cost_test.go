// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// photoCard returns a vCard with a photo of that many octets of base64, folded as servers fold it.
func photoCard(size int) []byte {
	var card bytes.Buffer
	card.WriteString("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:A\r\nN:A;;;;\r\nPHOTO;ENCODING=BASE64;TYPE=JPEG:")
	row := "\r\n " + strings.Repeat("ABCD", 18)
	for range size / 72 {
		card.WriteString(row)
	}
	card.WriteString("\r\nEND:VCARD\r\n")
	return card.Bytes()
}

func TestCost_ofALargePhoto(t *testing.T) {
	const size = 20 << 20
	card := photoCard(size)
	for _, c := range []struct {
		name string
		most int // times the size, of all that is allocated on the way
		do   func()
	}{
		{"Inspect", 3, func() {
			if o, err := Inspect(card); err != nil || o.PhotoSize < size-100 {
				t.Errorf("photo of %d octets, %v", o.PhotoSize, err)
			}
		}},
		{"Repair", 5, func() {
			if _, fixes := Repair(card, KindContact, SafeNeeds()); len(fixes) != 1 {
				t.Errorf("fixes %v", fixes)
			}
		}},
		{"Compare", 6, func() {
			if got := Compare(card, bytes.Replace(card, []byte("BASE64"), []byte("b"), 1), KindContact); got.State != StateEqual {
				t.Errorf("verdict %s", got.State)
			}
		}},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		c.do()
		runtime.ReadMemStats(&after)
		times := float64(after.TotalAlloc-before.TotalAlloc) / size
		t.Logf("%s: %.1f times the photo, %v", c.name, times, time.Since(began))
		if times > float64(c.most) {
			t.Errorf("%s allocates %.1f times the photo, want at most %d", c.name, times, c.most)
		}
	}
}

// hostile returns objects of about size octets that a careless reader takes quadratic time for.
func hostile(size int) map[string]string {
	fill := func(piece string) string { return strings.Repeat(piece, size/len(piece)) }
	event := func(lines string) string {
		return "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20240101T000000Z\r\n" + lines + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	}
	card := func(lines string) string { return "BEGIN:VCARD\r\nVERSION:3.0\r\n" + lines + "\r\nEND:VCARD\r\n" }
	return map[string]string{
		"one long line":       card("NOTE:" + fill("x")),
		"many parameters":     card("TEL" + fill(";A=b") + ":1"),
		"bare parameters":     card("TEL" + fill(";") + ":1"),
		"parameter values":    card("TEL;TYPE=" + fill("a,") + ":1"),
		"open quotes":         card(fill("X;A=\"b\r\n")),
		"deep nesting":        fill("BEGIN:VCALENDAR\r\n"),
		"many ends":           event(fill("END:X\r\n")),
		"empty components":    "BEGIN:VCALENDAR\r\n" + fill("BEGIN:VEVENT\r\nEND:VEVENT\r\n") + "END:VCALENDAR\r\n",
		"empty cards":         fill("BEGIN:VCARD\r\nEND:VCARD\r\n"),
		"empty folds":         card("NOTE:" + fill("\r\n ")),
		"soft breaks":         card("NOTE;ENCODING=QUOTED-PRINTABLE:" + fill("=\r\n")),
		"empty lines":         card(fill("\r\n")),
		"stray lines":         event(fill("x\r\n")),
		"control characters":  event("SUMMARY:" + fill("\x01")),
		"carriage returns":    event("SUMMARY:" + fill("\r")),
		"Latin-1":             event("SUMMARY:" + fill("\xe9")),
		"repeated lines":      event(fill("UID:1\r\n")),
		"categories":          event("CATEGORIES:" + fill("a,")),
		"exceptions":          event("RRULE:FREQ=DAILY\r\nEXDATE:" + fill("20240101T000000Z,")),
		"rules":               event(fill("RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\r\n")),
		"structured":          card("N:" + fill(";")),
		"backslashes":         card("NOTE:" + fill("\\")),
		"anniversaries":       card(fill("a.X-ABDATE:2020-01-01\r\n")),
		"labels":              card(fill("a.X-ABLabel:x\r\n")),
		"attendees":           event(fill("ATTENDEE;CN=x:mailto:a@b.c\r\n")),
		"overrides":           "BEGIN:VCALENDAR\r\n" + fill("BEGIN:VEVENT\r\nRECURRENCE-ID:20240101T000000Z\r\nEND:VEVENT\r\n") + "END:VCALENDAR",
		"time zones":          "BEGIN:VCALENDAR\r\n" + fill("BEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\n") + "END:VCALENDAR",
		"other time zones":    event(fill("RDATE;TZID=Europe/Berlin:20240101T000000\r\n")),
		"unpaired components": "BEGIN:VCALENDAR\r\n" + fill("BEGIN:VEVENT\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR\r\n"),
	}
}

const hostileSize = 1 << 15

// Each takes seconds at worst on a slow machine under the race detector; quadratic time takes minutes.
func TestCost_ofHostileObjectsInTime(t *testing.T) {
	for name, text := range hostile(hostileSize) {
		began := time.Now()
		data := []byte(text)
		Lint(data, KindUnknown)
		_, _ = Inspect(data)
		repaired, fixes := Repair(data, KindUnknown, Every())
		if back, err := undo(fixes, repaired); err != nil || !bytes.Equal(back, data) {
			t.Errorf("%s: undo: %v", name, err)
		}
		Compare(data, repaired, KindUnknown)
		InjectScheduleAgent(data)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: took %v", name, took)
		} else if took > time.Second {
			t.Logf("%s: took %v", name, took)
		}
	}
}

// peakOf returns the most octets on the heap, with garbage, while do runs.
func peakOf(do func()) uint64 {
	debug.FreeOSMemory()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.Tick(time.Millisecond); ; {
			select {
			case <-stop:
				return
			case <-tick:
				runtime.ReadMemStats(&now)
				most.Store(max(most.Load(), now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc)))
			}
		}
	}()
	do()
	close(stop)
	<-done
	return most.Load()
}

// Memory hangs on the bounds and on the size, and not on what an object is made of. Before there were bounds some of
// these needed gigabytes.
func TestCost_ofHostileObjectsInMemory(t *testing.T) {
	const most = 220 << 20
	for name, text := range hostile(1 << 20) {
		data := []byte(text)
		for what, do := range map[string]func(){
			"Inspect": func() { _, _ = Inspect(data) },
			"Repair":  func() { _, _ = Repair(data, KindUnknown, Every()) },
			"Compare": func() { Compare(data, append(data[:len(data):len(data)], '\n'), KindUnknown) },
		} {
			if peak := peakOf(do); peak > most {
				t.Errorf("%s: %s needed %d MiB", name, what, peak>>20)
			}
		}
	}
}
