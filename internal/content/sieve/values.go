// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// How much is followed: a string with more values, or a longer one, counts as unknown, and so does every variable of a script that
// has more of them, or is too long for them. Servers take 128 variables of 4,000 octets for sure (RFC 5229 section 3); a name of a
// mailbox is shorter.
const (
	maxValues    = 16
	maxLength    = 4000
	maxVariables = 256
	maxSteps     = 1 << 20 // commands, times variables
)

// possible are the values that a string can have while the script runs.
type possible struct {
	values  []string // in order, each once
	unknown bool     // it can have any
}

func just(value string) possible { return possible{values: []string{value}} }

// or is what a string can be that comes from either of two ways.
func (p possible) or(q possible) possible {
	if p.unknown || q.unknown {
		return possible{unknown: true}
	}
	all := append(slices.Clone(p.values), q.values...)
	slices.Sort(all)
	all = slices.Compact(all)
	return possible{values: all, unknown: len(all) > maxValues}
}

// each changes every value; one that cannot be told makes the whole unknown.
func (p possible) each(change func(string) (string, bool)) possible {
	if p.unknown {
		return p
	}
	out := possible{}
	for _, v := range p.values {
		changed, told := change(v)
		if !told {
			return possible{unknown: true}
		}
		out = out.or(just(changed))
	}
	return out
}

// before are all values of p with all of q behind them.
func (p possible) before(q possible) possible {
	if p.unknown || q.unknown || len(p.values)*len(q.values) > maxValues {
		return possible{unknown: true}
	}
	out := possible{}
	for _, v := range p.values {
		for _, w := range q.values {
			if len(v)+len(w) > maxLength {
				return possible{unknown: true}
			}
			out = out.or(just(v + w))
		}
	}
	return out
}

// state is what the variables can be at some place in the script. One that is not in it has never been set and is empty
// (RFC 5229 section 3).
type state map[string]possible

func (s state) of(variable string) possible {
	if p, set := s[variable]; set {
		return p
	}
	return just("")
}

// or is the state where two ways meet.
func (s state) or(t state) state {
	out := state{}
	for name := range s {
		out[name] = s[name].or(t.of(name))
	}
	for name := range t {
		out[name] = s.of(name).or(t[name])
	}
	return out
}

// meaning says what strings of this script stand for. Without its extension each form is plain text.
type meaning struct {
	encoded   bool // encoded-character (RFC 5228 section 2.4.2.4)
	variables bool // RFC 5229
	crowded   bool // there are too many variables to follow them
}

// decode resolves encoded characters, and reports whether one of them is of those that mark a variable. What has no valid
// form, and a character that does not exist, stays as it is.
func (m meaning) decode(text string) (decoded string, marks bool) {
	if !m.encoded {
		return text, false
	}
	var out strings.Builder
	for {
		at := strings.Index(text, "${")
		if at < 0 {
			return out.String() + text, marks
		}
		out.WriteString(text[:at])
		text = text[at+2:]
		end := strings.IndexAny(text, "}$") // no valid form has a "$", and a text full of "${" must not be looked through for each
		decoded, valid := "", false
		if end >= 0 && text[end] == '}' {
			decoded, valid = decodeForm(text[:end])
		}
		if !valid {
			out.WriteString("${")
			continue
		}
		out.WriteString(decoded)
		marks = marks || strings.ContainsAny(decoded, "${}")
		text = text[end+1:]
	}
}

// decodeForm decodes what stands between the braces.
func decodeForm(form string) (string, bool) {
	kind, digits, _ := strings.Cut(strings.ToLower(form), ":")
	groups := strings.Fields(digits)
	var out []byte
	for _, group := range groups {
		n, err := strconv.ParseUint(group, 16, 32)
		switch {
		case err != nil:
			return "", false
		case kind == "hex" && len(group) <= 2:
			out = append(out, byte(n))
		case kind == "unicode" && utf8.ValidRune(rune(n)):
			out = utf8.AppendRune(out, rune(n))
		default:
			return "", false
		}
	}
	return string(out), len(groups) > 0
}

// expand says what a string of the script can be in a state. Servers differ in which of the two extensions sees the text
// first: where that matters, it is unknown.
func (m meaning) expand(text string, s state) possible {
	decoded, marks := m.decode(text)
	switch {
	case !m.variables:
		return just(decoded)
	case marks:
		return possible{unknown: true}
	}
	out := just("")
	for !out.unknown {
		at := strings.Index(decoded, "${")
		if at < 0 {
			return out.before(just(decoded))
		}
		out = out.before(just(decoded[:at]))
		name, rest, closed := strings.Cut(decoded[at+2:], "}")
		switch {
		case !closed || !isVariable(name):
			out = out.before(just("${"))
			decoded = decoded[at+2:]
			continue
		case m.crowded:
			out = possible{unknown: true}
		case isDigit(name[0]) || strings.Contains(name, "."): // of a match, or of another extension
			out = possible{unknown: true}
		default:
			out = out.before(s.of(strings.ToLower(name)))
		}
		decoded = rest
	}
	return out
}

// isVariable knows the names that ${} may hold (RFC 5229 section 3).
func isVariable(name string) bool {
	if name == "" {
		return false
	}
	digits := strings.Trim(name, "0123456789") == ""
	for part := range strings.SplitSeq(name, ".") {
		l := lexer{in: part}
		if !digits && (part == "" || l.identifier() != part) {
			return false
		}
	}
	return true
}

// modify does what the modifiers of a set do, the highest precedence first (RFC 5229 section 4.1).
func modify(p possible, tags []string) possible {
	for _, tag := range []string{"lower", "upper", "lowerfirst", "upperfirst", "quotewildcard", "length"} {
		if slices.Contains(tags, tag) {
			p = p.each(func(text string) (string, bool) { return modified(tag, text) })
		}
	}
	known := []string{"lower", "upper", "lowerfirst", "upperfirst", "quotewildcard", "length"}
	if slices.ContainsFunc(tags, func(t string) bool { return !slices.Contains(known, t) }) {
		return possible{unknown: true}
	}
	return p
}

// modified applies one modifier. Which letters beyond ASCII have another case is up to the server.
func modified(tag, text string) (string, bool) {
	ascii := strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
	head := min(1, len(text))
	switch tag {
	case "lower":
		return strings.ToLower(text), ascii
	case "upper":
		return strings.ToUpper(text), ascii
	case "lowerfirst":
		return strings.ToLower(text[:head]) + text[head:], ascii
	case "upperfirst":
		return strings.ToUpper(text[:head]) + text[head:], ascii
	case "quotewildcard":
		return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(text), true
	}
	return strconv.Itoa(utf8.RuneCountInString(text)), true // length
}
