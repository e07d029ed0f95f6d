// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"strings"
	"unicode"
)

// response is one line of the server, with its literals, in generic form.
type response struct {
	tag          string // "" when untagged
	continuation bool
	number       uint64 // of "* 12 EXISTS"
	numbered     bool   // there was one
	octets       int    // of its values
	delivered    bool   // a FETCH response that somebody asked for
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

// value is one element of a response: an atom, a string (quoted or literal), NIL (with its spelling)
// or a list.
type value struct {
	kind kind
	str  string
	list []value
}

// words returns the atoms and strings among the fields.
func (r *response) words() []string { return value{list: r.fields}.strings() }

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

// strings returns the atoms and strings of a list value. NIL counts as an atom there: it may be the
// name of a keyword.
func (v value) strings() []string {
	var all []string
	for _, item := range v.list {
		if item.kind != kindList {
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
		if end := codeEnd(rest); end > 0 {
			code, args, _ := strings.Cut(rest[1:end], " ")
			r.code, r.codeArgs = printable(strings.ToUpper(code)), args
			rest = strings.TrimLeft(rest[end+1:], " ")
		}
	}
	r.text = printable(rest)
}

// codeEnd finds the bracket that closes a response code. One inside a list or quotes does not:
// servers put keywords into PERMANENTFLAGS as they are.
func codeEnd(s string) int {
	quoted := false
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case quoted:
		case s[i] == '(':
			depth++
		case s[i] == ')':
			depth--
		case s[i] == ']' && depth <= 0:
			return i
		}
	}
	return strings.IndexByte(s, ']') // quotes or parentheses without end
}

// printable bounds server text and takes control characters out, so that it can be shown.
func printable(s string) string {
	const limit = 500
	if len(s) > limit {
		s = s[:limit] + "..."
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
