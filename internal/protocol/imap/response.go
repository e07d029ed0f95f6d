// SPDX-License-Identifier: Apache-2.0

package imap

import "strings"

// response is one line of the server, with its literals, in generic form.
type response struct {
	tag          string // "" when untagged
	continuation bool
	number       uint32 // of "* 12 EXISTS"
	name         string // upper case: OK, NO, BAD, BYE, PREAUTH, LIST, STATUS ...
	fields       []value
	code         string // upper case, of "[CODE args]"
	codeArgs     string
	text         string
	uids         UIDSet // of SEARCH, which may hold millions of numbers
}

// kind of a value.
type kind uint8

const (
	kindAtom kind = iota
	kindString
	kindNil
	kindList
)

// value is one element of a response: an atom, a string (quoted or literal), NIL or a list.
type value struct {
	kind kind
	str  string
	list []value
}

// words returns the atoms and strings among the fields.
func (r *response) words() []string {
	var words []string
	for _, f := range r.fields {
		if f.kind == kindAtom || f.kind == kindString {
			words = append(words, f.str)
		}
	}
	return words
}

// field returns the i-th field, or NIL when there is none.
func (r *response) field(i int) value {
	if i < len(r.fields) {
		return r.fields[i]
	}
	return value{kind: kindNil}
}

func (r *response) statusError(command string) *StatusError {
	return &StatusError{Kind: r.name, Command: command, Code: r.code, Text: r.text}
}

// strings returns the atoms and strings of a list value.
func (v value) strings() []string {
	var all []string
	for _, item := range v.list {
		if item.kind == kindAtom || item.kind == kindString {
			all = append(all, item.str)
		}
	}
	return all
}

// text returns the string form, "" for NIL and lists.
func (v value) text() string {
	if v.kind == kindAtom || v.kind == kindString {
		return v.str
	}
	return ""
}

// isStatus reports whether name starts a response text (RFC 9051, section 7.1).
func isStatus(name string) bool {
	switch name {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return true
	}
	return false
}

// parseText splits "[CODE args] text" into the response.
func (r *response) parseText(line string) {
	rest := strings.TrimLeft(line, " ")
	if strings.HasPrefix(rest, "[") {
		if end := strings.IndexByte(rest, ']'); end > 0 {
			code, args, _ := strings.Cut(rest[1:end], " ")
			r.code, r.codeArgs = strings.ToUpper(code), args
			rest = strings.TrimLeft(rest[end+1:], " ")
		}
	}
	r.text = printable(rest)
}

// printable bounds server text and takes control characters out, so that it can be shown.
func printable(s string) string {
	const limit = 500
	if len(s) > limit {
		s = s[:limit] + "..."
	}
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, s), "?")
}
