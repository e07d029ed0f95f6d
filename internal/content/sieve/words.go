// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"fmt"
	"net/textproto"
	"slices"
	"strings"
)

// Rule is one rule of a script in plain words, for who has to enter it elsewhere or to ask for it.
type Rule struct {
	Words string   // `if Subject contains "offer": save it in "Offers"; stop processing rules`
	Deeds []string // the names of its actions, each once: "fileinto", "redirect", "vacation", "stop"
}

// Acts reports whether the rule sends something, or calls a script that may.
func (r Rule) Acts() bool { return slices.ContainsFunc(r.Deeds, acts) }

// Describe says what the script does, rule by rule in its order. What it has no words for it gives in
// the script's own.
func (s *Script) Describe() []Rule {
	var rules []Rule
	for _, n := range s.commands {
		if n.name == "require" {
			continue
		}
		r := Rule{Words: s.sentence(n)}
		r.note(n)
		rules = append(rules, r)
	}
	return rules
}

func (r *Rule) note(n node) {
	if n.branches() {
		for _, inner := range n.block {
			r.note(inner)
		}
		return
	}
	if !slices.Contains(r.Deeds, n.name) {
		r.Deeds = append(r.Deeds, n.name)
	}
}

// sentence renders a command with its block.
func (s *Script) sentence(n node) string {
	if !n.branches() {
		return s.deed(n)
	}
	var deeds []string
	for _, inner := range n.block {
		deeds = append(deeds, s.sentence(inner))
	}
	if len(deeds) == 0 {
		deeds = []string{"do nothing"}
	}
	head := "otherwise"
	if n.name != "else" {
		head = "if " + s.all(n.tests, " and ")
	}
	if n.name == "elsif" {
		head = "otherwise, " + head
	}
	return head + ": " + strings.Join(deeds, "; ")
}

// deed says what an action does (RFC 5228 section 4 and its extensions).
func (s *Script) deed(n node) string {
	first := n.strings(0)
	it := "it"
	if n.has("copy") {
		it = "a copy"
	}
	switch n.name {
	case "fileinto":
		return "save " + it + " in " + either(first)
	case "redirect":
		return "forward " + it + " to " + strings.Join(plain(first), ", ")
	case "keep":
		return "keep it in INBOX"
	case "discard":
		return "delete it silently"
	case "stop":
		return "stop processing rules"
	case "reject", "ereject":
		return "reject it with the text " + excerpts(first)
	case "setflag", "addflag":
		return "set the flag " + strings.Join(plain(first), " ")
	case "removeflag":
		return "remove the flag " + strings.Join(plain(first), " ")
	case "include":
		return "run the script " + either(first)
	case "pipe", "execute", "filter":
		return "pass it to the program " + either(first)
	case "vacation":
		return s.away(n)
	}
	return s.verbatim(n)
}

// away says what a vacation does (RFC 5230 section 4).
func (s *Script) away(n node) string {
	often := ""
	if days := n.number("days"); days != "" {
		often = ", at most once in " + plural(days, "day")
	} else if seconds := n.number("seconds"); seconds != "" {
		often = ", at most once in " + plural(seconds, "second")
	}
	subject := ""
	if title := n.after("subject"); title != nil {
		subject = " the subject " + excerpts(title) + " and"
	}
	return "reply to the sender" + often + ", with" + subject + " the text " + excerpts(n.strings(0))
}

func plural(n, noun string) string {
	if n != "1" {
		noun += "s"
	}
	return n + " " + noun
}

// all joins tests; joint is " and " or " or ".
func (s *Script) all(tests []node, joint string) string {
	words := make([]string, len(tests))
	for i, t := range tests {
		words[i] = s.test(t)
		if len(tests) > 1 && (t.name == "allof" || t.name == "anyof") && len(t.tests) > 1 {
			words[i] = "(" + words[i] + ")"
		}
	}
	return strings.Join(words, joint)
}

// test says what a test asks (RFC 5228 section 5 and its extensions).
func (s *Script) test(n node) string {
	switch n.name {
	case "allof":
		return s.all(n.tests, " and ")
	case "anyof":
		return s.all(n.tests, " or ")
	case "not":
		return "not (" + s.all(n.tests, " and ") + ")"
	case "true":
		return "in any case"
	case "false":
		return "never"
	case "exists":
		return "it has the header field " + either(n.strings(0))
	case "size":
		return s.size(n)
	case "mailboxexists":
		return "there is a mailbox " + either(n.strings(0))
	case "header", "address", "envelope":
		return s.compared(n)
	case "body":
		if relation := n.relation(); relation != "" {
			return "the text " + relation + " " + either(n.strings(0))
		}
	}
	return s.verbatim(n)
}

func (s *Script) size(n node) string {
	for _, than := range [][2]string{{"over", "larger"}, {"under", "smaller"}} {
		if octets := n.number(than[0]); octets != "" {
			return "it is " + than[1] + " than " + octets
		}
	}
	return s.verbatim(n)
}

// compared says what is compared with what, for tests with a list of fields and a list of keys.
func (s *Script) compared(n node) string {
	relation := n.relation()
	if relation == "" {
		return s.verbatim(n)
	}
	fields := plain(n.strings(1))
	for i, name := range fields {
		fields[i] = textproto.CanonicalMIMEHeaderKey(name)
	}
	part := strings.Join(fields, " or ")
	if n.name == "envelope" {
		part = "the envelope's " + part
	}
	switch {
	case n.has("domain"):
		part = "the domain in " + part
	case n.has("localpart"):
		part = "the part before the @ in " + part
	}
	return part + " " + relation + " " + either(n.strings(0))
}

// relation says how a test compares; "" if there are no words for it. Without a tag it is :is
// (RFC 5228 section 2.7.1).
func (n node) relation() string {
	switch {
	case n.has("count"), n.has("value"), n.has("list"), n.has("user"), n.has("detail"):
		return ""
	case n.has("contains"):
		return "contains"
	case n.has("matches"):
		return "matches"
	case n.has("regex"):
		return "matches the regular expression"
	}
	return "is"
}

func plain(tokens []token) []string {
	texts := values(tokens)
	for i, t := range texts {
		texts[i] = oneLine(t)
	}
	return texts
}

// either lists strings of which one is enough.
func either(tokens []token) string {
	texts := plain(tokens)
	for i, t := range texts {
		texts[i] = `"` + t + `"`
	}
	return strings.Join(texts, " or ")
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
