// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/protocol/imap"
)

func TestParseSheet_readsWhatAPersonHasWritten(t *testing.T) {
	t.Parallel()
	head := strings.Join(sheetHeader, ",") + "\n"
	rows := "fax@a.test,undecided,,2,2026-11-20, Drop ,x\njobs@a.test,undecided,,1,,,\n'=x@a.test,undecided,,1,,keep,\n"
	semicolons := strings.ReplaceAll(head+rows, ",", ";")
	for name, text := range map[string]string{
		"as written by an older version": head + rows,
		"byte order mark":                "\xef\xbb\xbf" + head + rows,
		"European Excel":                 semicolons,
		"Excel's Unicode text":           "\xff\xfe" + wide(strings.ReplaceAll(head+rows, ",", "\t")),
		"a Mac":                          strings.ReplaceAll(semicolons, "\n", "\r"),
		"sep=":                           "sep=;\r\n" + semicolons,
		"a column more, another order":   "Note;decision;ADDRESS\n;Drop;mailto:fax@a.test\nask Anna;;jobs@a.test\n;keep;'=x@a.test\n",
		"empty ends left out":            "Address;Decision;NextStep\nfax@a.test;drop\njobs@a.test;\n=x@a.test;keep\n",
	} {
		all, err := parseSheet("recipients.csv", []byte(text))
		if err != nil || len(all) != 3 || all[0].Decision != Drop || all[1].Decision != "" || all[2].Address != "=x@a.test" || all[2].Decision != Keep {
			t.Errorf("%s: got %+v and %v, want drop, nothing and keep", name, all, err)
		}
	}
	for text, want := range map[string]string{
		"Address;State\n":  "no column Decision",
		"State,Decision\n": "no line names the columns",
		head + "fax@a.test,,,,,perhaps,\nx@a.test,,,,,m,":                 "r.csv:2:16: Decision is neither keep nor drop\nr.csv:3:14: Decision is neither",
		head + "nobody,,,,,,\n":                                           "r.csv:2:1: Address has no @",
		"Address;Decision\na@a.test;keep\nb@a.test;keep\nA@a.test;drop\n": "r.csv:4:1: Decision is another one",
		head + "a@a.test,b\n":                                             "ends before the column Decision",
		"":                                                                "empty",
	} {
		if _, err := parseSheet("r.csv", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func wide(text string) string {
	var out strings.Builder
	for i := range len(text) {
		out.WriteByte(text[i])
		out.WriteByte(0)
	}
	return out.String()
}

// The decisions are somebody's work.
func TestReadSheet_neverAdvisesToThrowDecisionsAway(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "recipients.csv")
	if err := os.WriteFile(file, []byte("Address;Decision\nfax@a.test;perhaps\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := ReadSheet(file)
	if hint := rehome.HintOf(err); !strings.Contains(hint, "keep a copy") || strings.Contains(hint, "remove") {
		t.Errorf("got hint %q of %v", hint, err)
	}
	all := []Recipient{{Address: "+x@a.test", State: "undecided", Decision: Drop, NextStep: "a; b"}, {Address: "b@a.test", State: "known"}}
	if err := writeSheet(file, all); err != nil {
		t.Fatal(err)
	}
	got, err := ReadSheet(file)
	if err != nil || len(got) != 2 || got[0].Address != "+x@a.test" || got[0].Decision != Drop || got[1].State != "known" {
		t.Errorf("read back: got %+v, %v", got, err)
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
