// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"rehome"
)

func TestLogger_levels(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		verbose int
		quiet   bool
		least   slog.Level
	}{{0, false, slog.LevelWarn}, {1, false, slog.LevelInfo}, {2, false, slog.LevelDebug}, {3, true, slog.LevelError}} {
		f, _ := testFrame(false)
		f.verbose, f.quiet = test.verbose, test.quiet
		log := slog.New(f.screenHandler())
		if !log.Enabled(context.Background(), test.least) || log.Enabled(context.Background(), test.least-1) {
			t.Errorf("-v %d times, quiet %v: want %v and worse", test.verbose, test.quiet, test.least)
		}
	}
}

func TestLogger_formSuitsTheReader(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		terminal, json bool
		want           string
	}{
		"terminal": {true, false, "WRN slow account=anna@example.org password=***\n"},
		"pipe":     {false, false, "level=WARN msg=slow account=anna@example.org password=***\n"},
		"program":  {true, true, `"level":"WARN","msg":"slow","account":"anna@example.org","password":"***"}`},
	} {
		f, out := testFrame(test.terminal)
		f.json = test.json
		slog.New(f.screenHandler()).Warn("slow", "account", "anna@example.org", "password", rehome.NewSecret("hunter2"))
		if got := out.String(); !strings.Contains(got, test.want) || strings.Contains(got, "hunter2") {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
