// SPDX-License-Identifier: Apache-2.0

package sievemodel

import (
	"fmt"
	"regexp"
	"strings"
)

// command is a command or a test.
type command struct {
	name   string
	tags   map[string][]string // to the strings behind it, if it takes any
	number string              // of size
	texts  [][]string          // arguments that belong to no tag
	tests  []command
	block  []command
}

// pieces are the tokens of a script (RFC 5228 section 8.1). Blanks and comments come first, so that they can be dropped.
var pieces = regexp.MustCompile(`(?s)^(?:(\s+|#[^\n]*\n?|/\*.*?\*/)|text:[ \t]*(?:#[^\n]*)?\r?\n(.*?\n|)\.\r?\n|` +
	`("(?:[^"\\]|\\.)*")|(:?[A-Za-z_][A-Za-z_0-9]*)|([0-9]+[KMGkmg]?)|([][(){},;]))`)

var escapes = regexp.MustCompile(`(?s)\\(.)`)

type piece struct {
	kind byte // 's' string, 'w' word or tag, 'n' number, 'm' mark
	text string
}

func split(script string) ([]piece, error) {
	var all []piece
	for at := 0; at < len(script); {
		m := pieces.FindStringSubmatchIndex(script[at:])
		if m == nil {
			return nil, fmt.Errorf("no Sieve at %.20q", script[at:])
		}
		group := func(n int) string {
			if m[2*n] < 0 {
				return ""
			}
			return script[at:][m[2*n]:m[2*n+1]]
		}
		switch {
		case m[2] >= 0:
		case m[4] >= 0:
			text := "\n" + strings.ReplaceAll(group(2), "\r\n", "\n")
			text = strings.ReplaceAll(text, "\n..", "\n.")[1:]
			all = append(all, piece{'s', strings.ReplaceAll(text, "\n", "\r\n")})
		case m[6] >= 0:
			quoted := group(3)
			all = append(all, piece{'s', escapes.ReplaceAllString(quoted[1:len(quoted)-1], "$1")})
		case m[8] >= 0:
			all = append(all, piece{'w', strings.ToLower(group(4))})
		case m[10] >= 0:
			all = append(all, piece{'n', strings.ToUpper(group(5))})
		default:
			all = append(all, piece{'m', group(6)})
		}
		at += m[1]
	}
	return all, nil
}

// parser eats pieces from the front.
type parser struct{ rest []piece }

func parse(script string) ([]command, error) {
	all, err := split(script)
	if err != nil {
		return nil, err
	}
	p := &parser{all}
	commands := p.commands()
	if len(p.rest) > 0 {
		return nil, fmt.Errorf("%q is left over", p.rest[0].text)
	}
	return commands, nil
}

func (p *parser) peek(text string) bool {
	return len(p.rest) > 0 && p.rest[0].kind == 'm' && p.rest[0].text == text
}

func (p *parser) take(text string) bool {
	if p.peek(text) {
		p.rest = p.rest[1:]
		return true
	}
	return false
}

func (p *parser) commands() []command {
	var all []command
	for len(p.rest) > 0 && p.rest[0].kind == 'w' {
		c := p.command()
		if p.take("{") {
			c.block = p.commands()
			p.take("}")
		} else if !p.take(";") {
			return all
		}
		all = append(all, c)
	}
	return all
}

// command reads one with its arguments and tests.
func (p *parser) command() command {
	c := command{name: p.rest[0].text, tags: map[string][]string{}}
	p.rest = p.rest[1:]
	tag := ""
	for len(p.rest) > 0 {
		next := p.rest[0]
		switch {
		case next.kind == 'w' && next.text[0] == ':':
			tag = next.text[1:]
			c.tags[tag] = []string{}
			p.rest = p.rest[1:]
			if takesText(tag) {
				c.tags[tag] = p.strings()
			}
		case next.kind == 'n':
			c.number = next.text
			p.rest = p.rest[1:]
		case next.kind == 's' || p.peek("["):
			c.texts = append(c.texts, p.strings())
		case next.kind == 'w':
			c.tests = []command{p.command()}
			return c
		case p.take("("):
			for !p.take(")") && len(p.rest) > 0 {
				c.tests = append(c.tests, p.command())
				p.take(",")
			}
			return c
		default:
			return c
		}
	}
	return c
}

func takesText(tag string) bool {
	switch tag {
	case "comparator", "flags", "subject", "from", "addresses", "handle", "fcc", "specialuse", "count", "value":
		return true
	}
	return false
}

func (p *parser) strings() []string {
	if !p.take("[") {
		text := p.rest[0].text
		p.rest = p.rest[1:]
		return []string{text}
	}
	var all []string
	for !p.take("]") && len(p.rest) > 0 {
		all = append(all, p.rest[0].text)
		p.rest = p.rest[1:]
		p.take(",")
	}
	return all
}
