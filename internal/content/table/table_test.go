// SPDX-License-Identifier: Apache-2.0

package table

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"
)

var usual = Bounds{Octets: 1 << 20, Rows: 1000}

func isLabel(words ...string) func(string) bool {
	return func(label string) bool {
		return strings.Contains(" "+strings.Join(words, " ")+" ", " "+strings.TrimSpace(label)+" ")
	}
}

var labels = &Labels{Known: isLabel("Address", "Name", "Secret"), Key: isLabel("Address")}

// taken reads a whole table: its labels, its rows, and the lines of its problems.
func taken(t interface{ Fatalf(string, ...any) }, text string, with *Labels) (rows [][]string, broken []int, charset Charset) {
	read, err := Read(strings.NewReader(text), with, usual)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	add := func(r Row) bool {
		var cells []string
		for _, c := range r.Cells {
			cells = append(cells, c.Text)
		}
		rows = append(rows, cells)
		return true
	}
	if with != nil {
		add(read.Labels)
	}
	if err := read.Each(add, func(p Problem) bool { broken = append(broken, p.Line); return true }); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return rows, broken, read.Charset
}

func utf16Of(order binary.AppendByteOrder, text string) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

func octetsOf(t *testing.T, text string, set *charmap.Charmap) string {
	t.Helper()
	out, err := set.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRead_everyFormOfOneTable(t *testing.T) {
	t.Parallel()
	const text = "Address,Name\na@x.test,Jörg\nb@x.test,Zoë\n"
	cr := strings.ReplaceAll(text, "\n", "\r")
	for name, c := range map[string]struct {
		text string
		set  Charset
	}{
		"UTF-8":              {text, UTF8},
		"byte order mark":    {"\xef\xbb\xbf" + text, UTF8},
		"CR LF":              {strings.ReplaceAll(text, "\n", "\r\n"), UTF8},
		"CR":                 {cr, UTF8},
		"semicolons":         {strings.ReplaceAll(text, ",", ";"), UTF8},
		"tabs":               {strings.ReplaceAll(text, ",", "\t"), UTF8},
		"bars":               {strings.ReplaceAll(text, ",", "|"), UTF8},
		"told":               {"sep=;\r\n" + strings.ReplaceAll(text, ",", ";"), UTF8},
		"told in quotes":     {"\"sep=;\"\n" + strings.ReplaceAll(text, ",", ";"), UTF8},
		"told tabs":          {"sep=\t\n" + strings.ReplaceAll(text, ",", "\t"), UTF8},
		"little, mark":       {"\xff\xfe" + utf16Of(binary.LittleEndian, text), UTF16},
		"big, mark":          {"\xfe\xff" + utf16Of(binary.BigEndian, text), UTF16},
		"little, no mark":    {utf16Of(binary.LittleEndian, text), UTF16},
		"big, no mark":       {utf16Of(binary.BigEndian, text), UTF16},
		"wide CR":            {utf16Of(binary.LittleEndian, cr), UTF16},
		"Windows-1252":       {octetsOf(t, text, charmap.Windows1252), Windows1252},
		"Mac OS Roman":       {octetsOf(t, cr, charmap.Macintosh), MacRoman},
		"a title, two lines": {"All people\nas of today,\n" + text, UTF8},
		"empty lines":        {"\r\n\n" + strings.ReplaceAll(text, "\n", "\n\n,,,\n"), UTF8},
		"without a last end": {strings.TrimSuffix(text, "\n"), UTF8},
	} {
		rows, broken, set := taken(t, c.text, labels)
		want := [][]string{{"Address", "Name"}, {"a@x.test", "Jörg"}, {"b@x.test", "Zoë"}}
		if diff := cmp.Diff(want, rows); diff != "" || len(broken) > 0 || set != c.set {
			t.Errorf("%s: charset %s, broken %v, -want +got\n%s", name, set, broken, diff)
		}
	}
}

// One broken row costs itself only.
func TestEach_aQuoteThatIsNotClosedCostsItsLine(t *testing.T) {
	t.Parallel()
	text := "Address,Secret\n" +
		"a@x.test,\"hunter2\n" + "b@x.test,\"two\nlines\"\n" + "c@x.test,hun\"ter2\n" + "d@x.test,\"hunter\"2\n" + "e@x.test,ok\n" + "f@x.test,\"hunter2"
	rows, broken, _ := taken(t, text, labels)
	want := [][]string{{"Address", "Secret"}, {"b@x.test", "two\nlines"}, {"e@x.test", "ok"}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]int{2, 5, 6, 8}, broken); diff != "" {
		t.Errorf("broken lines: -want +got\n%s", diff)
	}
}

