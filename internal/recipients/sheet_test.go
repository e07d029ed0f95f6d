// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"strings"
	"testing"

	"rehome/internal/protocol/imap"
)

func TestParseSheet_readsWhatAPersonHasWritten(t *testing.T) {
	t.Parallel()
	head := strings.Join(sheetHeader, ",") + "\n"
	all, err := parseSheet([]byte("\xef\xbb\xbf" + head + "fax@a.test,undecided,,2,2026-11-20, Drop ,x\njobs@a.test,undecided,,1,,,\n"))
	if err != nil || len(all) != 2 || all[0].Decision != Drop || all[1].Decision != "" {
		t.Errorf("got %+v and %v, want drop and nothing", all, err)
	}
	for text, want := range map[string]string{
		"Address;State\n":                  "first line",
		head + "fax@a.test,,,,,perhaps,\n": "line 2 is neither",
		head + "nobody,,,,,,\n":            "line 2 has no @",
		head + "a,b\n":                     "wrong number of fields",
		"":                                 "first line",
	} {
		if _, err := parseSheet([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestLast_keepsTheHighestUIDs(t *testing.T) {
	t.Parallel()
	uids := imap.NewUIDSet(1, 2, 3, 7, 9, 10)
	for n, want := range map[int]string{1: "10", 3: "7,9:10", 4: "3,7,9:10", 99: "1:3,7,9:10", 0: ""} {
		if got := last(uids, n).String(); got != want {
			t.Errorf("last %d: got %q, want %q", n, got, want)
		}
	}
}
