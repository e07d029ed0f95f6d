// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rehome"
)

var november = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

// told renders what a line tells: kind, names and, if it is not the mail server's own, the stage.
func told(e Event) string {
	kind := map[Kind]string{NotUnderstood: "?", Nothing: "-", Delivery: "to", POPLogin: "pop", OtherLogin: "login"}[e.Kind]
	stage := map[Stage]string{Final: "", Passed: " passed", Stored: " stored"}[e.Stage]
	return strings.TrimSpace(kind + " " + strings.Join(e.Names, " ") + stage)
}

// Each file of testdata/lines has what a line tells, "|" and the line; a time may stand before the "|". The forms are
// those of the programs' own manuals and sources.
func TestLine_tells(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/lines/*.txt")
	if err != nil || len(files) < 9 {
		t.Fatalf("got %d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := newParser()
			p.latest = november
			for line := range strings.Lines(string(text)) {
				want, line, isCase := strings.Cut(strings.TrimRight(line, "\n"), "|")
				if !isCase || strings.HasPrefix(want, "#") {
					continue
				}
				want, when, _ := strings.Cut(strings.TrimSpace(want), " at ")
				event := p.line(line)
				if got := told(event); got != want {
					t.Errorf("got %q, want %q of %s", got, want, line)
				}
				if got := event.When.Format(time.RFC3339Nano); when != "" && got != when {
					t.Errorf("got the time %s, want %s of %s", got, when, line)
				}
			}
		})
	}
}

func TestSyslogTime_givesTheYear(t *testing.T) {
	t.Parallel()
	latest := time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{"Jan 2 10:00:00": "2026-01-02", "Dec 31 10:00:00": "2025-12-31",
		"Feb 29 10:00:00": "2024-02-29", "nonsense": "0001-01-01"} {
		if got, _ := syslogTime(text, latest); got.Format(time.DateOnly) != want {
			t.Errorf("%s: got %s, want %s", text, got.Format(time.DateOnly), want)
		}
	}
}

func FuzzLine(f *testing.F) {
	files, _ := filepath.Glob("testdata/lines/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			_, line, _ = strings.Cut(line, "|")
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, line string) {
		p := newParser()
		p.latest = november
		for one := range strings.Lines(line) {
			event := p.line(strings.TrimSpace(one))
			if (event.Kind == Delivery || event.Kind == POPLogin) != (len(event.Names) > 0) || len(event.Names) > maxNames+1 {
				t.Errorf("got %+v out of %q, want names with every delivery and POP3 log-in", event, one)
			}
			for _, name := range event.Names {
				if !strings.Contains(name, "@") {
					name += "@a.test"
				}
				if got, err := rehome.ParseAddress(name); err != nil || got != name {
					t.Errorf("got %q out of %q, want a name in its one form", name, one)
				}
			}
		}
	})
}
