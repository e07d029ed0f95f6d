// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"fmt"
	"strings"
)

// kind of a token (RFC 5228 section 8.1).
type kind int

const (
	word   kind = iota // identifier
	tag                // :identifier
	number             // with its K, M or G
	text               // a string of either form
	mark               // one of ( ) { } [ ] , ;
	end
)

// token is a piece of a script with its place.
type token struct {
	kind     kind
	value    string // of a string, what it means
	from, to int
}

// maxScript and maxDepth bound what is read: servers take far less.
const (
	maxScript = 4 << 20
	maxDepth  = 64
)

// lexer takes a script apart.
type lexer struct {
	in string
	at int
}

func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	if l.at >= len(l.in) {
		return token{kind: end, from: l.at, to: l.at}, nil
	}
	from := l.at
	c := l.in[l.at]
	switch {
	case strings.IndexByte("(){}[],;", c) >= 0:
		l.at++
		return token{mark, l.in[from:l.at], from, l.at}, nil
	case c == '"':
		return l.quoted()
	case c == ':':
		l.at++
		name := l.identifier()
		if name == "" {
			return token{}, l.wrong("a colon without a name", from)
		}
		return token{tag, strings.ToLower(name), from, l.at}, nil
	case c >= '0' && c <= '9':
		for l.at < len(l.in) && (isDigit(l.in[l.at]) || strings.IndexByte("kKmMgG", l.in[l.at]) >= 0) {
			l.at++
		}
		return token{number, l.in[from:l.at], from, l.at}, nil
	}
	name := l.identifier()
	if name == "" {
		return token{}, l.wrong(fmt.Sprintf("the character %q", c), from)
	}
	if strings.EqualFold(name, "text") && l.at < len(l.in) && l.in[l.at] == ':' {
		return l.multiLine(from)
	}
	return token{word, strings.ToLower(name), from, l.at}, nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (l *lexer) identifier() string {
	from := l.at
	for l.at < len(l.in) {
		c := l.in[l.at]
		if c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || l.at > from && isDigit(c) {
			l.at++
			continue
		}
		break
	}
	return l.in[from:l.at]
}

// skip passes white space and both kinds of comment.
func (l *lexer) skip() error {
	for l.at < len(l.in) {
		rest := l.in[l.at:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			l.at++
		case rest[0] == '#':
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest) - 1
			}
			l.at += n + 1
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return l.wrong("a comment without an end", l.at)
			}
			l.at += n + 4
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) quoted() (token, error) {
	from := l.at
	var value strings.Builder
	for l.at++; l.at < len(l.in); l.at++ {
		switch c := l.in[l.at]; {
		case c == '"':
			l.at++
			return token{text, value.String(), from, l.at}, nil
		case c == '\\' && l.at+1 < len(l.in):
			l.at++
			value.WriteByte(l.in[l.at])
		default:
			value.WriteByte(c)
		}
	}
	return token{}, l.wrong("a string without an end", from)
}

// multiLine reads what stands between "text:" and a line of a single dot.
func (l *lexer) multiLine(from int) (token, error) {
	head, _, found := strings.Cut(l.in[l.at+1:], "\n")
	if rest := strings.TrimLeft(strings.TrimSuffix(head, "\r"), " \t"); !found || rest != "" && rest[0] != '#' {
		return token{}, l.wrong("text: without a line below", from)
	}
	l.at += 1 + len(head) + 1
	var value strings.Builder
	for l.at < len(l.in) {
		line, _, _ := strings.Cut(l.in[l.at:], "\n")
		l.at = min(l.at+len(line)+1, len(l.in))
		line = strings.TrimSuffix(line, "\r")
		if line == "." {
			return token{text, value.String(), from, l.at}, nil
		}
		value.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
	}
	return token{}, l.wrong("a text: without an end", from)
}

// wrong names the line, for people.
func (l *lexer) wrong(what string, at int) error {
	return fmt.Errorf("line %d: %s", 1+strings.Count(l.in[:at], "\n"), what)
}
