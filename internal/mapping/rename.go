// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// rewrite applies the patterns to a source name.
func (r Rules) rewrite(name string) string {
	for _, pattern := range r.Patterns {
		name = pattern.Match.ReplaceAllString(name, pattern.Replace)
	}
	return name
}

func (r Rules) excludes(name string) bool {
	for _, match := range r.Exclude {
		if match.MatchString(name) {
			return true
		}
	}
	return false
}

// usable says that a destination name given by a rule is one: it exists, or it has no empty part
// and no control character and is well-formed.
func (p *planner) usable(name string) bool {
	if _, found := p.exact[name]; found {
		return true
	}
	return utf8.ValidString(name) && !strings.ContainsFunc(name, neverAllowed) &&
		!slices.Contains(strings.Split(name, p.dst.separator()), "")
}

// neverAllowed names what RFC 9051 section 5.1 keeps out of every mailbox name.
func neverAllowed(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// alphabet knows what a part of a name may hold at the destination.
type alphabet struct {
	refused    string
	substitute string
	trim       bool
}

func newAlphabet(dst End, rules Rules) alphabet {
	// Stores that keep a mailbox in a directory refuse "/" even where it is no delimiter.
	a := alphabet{refused: rules.Refused + dst.separator() + "/", substitute: rules.Substitute, trim: rules.TrimBlanks}
	if strings.ContainsAny(a.substitute, a.refused+" .~") || strings.ContainsFunc(a.substitute, neverAllowed) {
		a.substitute = "" // it would need a substitute itself
	}
	return a
}

// spell returns the part as the destination can hold it. Without a substitute every change can be
// turned back: ASCII becomes its full-width twin, a control character its picture.
func (a alphabet) spell(part string, top bool) string {
	part = strings.ToValidUTF8(part, "\ufffd")
	if a.trim {
		part = cmp.Or(strings.Trim(part, " "), "_")
	}
	// Dovecot refuses dots alone and a leading tilde (measured with 2.3): a path must not leave the
	// mail store.
	dots := part == "." || part == ".."
	var b strings.Builder
	for i, r := range part {
		switch {
		case neverAllowed(r):
			b.WriteRune(picture(r))
		case dots, top && i == 0 && r == '~', strings.ContainsRune(a.refused, r):
			b.WriteString(a.standIn(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (a alphabet) standIn(r rune) string {
	const fullWidth = '！' - '!'
	switch {
	case a.substitute != "":
		return a.substitute
	case r > ' ' && r < '\u007f':
		return string(r + fullWidth)
	case r == ' ':
		return "\u3000"
	}
	return "\ufffd"
}

// picture returns the sign that Unicode has for showing a control character.
func picture(r rune) rune {
	switch {
	case r < ' ':
		return '\u2400' + r
	case r == '\u007f':
		return '\u2421'
	}
	return '\ufffd'
}
