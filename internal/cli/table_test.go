// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
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
	if err := newTable("a").write(&out, true); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), boldOn+"a"+allOff+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
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
