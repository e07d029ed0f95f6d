// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"database/sql"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// charsets are what a database may hold that is not UTF-8 and does not say so, by the name in the settings.
var charsets = map[string]*charmap.Charmap{
	"windows-1250": charmap.Windows1250, "windows-1251": charmap.Windows1251, "windows-1252": charmap.Windows1252,
	"windows-1253": charmap.Windows1253, "windows-1254": charmap.Windows1254, "windows-1257": charmap.Windows1257,
	"iso-8859-2": charmap.ISO8859_2, "iso-8859-15": charmap.ISO8859_15, "koi8-r": charmap.KOI8R, "koi8-u": charmap.KOI8U,
}

// each column of text is decided on as a whole. atmail 5 named no character set to its database and 6 names UTF-8, so a
// column may hold either, or UTF-8 twice, and a single value proves nothing. So all rows are read before the first is
// handed on.
//
//   - What is not UTF-8 is of the character set that the settings name, else Windows-1252, which is said.
//   - UTF-8 twice is undone only where every value of the column beyond ASCII is of that kind, and more than one is, or one
//     that nobody writes ("CafÃ©").
//   - Windows-1252 that happens to be valid UTF-8 (KRÍŽ) is told by what it would say: letters of two scripts in a word.
//   - Character references of HTML, as atmail 5 stored them, are undone in values where every "&" is one of a reference.

// columnText is what the values of one column beyond ASCII have shown.
type columnText struct {
	beyond, doubled map[string]bool
	plain           bool // one of doubled has a sequence that nobody writes
}

// enough values for the evidence of one column.
const enough = 2000

func (c *columnText) see(stored []byte) {
	if isASCII(string(stored)) || !utf8.Valid(stored) || len(c.beyond) >= enough {
		return
	}
	if c.beyond == nil {
		c.beyond, c.doubled = map[string]bool{}, map[string]bool{}
	}
	c.beyond[string(stored)] = true
	if _, is := undouble(string(stored)); is {
		c.doubled[string(stored)] = true
		c.plain = c.plain || neverWritten.Match(stored)
	}
}

// neverWritten is a letter of Western Europe encoded twice: "Ã" and a sign such as "©" or "¼".
var neverWritten = regexp.MustCompile(`[ÂÃ][\x{00A0}-\x{00A9}\x{00AB}-\x{00B4}\x{00B6}-\x{00B9}\x{00BB}-\x{00BF}]`)

// textRow is one row with, for each of its texts, how it became text.
type textRow struct {
	values []sql.RawBytes
	how    []recoding
}

// eachText is each for a table with columns that people wrote, which texts tells by their place. Their values come as text.
func (r *reading) eachText(
	ctx context.Context, object, query string, texts []int, row func(v []sql.RawBytes, how []recoding) error, args ...any,
) error {
	var rows []textRow
	var seen []columnText
	err := r.each(ctx, object, query, func(v []sql.RawBytes) error {
		if seen == nil {
			seen = make([]columnText, len(v))
		}
		kept := make([]sql.RawBytes, len(v))
		for i := range v {
			kept[i] = slices.Clone(v[i])
		}
		for _, i := range texts {
			seen[i].see(v[i])
		}
		rows = append(rows, textRow{values: kept})
		return nil
	}, args...)
	if err != nil {
		return err
	}
	doubled := doubledColumns(seen)
	for _, kept := range rows {
		kept.how = make([]recoding, len(kept.values))
		for _, i := range texts {
			if kept.values[i] != nil {
				var text string
				text, kept.how[i] = r.text(kept.values[i], doubled[i])
				kept.values[i] = sql.RawBytes(text)
			}
		}
		if err := row(kept.values, kept.how); err != nil {
			return err
		}
	}
	return nil
}

// doubledColumns decides by column, or by all columns together for one that has a single value beyond ASCII.
func doubledColumns(seen []columnText) []bool {
	beyond, twice := 0, 0
	for _, c := range seen {
		beyond += len(c.beyond)
		twice += len(c.doubled)
	}
	doubled := make([]bool, len(seen))
	for i, c := range seen {
		all := len(c.beyond) > 0 && len(c.doubled) == len(c.beyond)
		doubled[i] = all && (len(c.beyond) > 1 || c.plain || beyond == twice && beyond > 1)
	}
	return doubled
}

// text makes text of a value.
func (r *reading) text(stored []byte, doubled bool) (string, recoding) {
	text := string(stored)
	how := asStored
	once, twice := undouble(text)
	switch {
	case !utf8.Valid(stored) && r.charset != nil:
		text = decodeWith(r.charset, stored)
	case !utf8.Valid(stored):
		text = decodeWith(charmap.Windows1252, stored)
		how = fromCP1252
		if !looksWestern(stored) {
			how = fromUnknown
		}
	case twice && doubled:
		text, how = once, fromDoubled
	case twice:
		how = looksDoubled
	case !isWritten(text):
		if western := decodeWith(charmap.Windows1252, stored); isWritten(western) && !strings.ContainsFunc(western, isSign) {
			text, how = western, fromCP1252
		}
	}
	return unescaped(text), how
}

// isSign tells what is beyond ASCII and no letter.
func isSign(c rune) bool { return c >= 0x80 && !unicode.IsLetter(c) }

// looksWestern knows that no word of Western Europe has four letters in a row beyond ASCII, and hardly one has nothing else.
func looksWestern(stored []byte) bool {
	for word := range strings.FieldsFuncSeq(string(stored), func(c rune) bool { return c < 'A' }) {
		wide := 0
		for i := range len(word) {
			if word[i] >= 0x80 {
				wide++
			}
		}
		if wide > 3 || wide == len(word) && wide > 2 {
			return false
		}
	}
	return true
}

var reference = regexp.MustCompile(`&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});`)

// unescaped undoes the character references of a text that has been escaped as a whole. HTML keeps its own, and so does
// a text in which an "&" stands for itself.
func unescaped(text string) string {
	if !strings.Contains(text, "&") || looksLikeHTML(text) {
		return text
	}
	clear := reference.ReplaceAllStringFunc(text, func(r string) string {
		if plain := html.UnescapeString(r); plain != r && !strings.Contains(plain, "&") {
			return plain
		}
		return r
	})
	for _, rest := range strings.Split(clear, "&")[1:] {
		if !strings.HasPrefix(rest, "amp;") && !strings.HasPrefix(rest, "#38;") && !strings.HasPrefix(rest, "#038;") {
			return text
		}
	}
	return html.UnescapeString(strings.NewReplacer("&#038;", "&amp;", "&#38;", "&amp;").Replace(clear))
}
