// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"errors"
	"strings"
)

// Script is an existing script, taken apart as far as a move needs.
type Script struct {
	Require   []string  // extensions, in its order
	Redirects []string  // addresses that it forwards to
	Answers   bool      // it answers, refuses or notifies, or does what nobody here knows
	Includes  []Include // scripts that it calls
	uses      []use     // of mailboxes
	doubts    []Doubt
	commands  []node
	source    string
	lines     []int // where they end
}

// Acts reports whether the script sends something by itself. One that calls another may.
func (s *Script) Acts() bool { return s.Answers || len(s.Redirects) > 0 || len(s.Includes) > 0 }

// Missing returns the extensions that it requires and the server does not offer.
func (s *Script) Missing(offered Capabilities) []string {
	var missing []string
	for _, e := range s.Require {
		if !offered.Has(e) {
			missing = append(missing, e)
		}
	}
	return missing
}

// Read takes a script apart. It knows the grammar (RFC 5228 section 8.2) and no extension: what it
// has not heard of is passed by. The error names the line that is no Sieve.
func Read(script string) (*Script, error) {
	if len(script) > maxScript {
		return nil, errors.New("it is longer than any server takes")
	}
	p := &reader{lexer: lexer{in: strings.TrimPrefix(script, "\ufeff")}, script: &Script{}}
	p.script.source = p.in
	if err := p.advance(); err != nil {
		return nil, err
	}
	var err error
	if p.script.commands, err = p.commands(0); err != nil {
		return nil, err
	}
	if p.now.kind != end {
		return nil, p.wrong("a "+p.now.value+" too many", p.now.from)
	}
	p.script.study()
	return p.script, nil
}

// reader follows the grammar.
type reader struct {
	lexer
	now    token
	last   int // where the token before it ends
	script *Script
}

func (p *reader) advance() (err error) {
	p.last = p.now.to
	p.now, err = p.next()
	return err
}

func (p *reader) is(value string) bool { return p.now.kind == mark && p.now.value == value }

// commands reads until the end or a closing brace.
func (p *reader) commands(depth int) ([]node, error) {
	var all []node
	for p.now.kind == word {
		n, err := p.command(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

func (p *reader) command(depth int) (node, error) {
	if depth > maxDepth {
		return node{}, p.wrong("blocks inside of blocks without end", p.now.from)
	}
	n, err := p.named(depth)
	if err != nil {
		return n, err
	}
	switch {
	case p.is(";"):
		return n, p.advance()
	case !p.is("{"):
		return n, p.wrong("no semicolon behind "+n.name, p.now.from)
	}
	if err := p.advance(); err != nil {
		return n, err
	}
	if n.block, err = p.commands(depth + 1); err != nil {
		return n, err
	}
	if !p.is("}") {
		return n, p.wrong("no closing brace", p.now.from)
	}
	return n, p.advance()
}

// named reads the name of a command or test with its arguments.
func (p *reader) named(depth int) (n node, err error) {
	n = node{name: p.now.value, from: p.now.from}
	if err := p.advance(); err != nil {
		return n, err
	}
	n.args, n.tests, err = p.arguments(depth)
	n.to = p.last
	return n, err
}

// arguments reads arguments and the tests behind them.
func (p *reader) arguments(depth int) (args []argument, tests []node, err error) {
	for {
		switch {
		case p.now.kind == tag:
			args = append(args, argument{tag: p.now.value})
		case p.now.kind == number:
			args = append(args, argument{number: p.now.value})
		case p.now.kind == text:
			args = append(args, argument{texts: []token{p.now}})
		case p.is("["):
			texts, err := p.stringList()
			if err != nil {
				return nil, nil, err
			}
			args = append(args, argument{texts: texts})
		case p.now.kind == word:
			test, err := p.test(depth + 1)
			return args, []node{test}, err
		case p.is("("):
			tests, err := p.testList(depth + 1)
			return args, tests, err
		default:
			return args, nil, nil
		}
		if err := p.advance(); err != nil {
			return nil, nil, err
		}
	}
}

// stringList ends on the closing bracket.
func (p *reader) stringList() ([]token, error) {
	var texts []token
	for {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.is("]") && len(texts) == 0 {
			return nil, nil
		}
		if p.now.kind != text {
			return nil, p.wrong("no string in a list of strings", p.now.from)
		}
		texts = append(texts, p.now)
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.is("]") {
			return texts, nil
		}
		if !p.is(",") {
			return nil, p.wrong("no comma between strings", p.now.from)
		}
	}
}

func (p *reader) test(depth int) (node, error) {
	if depth > maxDepth {
		return node{}, p.wrong("tests inside of tests without end", p.now.from)
	}
	if p.now.kind != word {
		return node{}, p.wrong("no test where one must be", p.now.from)
	}
	return p.named(depth)
}

func (p *reader) testList(depth int) ([]node, error) {
	var tests []node
	for {
		if err := p.advance(); err != nil {
			return nil, err
		}
		test, err := p.test(depth)
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
		if p.is(")") {
			return tests, p.advance()
		}
		if !p.is(",") {
			return nil, p.wrong("no comma between tests", p.now.from)
		}
	}
}
