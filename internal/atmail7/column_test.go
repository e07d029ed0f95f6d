// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"

	"rehome/lab/atmail7"
)

func TestText_ofOneValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stored  string
		doubled bool
		want    string
		how     recoding
	}{
		{"", true, "", asStored},
		{"Anna", true, "Anna", asStored},
		{"Jürgen", true, "Jürgen", asStored},
		{"J\xfcrgen", true, "Jürgen", fromCP1252},
		{"\x80 \x81 \x9d", false, "€ \u0081 \u009d", fromCP1252},
		{"CafÃ©", true, "Café", fromDoubled},
		{"CafÃ©", false, "CafÃ©", looksDoubled},
		{"â‚¬", true, "€", fromDoubled},
		{"Ã\u0081rpád", true, "Ã\u0081rpád", asStored}, // half of it is encoded once: not ours to mend
		{"Ã\u0081rp", true, "Árp", fromDoubled},
		{"MATÚŠ", true, "MATÚŠ", asStored},
		{"KRÍŽ", true, "KRÍŽ", asStored},
		{"KR\xcd\x8e", true, "KRÍŽ", fromCP1252}, // a latin1 column
		{"MAT\xda\x8a", true, "MATÚŠ", fromCP1252},
		{"Hawaiʻi", true, "Hawaiʻi", asStored},
		{"Jo\u0308rg S\u030cika", true, "Jo\u0308rg S\u030cika", asStored},
		{"S\u030cika", true, "S\u030cika", asStored}, // CC 8C would be two letters of Windows-1252
		{"HOLÉŠOV", true, "HOLÉŠOV", asStored},
		{"ДМИТРИЙ", true, "ДМИТРИЙ", asStored},
		{"\xc4\xec\xe8\xf2\xf0\xe8\xe9", false, "Äìèòðèé", fromUnknown},
		{"Smith &amp; Sons &lt;x&gt;", false, "Smith & Sons <x>", asStored},
		{"Gr&uuml;&szlig;e", false, "Grüße", asStored},
		{"J\xfcrg &amp; S\xf6hne", false, "Jürg & Söhne", fromCP1252},
	} {
		if got, how := (&reading{}).text([]byte(c.stored), c.doubled); got != c.want || how != c.how {
			t.Errorf("%q, doubled %v: got %q, %q, want %q, %q", c.stored, c.doubled, got, how, c.want, c.how)
		}
	}
	told := &reading{charset: charmap.Windows1251}
	if got, how := told.text([]byte("\xc4\xec\xe8\xf2\xf0\xe8\xe9"), false); got != "Дмитрий" || how != asStored {
		t.Errorf("with the character set named: got %q, %q", got, how)
	}
}

func TestUnescaped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"R&D":                         "R&D",
		"R&amp;D":                     "R&D",
		"R&D and &lt;x&gt;":           "R&D and &lt;x&gt;", // a bare "&": nobody escaped this
		"a=1&copy=2":                  "a=1&copy=2",
		"&nosuchname; &amp;":          "&nosuchname; &amp;",
		"&amp;amp;":                   "&amp;",
		"&#39;x&#x27; &#38;":          "'x' &",
		"<p>Smith &amp; Sons</p>":     "<p>Smith &amp; Sons</p>",
		"Away &lt;until&gt; Mo &amp;": "Away <until> Mo &",
		"no; such & thing;":           "no; such & thing;",
	} {
		if got := unescaped(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestDoubledColumns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		columns []string // values between bars
		want    []bool
	}{
		{[]string{"CafÃ©|JÃ¼rg|Anna"}, []bool{true}},
		{[]string{"CafÃ©|JÃ¼rg|Jürg"}, []bool{false}}, // mixed
		{[]string{"CafÃ©|Anna"}, []bool{true}},        // nobody writes that
		{[]string{"ÅŸen|Anna"}, []bool{false}},        // one proves nothing
		{[]string{"ÅŸen|ÅŸen"}, []bool{false}},        // nor the same one again
		{[]string{"CafÃ©", "JÃ¼rg|ZoÃ«"}, []bool{true, true}},
		{[]string{"ÅŸen", "Jürg"}, []bool{false, false}},
		{[]string{"MATÚŠ|KRÍŽ|HOLÉŠOV"}, []bool{false}},
		{[]string{"Anna", ""}, []bool{false, false}},
		{nil, []bool{}},
	} {
		seen := make([]columnText, len(c.columns))
		for i, values := range c.columns {
			for value := range strings.SplitSeq(values, "|") {
				seen[i].see([]byte(value))
			}
		}
		if got := doubledColumns(seen); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %v, want %v", c.columns, got, c.want)
		}
	}
}

