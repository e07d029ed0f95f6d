// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"fmt"
	"slices"
	"strings"
)

// Rule is one rule of a script in plain words, for who has to enter it elsewhere or to ask for it.
type Rule struct {
	Words string   // `if Subject contains "offer": save it in "Offers"; stop processing rules`
	Deeds []string // the names of its actions, each once: "fileinto", "redirect", "vacation", "stop"
	Off   bool     // its test never holds: programs switch a rule off that way
}

// Acts reports whether the rule sends something, or calls a script that may.
func (r Rule) Acts() bool { return !r.Off && slices.ContainsFunc(r.Deeds, acts) }

// Describe says what the script does, rule by rule in its order. Words are used for what is understood to its last
// argument; all else is given in the script's own, because words that leave something out are wrong.
func (s *Script) Describe() []Rule {
	var rules []Rule
	for _, n := range s.commands {
		if n.name == "require" {
			continue
		}
		r := Rule{Words: s.sentence(n), Off: n.off()}
		r.note(n)
		rules = append(rules, r)
	}
	return rules
}

func (r *Rule) note(n node) {
	for _, t := range n.tests {
		if acts(t.name) {
			r.deed(t.name)
		}
		r.note(node{name: "if", tests: t.tests})
	}
	if n.branches() || n.name == "foreverypart" {
		for _, inner := range n.block {
			r.note(inner)
		}
		return
	}
	r.deed(n.name)
}

func (r *Rule) deed(name string) {
	if !slices.Contains(r.Deeds, name) {
		r.Deeds = append(r.Deeds, name)
	}
}

// off reports whether the command does nothing: its block never runs, and its test, which a server may try, sends nothing.
func (n node) off() bool {
	return n.branches() && len(n.tests) == 1 && n.tests[0].never() && !n.tests[0].tries()
}

// tries reports whether a test, or one in it, may send something.
func (n node) tries() bool { return acts(n.name) || slices.ContainsFunc(n.tests, node.tries) }

// never and always tell tests whose answer is fixed (RFC 5228 sections 5.2 to 5.10).
func (n node) never() bool {
	switch n.name {
	case "false":
		return true
	case "not":
		return len(n.tests) == 1 && n.tests[0].always()
	case "allof":
		return slices.ContainsFunc(n.tests, node.never)
	case "anyof":
		return len(n.tests) > 0 && !slices.ContainsFunc(n.tests, func(t node) bool { return !t.never() })
	}
	return false
}

func (n node) always() bool {
	switch n.name {
	case "true":
		return true
	case "not":
		return len(n.tests) == 1 && n.tests[0].never()
	case "anyof":
		return slices.ContainsFunc(n.tests, node.always)
	case "allof":
		return len(n.tests) > 0 && !slices.ContainsFunc(n.tests, func(t node) bool { return !t.always() })
	}
	return false
}

// sentence renders a command with its block. A block inside of another one is in brackets, so that one can tell where it
// ends.
func (s *Script) sentence(n node) string {
	if !n.branches() && n.name != "foreverypart" {
		return s.deed(n)
	}
	var deeds []string
	for _, inner := range n.block {
		words := s.sentence(inner)
		if inner.branches() || inner.name == "foreverypart" {
			words = "(" + words + ")"
		}
		deeds = append(deeds, words)
	}
	if len(deeds) == 0 {
		deeds = []string{"do nothing"}
	}
	return s.head(n) + ": " + strings.Join(deeds, "; ")
}

func (s *Script) head(n node) string {
	head := "if " + s.all(n.tests, " and ")
	switch {
	case n.name == "foreverypart":
		return "for every part of the message"
	case n.name == "else":
		return "otherwise"
	case n.off():
		head = "switched off, never done"
	case len(n.tests) == 1 && n.tests[0].always():
		head = "always"
	}
	switch {
	case n.name != "elsif":
		return head
	case head == "always":
		return "otherwise"
	}
	return "otherwise, " + head
}

// only reports whether a command or test has no other tags than these.
func (n node) only(tags ...string) bool {
	return !slices.ContainsFunc(n.args, func(a argument) bool { return a.tag != "" && !slices.Contains(tags, a.tag) })
}

// at returns the strings of a positional argument.
func (n node) at(i int) []token {
	if args := n.positional(); i < len(args) {
		return args[i].texts
	}
	return nil
}

func plural(n, noun string) string {
	if n != "1" {
		noun += "s"
	}
	return n + " " + noun
}

func plain(tokens []token) []string {
	texts := values(tokens)
	for i, t := range texts {
		texts[i] = oneLine(t)
	}
	return texts
}

// quotedList lists strings, each in quotes.
func quotedList(tokens []token) string {
	texts := plain(tokens)
	for i, t := range texts {
		texts[i] = `"` + t + `"`
	}
	return strings.Join(texts, ", ")
}

// either lists strings of which one is enough.
func either(tokens []token) string {
	if len(tokens) == 1 {
		return quotedList(tokens)
	}
	return "one of " + quotedList(tokens)
}

// every lists strings of which none may be missing, behind the words for one and those for several.
func every(one, several string, tokens []token) string {
	if len(tokens) == 1 {
		return one + " " + quotedList(tokens)
	}
	return several + " " + quotedList(tokens)
}

// longest is how much of a text the words repeat; the whole is in the script.
const longest = 300

func excerpts(tokens []token) string {
	return `"` + shortened(strings.Join(plain(tokens), " ")) + `"`
}

func shortened(text string) string {
	if letters := []rune(text); len(letters) > longest {
		return string(letters[:longest]) + " ..."
	}
	return text
}

// verbatim is the script's own text of a command or test.
func (s *Script) verbatim(n node) string {
	return fmt.Sprintf("Sieve: %s", shortened(oneLine(s.source[n.from:n.to])))
}
