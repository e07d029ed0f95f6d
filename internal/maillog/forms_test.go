// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Logs as they come out of other places than /var/log. Each holds mail for fax@, and what else is said of it here.
func TestRead_formsOfTheField(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		told          string
		notUnderstood int
		year          int
		deliveries    int
	}{
		"journal-json":       {"to fax@a.test; pop klaus@a.test", 1, 2025, 1},
		"docker-json":        {"to fax@a.test; to jobs@a.test", 0, 2025, 2},
		"compose":            {"to fax@a.test; to fax@a.test stored", 1, 0, 1},
		"kubernetes":         {"to fax@a.test; to jobs@a.test; pop klaus@a.test", 0, 2025, 2},
		"opensmtpd":          {"to fax@a.test; to anna@a.test team@a.test; to x@y.example", 0, 0, 3},
		"journal-short-full": {"to fax@a.test; pop klaus@a.test", 1, 2025, 1},
		"plesk":              {"to fax@a.test; to jobs@a.test passed; pop klaus@a.test", 0, 0, 1},
		"cpanel":             {"to fax@a.test; to news@a.test", 0, 2025, 2},
		"zimbra":             {"to fax@a.test passed; to fax@a.test; to fax@a.test stored; pop klaus@a.test", 0, 0, 1},
		"hp-ux":              {"to fax@a.test; to jobs@a.test; pop klaus", 1, 0, 2},
		"windows-utf16":      {"to fax@a.test; pop klaus@a.test", 0, 0, 1},
	} {
		var got []string
		summary, err := Read(t.Context(), []string{filepath.Join("testdata", "forms", name+".log")}, func(e Event) {
			if e.Kind == NotUnderstood {
				return
			}
			got = append(got, told(e))
			if want.year != 0 && e.When.Year() != want.year {
				t.Errorf("%s: got the time %v, want the year %d", name, e.When, want.year)
			}
		})
		if err != nil || !slices.Equal(got, strings.Split(want.told, "; ")) || summary.NotUnderstood != want.notUnderstood ||
			summary.Deliveries != want.deliveries {
			t.Errorf("%s: got %q, %+v, %v, want %q", name, got, summary.Counts, err, want.told)
		}
	}
	// Nobody has taught it this one, and it says so.
	_, err := Read(t.Context(), []string{"testdata/forms/exchange.log"}, func(Event) {})
	if err == nil || !strings.Contains(err.Error(), "#Software: Microsoft Exchange Server") {
		t.Errorf("got %v, want its first line", err)
	}
}
