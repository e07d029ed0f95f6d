// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"slices"
	"strconv"
	"strings"
)

// Form is what a script says without how it is written: white space, comments, capitals of names and both ways to write a
// string or a list of one (RFC 5228 section 2.4.2.1) do not count, and neither does the order of what it requires. Two scripts
// of one form do the same; two that do the same may have two forms.
func (s *Script) Form() string {
	f := former{source: s.source}
	require := slices.Clone(s.Require)
	slices.Sort(require)
	f.strings(slices.Compact(require))
	f.commands(s.commands)
	return f.String()
}

// Idle reports whether the script leaves every message to the server, which keeps it in INBOX.
func (s *Script) Idle() bool {
	return !slices.ContainsFunc(s.commands, func(n node) bool {
		return n.name != "require" && n.name != "stop" && (n.name != "keep" || len(n.args) > 0) && !n.off()
	})
}

// former writes each string with its length in front, so that nothing in one can look like what stands around it.
type former struct {
	strings.Builder
	source string
}

func (f *former) commands(all []node) {
	f.WriteByte('{')
	for _, n := range all {
		if n.name == "require" {
			continue
		}
		f.node(n)
		if n.block != nil || n.branches() {
			f.commands(n.block)
		}
		f.WriteByte(';')
	}
	f.WriteByte('}')
}

func (f *former) node(n node) {
	f.WriteString(n.name)
	for _, a := range n.args {
		switch {
		case a.tag != "":
			f.WriteString(" :" + a.tag)
		case a.number != "":
			f.WriteString(" " + strings.ToUpper(a.number))
		default:
			f.strings(f.written(a.texts))
		}
	}
	f.WriteByte('(')
	for _, t := range n.tests {
		f.node(t)
		f.WriteByte(',')
	}
	f.WriteByte(')')
}

func (f *former) strings(all []string) {
	f.WriteString(" [")
	for _, text := range all {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		f.WriteString(strconv.Itoa(len(text)) + ":" + text)
	}
	f.WriteByte(']')
}

// written are strings as they stand in the script. What they stand for may look like a variable, and be none.
func (f *former) written(tokens []token) []string {
	all := make([]string, len(tokens))
	for i, t := range tokens {
		again, err := (&lexer{in: f.source, at: t.from}).next()
		if err == nil {
			t = again // it was read from there before
		}
		all[i] = t.value
	}
	return all
}
