// SPDX-License-Identifier: Apache-2.0

package sieve

import "strings"

// deed says what an action does (RFC 5228 section 4 and its extensions).
func (s *Script) deed(n node) string {
	for _, words := range []func(node) string{delivers, sends, marks, steers} {
		if said := words(n); said != "" {
			return said
		}
	}
	return s.verbatim(n)
}

// delivers has the words for what decides where the message is kept; "" if it has none.
func delivers(n node) string {
	it := "it"
	if n.has("copy") {
		it = "a copy"
	}
	switch {
	case n.name == "fileinto" && n.only("copy", "flags", "create", "specialuse") && len(n.at(0)) == 1:
		return "save " + it + " in " + place(n, n.at(0)) + withFlags(n)
	case n.name == "keep" && n.only("flags") && len(n.positional()) == 0:
		return "keep it in INBOX" + withFlags(n)
	case n.name == "discard" && len(n.args) == 0:
		// It takes away only what happens without any rule (RFC 5228 section 4.4).
		return "delete it, unless another action saves it"
	}
	return ""
}

// place says which mailbox is meant (RFC 5490 section 3.2, RFC 8579 section 4).
func place(n node, name []token) string {
	words := quotedList(name)
	if use := n.after("specialuse"); use != nil {
		words = "the mailbox for " + strings.Join(plain(use), " ") + " or, if there is none, in " + words
	}
	if n.has("create") {
		words += ", which is made if it is missing"
	}
	return words
}

func withFlags(n node) string {
	switch flags := flagsOf(n.after("flags")); {
	case !n.has("flags"):
		return ""
	case len(flags) == 0:
		return ", without flags"
	default:
		return ", with only " + flagWords(flags)
	}
}

// flagsOf are the flags in strings, which may hold several each (RFC 5232 section 2).
func flagsOf(tokens []token) []string { return strings.Fields(strings.Join(values(tokens), " ")) }

func flagWords(flags []string) string {
	if len(flags) == 1 {
		return "the flag " + flags[0]
	}
	return "the flags " + strings.Join(flags, " ")
}

// sends has the words for what sends something, or hands the message to a program.
func sends(n node) string {
	first := n.at(0)
	it := "it"
	if n.has("copy") {
		it = "a copy"
	}
	switch n.name {
	case "redirect":
		if n.only("copy") && len(first) == 1 {
			return "forward " + it + " to " + plain(first)[0]
		}
	case "reject", "ereject":
		if n.only() {
			return "reject it with the text " + excerpts(first)
		}
	case "pipe":
		if n.only("copy", "try") && len(first) == 1 {
			return "pass " + it + " to the program " + quotedList(first) + arguments(n.at(1))
		}
	case "filter":
		if n.only() && len(first) == 1 {
			return "rewrite it with the program " + quotedList(first) + arguments(n.at(1))
		}
	case "execute":
		if n.only("pipe") && len(first) == 1 {
			return "run the program " + quotedList(first) + arguments(n.at(1))
		}
	case "report":
		if n.only("headers_only") && len(n.positional()) == 3 {
			return "report it to " + strings.Join(plain(n.at(2)), ", ") + " as " + quotedList(first) + ", with the text " + excerpts(n.at(1))
		}
	case "notify":
		return notifies(n)
	case "vacation":
		return away(n)
	}
	return ""
}

func arguments(tokens []token) string {
	if len(tokens) == 0 {
		return ""
	}
	return " with " + quotedList(tokens)
}

// notifies has the words for a notification (RFC 5435 section 3, and the draft before it, which names the way by a tag).
func notifies(n node) string {
	to := n.at(0)
	if to == nil {
		to = n.after("method")
	}
	if to == nil || !n.only("message", "importance", "from", "method", "options", "id", "high", "normal", "low", "fcc", "create", "flags") {
		return ""
	}
	words := "send a notification to " + quotedList(to)
	if options := n.after("options"); options != nil {
		words += " with " + quotedList(options)
	}
	if from := n.after("from"); from != nil {
		words += " from " + quotedList(from)
	}
	if message := n.after("message"); message != nil {
		words += ", with the text " + excerpts(message)
	}
	return words + fcc(n, "notification")
}

// away has the words for a vacation (RFC 5230 section 4).
func away(n node) string {
	if !n.only("days", "seconds", "subject", "from", "addresses", "mime", "handle", "fcc", "create", "flags", "specialuse") {
		return ""
	}
	words := "reply to the sender"
	if days := n.number("days"); days != "" {
		words += ", at most once in " + plural(days, "day")
	} else if seconds := n.number("seconds"); seconds != "" {
		words += ", at most once in " + plural(seconds, "second")
	}
	if addresses := n.after("addresses"); len(addresses) > 0 {
		words += ", also for mail to " + strings.Join(plain(addresses), ", ")
	}
	if from := n.after("from"); from != nil {
		words += ", from " + strings.Join(plain(from), ", ")
	}
	words += ", with"
	if title := n.after("subject"); title != nil {
		words += " the subject " + excerpts(title) + " and"
	}
	text := " the text "
	if n.has("mime") {
		text = " the MIME text "
	}
	return words + text + excerpts(n.last()) + fcc(n, "reply")
}

// fcc says where a copy of what is sent goes (RFC 8580).
func fcc(n node, what string) string {
	name := n.after("fcc")
	if name == nil {
		return ""
	}
	return ", and save a copy of the " + what + " in " + place(n, name) + withFlags(n)
}

// marks has the words for what changes the message. A flag goes to what is saved behind it (RFC 5232 section 2).
func marks(n node) string {
	first := n.at(0)
	switch args := len(n.positional()); n.name {
	case "setflag", "addflag", "removeflag":
		flags := flagsOf(first)
		if args != 1 || !n.only() || len(flags) == 0 {
			return ""
		}
		return map[string]string{"setflag": "set only ", "addflag": "set ", "removeflag": "remove "}[n.name] + flagWords(flags)
	case "addheader":
		if args == 2 && n.only("last") {
			return "add the header field " + quotedList(first) + " with the text " + excerpts(n.at(1))
		}
	case "deleteheader":
		if args == 1 && n.only() {
			return "delete each header field " + quotedList(first)
		}
	case "set":
		if args == 2 && n.only() {
			return "remember " + excerpts(n.at(1)) + " as " + quotedList(first)
		}
	}
	return ""
}

// steers has the words for what decides which rules run.
func steers(n node) string {
	switch n.name {
	case "stop":
		return "stop processing rules"
	case "return":
		return "stop processing the rules of this script"
	case "break":
		if n.only() {
			return "look at no further part"
		}
	case "global":
		return "share with other scripts what is remembered as " + quotedList(n.at(0))
	case "error":
		return "stop with the error " + excerpts(n.at(0))
	case "include":
		if !n.only("personal", "global", "once", "optional") || len(n.at(0)) != 1 {
			return ""
		}
		words := "run the script " + quotedList(n.at(0))
		if n.has("global") {
			words = "run the server's script " + quotedList(n.at(0))
		}
		if n.has("optional") {
			words += " if there is one"
		}
		if n.has("once") {
			words += ", once only"
		}
		return words
	}
	return ""
}
