// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// first parses a card of these lines and returns its first property.
func first(tb testing.TB, lines string) Line {
	tb.Helper()
	doc, err := Parse([]byte("BEGIN:VCARD\r\n" + lines + "\r\nEND:VCARD\r\n"))
	if err != nil || len(doc.Components[0].lines) == 0 {
		tb.Fatalf("%q: %v", lines, err)
	}
	return *doc.Components[0].lines[0]
}

func TestParse_lines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lines, group, name, params, text string }{
		{"FN:Anna", "", "FN", "", "Anna"},
		{"item1.tel;type=cell:1", "item1", "TEL", "TYPE=cell", "1"},
		{"TEL;CELL;voice:1", "", "TEL", "TYPE=CELL TYPE=VOICE", "1"},
		{"TEL;TYPE=cell,home;PREF=1:1", "", "TEL", "TYPE=cell|home PREF=1", "1"},
		{`X;CN="a;b:c,d",e:v`, "", "X", "CN=a;b:c,d|e", "v"},
		{`X;CN=a^nb^'c^^:v`, "", "X", "CN=a\nb\"c^", "v"},
		{"FN:An\r\n na\r\n\t B", "", "FN", "", "Anna B"},
		{"FN:An\n na", "", "FN", "", "Anna"},
		{"FN:\xc3\r\n \xa9", "", "FN", "", "é"},
		{"FN:Caf\xe9", "", "FN", "", "Café"},
		{`NOTE:a\nb\, c\; \\ \x`, "", "NOTE", "", "a\nb, c; \\ \\x"},
		{"FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:J=F6rg=\r\n M=FCller", "", "FN", "CHARSET=ISO-8859-1 ENCODING=QUOTED-PRINTABLE", "Jörg Müller"},
		{"FN;QUOTED-PRINTABLE:a=3Db=\r\nc:d", "", "FN", "ENCODING=QUOTED-PRINTABLE", "a=bc:d"},
		{"FN;CHARSET=ISO-8859-1:Jörg", "", "FN", "CHARSET=ISO-8859-1", "Jörg"},
		{"no colon", "", "", "", "no colon"},
		{"X;A=\"b:v", "", "X", "A=b", "v"},
	} {
		line := first(t, c.lines)
		var params []string
		for _, param := range line.Params {
			params = append(params, param.Name+"="+strings.Join(param.Values, "|"))
		}
		got := fmt.Sprintf("%s %s %s %q", line.Group, line.Name, strings.Join(params, " "), line.Text())
		if want := fmt.Sprintf("%s %s %s %q", c.group, c.name, c.params, c.text); got != want {
			t.Errorf("%q: got %s, want %s", c.lines, got, want)
		}
	}
}

func TestParse_onlyCR(t *testing.T) {
	t.Parallel()
	doc, err := Parse(sample(t, "cr.ics"))
	if err != nil || len(doc.Components[0].Children) != 1 || len(doc.Components[0].Children[0].lines) != 5 {
		t.Errorf("got %+v, %v", doc, err)
	}
}

func TestParse_encoding(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Encoding{
		"event.ics": EncodingUTF8, "split_character.ics": EncodingUTF8, "latin1.ics": EncodingWindows1252, "double.ics": EncodingUTF8,
	} {
		if doc, err := Parse(sample(t, name)); err != nil || doc.Encoding != want {
			t.Errorf("%s: got %s (%v), want %s", name, doc.Encoding, err, want)
		}
	}
	mixed := "BEGIN:VCARD\r\nFN:Caf\xe9\r\nNOTE:Café\r\nEND:VCARD\r\n"
	if doc, _ := Parse([]byte(mixed)); doc.Encoding != EncodingMixed {
		t.Errorf("got %s, want %s", doc.Encoding, EncodingMixed)
	}
}

func TestParse_refusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":     {nil, "line 1, column 1: no BEGIN:VCARD and no BEGIN:VCALENDAR"},
		"a page":    {[]byte("<html>"), "line 1, column 1: no BEGIN:VCARD and no BEGIN:VCALENDAR"},
		"all lines": {bytes.Repeat([]byte("A:\n"), maxLines+1), "line 50001, column 1: more than 50000 lines"},
	} {
		_, err := Parse(c.data)
		var place *SyntaxError
		if !errors.As(err, &place) || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func TestParse_nestingIsBounded(t *testing.T) {
	t.Parallel()
	doc, err := Parse([]byte(strings.Repeat("BEGIN:VCALENDAR\r\n", 100) + strings.Repeat("END:VCALENDAR\r\n", 100)))
	if err != nil {
		t.Fatal(err)
	}
	depth := 0
	for c := doc.Components; len(c) > 0; c = c[0].Children {
		depth++
	}
	if depth != maxDepth || len(doc.Problems) != 1 || doc.Problems[0].Code != CodeTooDeep {
		t.Errorf("depth %d, problems %v", depth, doc.Problems)
	}
}
