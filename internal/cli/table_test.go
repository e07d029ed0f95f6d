// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestTable_alignsByColumnsOfTheTerminal(t *testing.T) {
	t.Parallel()
	table := newTable("mailbox", "messages", "note").alignRight(1)
	table.add("INBOX", "7", "")
	table.add("受信トレイ", "12,345", "wide")
	table.add("cafe\u0301", "1", "combining")
	table.add("📦", "2", "emoji")
	table.add("evil\x1b[2J\nrow", "3", "control")
	var out bytes.Buffer
	if err := table.write(&out, false); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"mailbox       messages  note",
		"INBOX                7",
		"受信トレイ      12,345  wide",
		"cafe\u0301                 1  combining",
		"📦                   2  emoji",
		"evil\uFFFD[2J row         3  control",
		"",
	}, "\n")
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTable_colours(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	table := newTable("a", "verdict").coloured(1, verdictTone)
	table.add("b", "equal")
	if err := table.write(&out, true); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), boldOn+"a  verdict"+allOff+"\nb  "+greenOn+"equal"+allOff+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Nothing is shown that tells nothing, and nothing at all without rows.
func TestTable_neverAPageOfZeros(t *testing.T) {
	t.Parallel()
	for want, rows := range map[string][][]string{
		"":                nil,
		"ACCOUNT\nanna\n": {{"anna", "0", "0 B", ""}},
		"ACCOUNT  COPIED  WHY\nanna         12\nben           0  no\n": {{"anna", "12", "0 B", ""}, {"ben", "0", "0 B", "no"}},
	} {
		table := newTable("ACCOUNT", "COPIED", "SIZE", "WHY").alignRight(1, 2)
		for _, row := range rows {
			table.add(row...)
		}
		var out bytes.Buffer
		if err := table.write(&out, false); err != nil || out.String() != want {
			t.Errorf("got %v, %q, want %q", err, out.String(), want)
		}
	}
}

// Whatever a table holds, it fits the terminal, and every word of it can still be read.
func TestTable_fits(t *testing.T) {
	t.Parallel()
	numbers := []string{"ACCOUNT"}
	wide := []string{"somebody.with.a.long.name@a-long-domain-name.example.com"}
	for i := range 14 {
		numbers = append(numbers, fmt.Sprintf("GONE AT DESTINATION%d", i))
		wide = append(wide, "1,234,567")
	}
	for name, test := range map[string]struct {
		header, row []string
		right       []int
	}{
		"words": {[]string{"ACCOUNT", "SOURCE", "DESTINATION", "REASON"}, []string{
			"anna@example.com", "/addressbooks/anna%40example.com/default/", "/anna%40example.com/contacts/ and more words than fit",
			"because " + strings.Repeat("x", 90),
		}, nil},
		"numbers": {numbers, wide, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}},
		"titles": {[]string{"ACCOUNT", "ALREADY AT THE DESTINATION", "GONE AT THE DESTINATION", "HELD BACK UNTIL THE SWITCH"}, []string{
			"anna@example.com", "1", "2", "3"}, []int{1, 2, 3}},
		"wide": {[]string{"ACCOUNT", "MAILBOX"}, []string{"anna@example.com", strings.Repeat("受信トレイ", 20)}, nil},
	} {
		for _, columns := range []int{narrowest, 80, 132} {
			table := newTable(test.header...).alignRight(test.right...)
			table.add(test.row...)
			var out bytes.Buffer
			page := &paper{w: &out, columns: columns}
			if err := table.write(page, false); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				if n := cells(strings.TrimRight(line, "\n")); n > columns && strings.Contains(strings.TrimSpace(line), " ") {
					t.Errorf("%s at %d: a line of %d columns:\n%s", name, columns, n, out.String())
				}
			}
			plain := strings.NewReplacer(" ", "", "\n", "").Replace(out.String())
			for _, cell := range test.row {
				if letters := strings.Count(plain, cell[len(cell)-1:]); letters == 0 {
					t.Errorf("%s at %d: %q is not there", name, columns, cell)
				}
			}
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add("anna@example.com", "受信 トレイ/x", "12", 80)
	f.Add("", "\x1b", "\xff", 30)
	f.Fuzz(func(t *testing.T, a, b, c string, columns int) {
		table := newTable("A", "B B", "C").alignRight(2)
		table.add(a, b, c)
		var out bytes.Buffer
		page := &paper{w: &out, columns: columns % 200}
		if err := table.write(page, false); err != nil {
			t.Fatal(err)
		}
	})
}

// Lines are broken between words; what somebody copies stays whole.
func TestPaper_breaksLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	page := &paper{w: &out, columns: 30}
	fmt.Fprint(page, "a short line\n  -> check that the account was imported, and more\nerror: the key ",
		"sha256/"+strings.Repeat("x", 40), " is another\nend")
	if err := page.flush(); err != nil {
		t.Fatal(err)
	}
	want := "a short line\n  -> check that the account\n     was imported, and more\nerror: the key\n  sha256/" +
		strings.Repeat("x", 40) + "\n  is another\nend"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := broken("a b", 0); got != "a b" {
		t.Errorf("in a pipe: got %q", got)
	}
}

// COLUMNS counts where there is no terminal; nonsense does not.
func TestNewPaper(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int{"": 0, "80": 80, "7": 0, "wide": 0, "-5": 0} {
		getenv := func(string) string { return value }
		if got := newPaper(&bytes.Buffer{}, getenv).columns; got != want {
			t.Errorf("COLUMNS=%s: got %d, want %d", value, got, want)
		}
	}
}

func TestCells(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "abc": 3, "äöü": 3, "日本": 4, "e\u0301": 1, "\u200b": 0, "ＡＢ": 4, "한글": 4} {
		if got := cells(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"日本語", 4, "日…"}, {"", 0, ""}, {"abc", 1, "…"}} {
		if got := cut(test.text, test.n); got != test.want {
			t.Errorf("cut(%q, %d): got %q, want %q", test.text, test.n, got, test.want)
		}
	}
}

func TestPalette_needsATerminal(t *testing.T) {
	t.Parallel()
	nothing := func(string) string { return "" }
	if paletteFor(&bytes.Buffer{}, nothing) {
		t.Error("a buffer got colours")
	}
	if got := palette(false).red("x"); got != "x" {
		t.Errorf("got %q, want plain text", got)
	}
}

// One row with a very long cell does not fill all the others with blanks where lines may be of any length.
func TestTable_oneLongCell(t *testing.T) {
	t.Parallel()
	table := newTable("LIST", "MEMBERS", "NEXT STEP")
	long := strings.Repeat("anna@example.com, ", 1000)
	table.add("all", long, "create it")
	for range 100 {
		table.add("one", "anna@example.com", "create it too")
	}
	var out strings.Builder
	if err := table.write(&out, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), long) {
		t.Error("the long cell is not whole")
	}
	if most := 2*len(long) + 100*2*mostFilled; out.Len() > most {
		t.Errorf("the table has %d octets, more than %d", out.Len(), most)
	}
}
