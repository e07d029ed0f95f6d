// SPDX-License-Identifier: Apache-2.0

package sieve

import "slices"

// node is a command or a test.
type node struct {
	name  string
	args  []argument
	tests []node
	block []node // what runs if the tests hold
	from  int
	to    int // behind its arguments and tests, without the block
}

// argument is one argument of a command or test; a tag and what follows it are two.
type argument struct {
	tag    string
	number string
	texts  []token
}

// branches reports whether the command is there for its block.
func (n node) branches() bool { return n.name == "if" || n.name == "elsif" || n.name == "else" }

// valued are the tags that an argument belongs to, in any command or test that takes them: what follows any other stands
// by itself. RFC 5228 section 2.6.2, and the extensions below the names.
func valued(tag string) bool {
	switch tag {
	case "comparator", "over", "under", // RFC 5228
		"count", "value", // RFC 5231
		"content",                                                            // RFC 5173
		"days", "seconds", "subject", "from", "addresses", "handle", "flags", // RFC 5230, 6131, 5232
		"fcc", "specialuse", "mailboxid", "mailbox", // RFC 8580, 8579, 9042; a snooze of Cyrus
		"index", "zone", // RFC 5260
		"importance", "options", "message", "method", "id", "priority", // RFC 5435 and its draft
		"uniqueid", "header", // RFC 7352
		"name", "param", "first", // RFC 5703
		"notify", "ret", "bytimerelative", "bytimeabsolute", "bymode", // RFC 6009
		"input", "output", // of Dovecot's programs
		"outcome", "reason", "calendarid", "organizers": // RFC 9671
		return true
	}
	return false
}

// positional returns the arguments that are no tag and belong to none.
func (n node) positional() []argument {
	var all []argument
	for i := 0; i < len(n.args); i++ {
		if n.args[i].tag == "" {
			all = append(all, n.args[i])
			continue
		}
		if valued(n.args[i].tag) && i+1 < len(n.args) && n.args[i+1].tag == "" {
			i++
		}
	}
	return all
}

func (n node) has(tag string) bool {
	return slices.ContainsFunc(n.args, func(a argument) bool { return a.tag == tag })
}

// after returns the strings behind a tag.
func (n node) after(tag string) []token {
	i := slices.IndexFunc(n.args, func(a argument) bool { return a.tag == tag })
	if i < 0 || i+1 >= len(n.args) {
		return nil
	}
	return n.args[i+1].texts
}

// number returns the number behind a tag.
func (n node) number(tag string) string {
	i := slices.IndexFunc(n.args, func(a argument) bool { return a.tag == tag })
	if i < 0 || i+1 >= len(n.args) {
		return ""
	}
	return n.args[i+1].number
}

// last returns the strings of the last argument: what has no tag stands behind what has one (RFC 5228 section 2.6.2).
func (n node) last() []token {
	if len(n.args) == 0 {
		return nil
	}
	return n.args[len(n.args)-1].texts
}

func values(tokens []token) []string {
	var all []string
	for _, t := range tokens {
		all = append(all, t.value)
	}
	return all
}