func TestText_undoesWhatALatin1ConnectionDid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-zÀ-žА-яα-ω一-龥]{2,10}`).Draw(t, "text")
		_, ambiguous := undouble(text)
		got, how := (&reading{}).text([]byte(decodeWith(charmap.Windows1252, []byte(text))), true)
		if !ambiguous && isWritten(text) && (got != text || (how == fromDoubled) == isASCII(text)) {
			t.Fatalf("%q came back as %q, %q", text, got, how)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add([]byte("CafÃ©"), true)
	f.Add([]byte("J\xfcrgen\x81 &amp; &#0; &#xd800;"), false)
	f.Fuzz(func(t *testing.T, stored []byte, doubled bool) {
		text, how := (&reading{}).text(stored, doubled)
		if !utf8.ValidString(text) || how == asStored && !strings.Contains(text+string(stored), "&") && text != string(stored) {
			t.Errorf("%q became %q, %q", stored, text, how)
		}
		if name := tidy(text); name != strings.TrimSpace(name) || strings.ContainsAny(name, "\r\n\t\x00") || strings.Contains(name, "  ") {
			t.Errorf("tidy(%q) = %q", text, name)
		}
	})
}

// The repair is the column's, and it is shown.
func TestOrganisation_namesEncodedTwice(t *testing.T) {
	t.Parallel()
	b := startBench(t, atmail7.Options{})
	b.exec(t, "ALTER TABLE Abook MODIFY UserLastName VARCHAR(128) CHARACTER SET latin1")
	for local, hexName := range map[string]string{"double": "43616663c3a920e282ac", "doublecjk": "e794b0e4b8ade794b1e7b480"} {
		address := local + "@example.test"
		b.add(t, atmail7.Account{Address: address, Stored: "secret"})
		b.exec(t, fmt.Sprintf("INSERT INTO Abook (Account, UserEmail, UserFirstName) VALUES ('%s', '%s', CONVERT(CONVERT(x'%s' "+
			"USING latin1) USING utf8mb4))", address, address, hexName))
	}
	b.add(t, atmail7.Account{Address: "cyr@example.test", Stored: "secret"})
	b.exec(t, "INSERT INTO Abook (Account, UserEmail, UserLastName) VALUES ('cyr@example.test', 'cyr@example.test', "+
		"CAST(x'c4ece8f2f0e8e9' AS CHAR CHARACTER SET latin1))")
	names := func() string {
		org, findings := b.organisation(t)
		var all []string
		for _, a := range org.Accounts {
			all = append(all, a.FirstName+a.LastName)
		}
		return strings.Join(append(all, codes(findings)...), "\n")
	}
	want := "Äìèòðèé\nCafcé €\n田中由紀\nname_charset_unknown cyr@example.test\nname_recoded_twice " +
		"double@example.test\nname_recoded_twice doublecjk@example.test"
	if diff := cmp.Diff(want, names()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	b.settings.Charset = "windows-1251"
	b.add(t, atmail7.Account{Address: "matus@example.test", Stored: "secret", FirstName: "MATÚŠ", LastName: "KRIZ"})
	want = "Дмитрий\nCafcÃ© â‚¬\nç”°ä¸\u00adç”±ç´€\nMATÚŠKRIZ\nname_looks_doubled double@example.test\nname_looks_doubled doublecjk@example.test"
	if diff := cmp.Diff(want, names()); diff != "" {
		t.Errorf("beside a name of another kind: -want +got\n%s", diff)
	}
	b.settings.Charset = ""
	b.exec(t, "UPDATE Abook SET UserLastName = 'KRÍŽ' WHERE Account = 'matus@example.test'") // CD 8E in latin1, which is UTF-8 too
	if got := names(); !strings.Contains(got, "\nMATÚŠKRÍŽ\n") || !strings.Contains(got, "name_recoded matus@example.test") {
		t.Errorf("got %s", got)
	}
}