func TestRead_refusals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "empty",
		"\r\n \n":                         "empty",
		"PK\x03\x04 and so on":            "workbook",
		"\xd0\xcf\x11\xe0 and so on":      "workbook",
		"Address,Name\na@x.test,\x00\n":   "octet 0",
		"\xff\xfeA":                       "middle of a character",
		"Name,Phone\nHunter,2\n":          "no line names the columns",
		"a@x.test,Hunter\nAddress,Name\n": "line 1 holds an address",
		"Address,Name\x85a@x.test,Hunter": "line 1 holds an address", // one line, whatever 0x85 is
		"\"Address,Name\na@x.test,Hunter": "line 1: a field begins with a quote",
		"Address,Name\na@x.test,\xc0\xed\xe4\xf0\xe5\xe9\n": "not those of Western Europe",
		"Address,Name\na@x.test,W\xb3adek\n":                "not those of Western Europe",
		"Name,E-mail\n\"Hunter, 2\",x\n":                    "no line names the columns", // and nothing of quotes
		strings.Repeat("x", 1<<20+1):                        "larger than 1 MiB",
	} {
		_, err := Read(strings.NewReader(text), labels, usual)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), "Hunter") || strings.Contains(err.Error(), "x.test") {
			t.Errorf("the error shows what stands in a row: %v", err)
		}
	}
	read, err := Read(strings.NewReader("Address\n"+strings.Repeat("x\n", 1001)), labels, usual)
	if err != nil {
		t.Fatal(err)
	}
	err = read.Each(func(Row) bool { return true }, func(Problem) bool { return true })
	var unreadable *UnreadableError
	if !errors.As(err, &unreadable) || !strings.Contains(err.Error(), "more than 1000 rows") {
		t.Errorf("got %v, want too many rows", err)
	}
}

func TestRead_withoutLabels(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"semicolons": "A, the first;a@x.test\nB, the second;b@x.test\n",
		"tabs":       "A, the first\ta@x.test\nB, the second\tb@x.test\n",
		"commas":     "\"A, the first\",a@x.test\n\"B, the second\",b@x.test\n",
	} {
		rows, _, _ := taken(t, text, nil)
		if len(rows) != 2 || name == "commas" && rows[0][1] != "a@x.test" || name == "tabs" && rows[1][1] != "b@x.test" {
			t.Errorf("%s: got %q", name, rows)
		}
	}
}

func TestUnfit(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", "Jörg": "", "a\xff": "does not have", "a\ufffd": "lost a letter", strings.Repeat("x", 99): "more than 50", "a\nb": "control",
	} {
		if got := Unfit(value, 50); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func TestProblems_listIsCut(t *testing.T) {
	t.Parallel()
	p := &Problems{File: "f.csv", List: make([]Problem, maxListed+5)}
	if got := p.Error(); !strings.HasPrefix(got, "1005 problems\nf.csv:0:0: ") || !strings.HasSuffix(got, "\nand 5 more") {
		t.Errorf("got %q ... %q", got[:40], got[len(got)-20:])
	}
	if got := (&Problems{List: make([]Problem, 1)}).Error(); !strings.HasPrefix(got, "1 problem\n") {
		t.Errorf("got %q", got)
	}
}

func TestWrite_isReadBackToTheOctet(t *testing.T) {
	t.Parallel()
	cell := rapid.OneOf(rapid.String().Filter(func(s string) bool { return !strings.Contains(s, "\x00") }),
		rapid.StringMatching(`['=+@;,"| \t\r\nA-]{0,6}`), rapid.SampledFrom([]string{"-", "'=1", "''@", "＝1", "' -2", "\ufeff", "sep=,"}))
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 4), 0, 5).Draw(t, "rows")
		want = append([][]string{{"Address", "Name"}}, want...)
		var out bytes.Buffer
		if err := Write(&out, slices.Values(want)); err != nil {
			t.Fatal(err)
		}
		read, err := Read(&out, labels, usual)
		if err != nil {
			t.Fatal(err)
		}
		got := [][]string{{read.Labels.Cells[0].Text, read.Labels.Cells[1].Text}}
		rows := read.rows // not Each, which leaves out rows of blanks
		for {
			row, problem, more := rows.next()
			if !more {
				break
			}
			if problem != nil {
				t.Fatalf("%+v", problem)
			}
			var cells []string
			for _, c := range row.Cells {
				cells = append(cells, Unguard(c.Text))
				first := strings.TrimSpace(c.Text)
				if first != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(first)[0]) || strings.HasPrefix(c.Text, "\t") || strings.HasPrefix(c.Text, "\r") {
					t.Fatalf("a spreadsheet computes %q", c.Text)
				}
			}
			got = append(got, cells)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
	})
}

func TestWrite_form(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Write(&out, slices.Values([][]string{{"Alias", "No"}, {"+x@a.test", "1, 2"}, {"Jörg", ""}, {""}})); err != nil {
		t.Fatal(err)
	}
	want := "\xef\xbb\xbfAlias;No\r\n'+x@a.test;\"1, 2\"\r\nJörg;\r\n\"\"\r\n"
	if got := out.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("Address,Name\na@x.test,Jörg\n")
	f.Add("sep=;\nAddress;\"Name\"\r\"a\"\"b\";c")
	f.Add("\xff\xfeA\x00,\x00")
	f.Fuzz(func(t *testing.T, text string) {
		read, err := Read(strings.NewReader(text), labels, Bounds{Octets: 1 << 16, Rows: 100})
		if err != nil {
			return
		}
		line := read.Labels.Line
		check := func(next int) bool {
			if next <= line || next > len(text)+1 {
				t.Errorf("line %d behind line %d", next, line)
			}
			line = next
			return true
		}
		_ = read.Each(func(r Row) bool { return check(r.Line) }, func(p Problem) bool { return check(p.Line) })
	})
}
