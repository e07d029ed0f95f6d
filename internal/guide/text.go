// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rehome"
)

// textWidth is where lines of the text end, if they have blanks (RFC 5322 section 2.1.1 asks for 78 characters at most).
const textWidth = 72

// Text writes the page as text, with lines that end in "\n". Pictures are left out: the values stand in words.
func (p Page) Text() []byte {
	t := &textWriter{quotes: strings.Fields(p.sheet.Quotes)}
	t.heading(p.sheet.Title, "=")
	t.paragraph("", p.sheet.Greeting)
	t.end()
	for _, l := range p.sheet.Lead {
		t.paragraph("", l)
	}
	for _, one := range p.sheet.parts() {
		t.part(one)
	}
	return []byte(strings.TrimSpace(t.b.String()) + "\n")
}

// Letter writes the letter with somebody's temporary password, in a language of the book. It is secret, and no part of a page.
func (b *Book) Letter(code string, o Organisation, login string, password rehome.Secret) ([]byte, error) {
	l, known := b.languages[code]
	if !known {
		l = b.languages[b.fallback]
	}
	text, err := l.letter(o, login, password)
	return []byte(text), err
}

func (l *language) letter(o Organisation, login string, password rehome.Secret) (string, error) {
	const place = "{password}" // it is put in as it is: a password may hold anything
	text, err := l.say("letter", struct {
		Organisation, Login, Password string
		PasswordStays                 bool
	}{tidy(o.Name), login, place, o.PasswordStays})
	var letter strings.Builder
	for _, one := range parse(text) {
		letter.WriteString(strings.Replace(one.Plain(), place, password.Reveal(), 1) + "\n\n")
	}
	return letter.String(), err
}

type textWriter struct {
	b      strings.Builder
	quotes []string // around words on a screen
}

func (t *textWriter) end() { t.b.WriteString("\n") }

func (t *textWriter) heading(text, under string) {
	t.b.WriteString("\n" + text + "\n" + strings.Repeat(under, utf8.RuneCountInString(text)) + "\n\n")
}

func (t *textWriter) part(p part) {
	t.heading(p.Head, "-")
	for i, b := range p.Blocks {
		if i > 0 && len(b.Rows) == 0 && !b.empty() {
			t.end()
		}
		for _, l := range append(b.Paragraphs, b.Notes...) {
			t.paragraph("", l)
		}
		for _, l := range b.Bullets {
			t.paragraph("- ", l)
		}
		for n, l := range b.Steps {
			t.paragraph(strconv.Itoa(n+1)+". ", l)
		}
		for _, r := range b.Rows {
			t.row(r)
		}
		for _, c := range b.Codes {
			t.paragraph("", line{{plainText, c.Elsewhere}})
		}
		for _, l := range b.Links {
			t.b.WriteString("- " + l.Label + ":\n  " + l.URL + "\n")
		}
		for verse := range strings.Lines(b.Verbatim) {
			t.b.WriteString("    " + strings.TrimRight(verse, "\n") + "\n")
		}
	}
}

// empty reports whether a block says nothing.
func (b block) empty() bool {
	return len(b.Paragraphs)+len(b.Bullets)+len(b.Steps)+len(b.Notes)+len(b.Rows)+len(b.Codes)+len(b.Links)+len(b.Verbatim) == 0
}

func (t *textWriter) row(r row) {
	if len(r.Value) == 0 {
		t.b.WriteString("\n" + r.Label + "\n")
		return
	}
	t.b.WriteString("  " + r.Label + ": " + t.shown(r.Value))
	if len(r.Old) > 0 {
		t.b.WriteString(" (" + t.shown(r.Old) + ")")
	}
	t.end()
}

// shown is a line without its marks: words on a screen in quotes, names that run from right to left kept apart.
func (t *textWriter) shown(l line) string {
	var b strings.Builder
	for _, s := range l {
		switch {
		case s.Kind == uiText && len(t.quotes) == 2:
			b.WriteString(t.quotes[0] + s.Text + t.quotes[1])
		case s.Kind == nameText && strings.ContainsFunc(s.Text, runsLeft):
			b.WriteString("\u2068" + s.Text + "\u2069") // FIRST STRONG ISOLATE and its end (UAX #9)
		default:
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

func runsLeft(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
}

// paragraph writes a line behind a mark such as "- ", folded at blanks and hung behind the mark.
func (t *textWriter) paragraph(mark string, l line) {
	at := utf8.RuneCountInString(mark)
	indent := strings.Repeat(" ", at)
	t.b.WriteString(mark)
	for i, word := range strings.Fields(t.shown(l)) {
		width := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+width > textWidth:
			t.b.WriteString("\n" + indent)
			at = len(indent)
		default:
			t.b.WriteString(" ")
			at++
		}
		t.b.WriteString(word)
		at += width
	}
	t.end()
}
