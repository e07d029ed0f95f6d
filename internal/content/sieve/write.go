// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"slices"
	"strconv"
	"strings"
)

// Written is a script, and what of the rules it cannot hold.
type Written struct {
	Text   string   // "" when nothing is left
	Acts   bool     // it answers or forwards
	Unable []string // clauses: "cannot sort messages into mailboxes (no fileinto)"
}

// writer collects a script's body and what it requires.
type writer struct {
	offered Capabilities
	require []string
	unable  []string
	body    strings.Builder
	acts    bool
}

// Write writes rules for a server that offers the capabilities. What the server cannot do is left out
// and named; every other rule stays.
func Write(rules Rules, offered Capabilities) Written {
	w := &writer{offered: offered}
	w.block(rules)
	leaving := w.redirects(rules.Redirects)
	w.vacation(rules.Vacation)
	if leaving == stays || leaving == keepsByHand {
		for _, s := range rules.Sorts {
			w.sort(s)
		}
	}
	w.finish(leaving)
	if w.body.Len() == 0 {
		return Written{Unable: w.unable}
	}
	head := ""
	if len(w.require) > 0 {
		slices.Sort(w.require)
		head = "require " + "[\"" + strings.Join(w.require, `", "`) + "\"];\r\n"
	}
	return Written{Text: head + w.body.String(), Acts: w.acts, Unable: w.unable}
}

// need reports whether the server has the extensions, and notes them or what is missing.
func (w *writer) need(extensions ...string) bool {
	for _, e := range extensions {
		if w.offered.Has(e) {
			continue
		}
		if clause := Explain(e); !slices.Contains(w.unable, clause) {
			w.unable = append(w.unable, clause)
		}
		return false
	}
	for _, e := range extensions {
		if !slices.Contains(w.require, e) {
			w.require = append(w.require, e)
		}
	}
	return true
}

func (w *writer) block(rules Rules) {
	if len(rules.Block) == 0 || rules.Junk != "" && !w.need("fileinto") {
		return
	}
	w.body.WriteString(comment("blocked senders"))
	test := from(rules.Block)
	if len(rules.Allow) > 0 {
		test = "allof (not " + from(rules.Allow) + ", " + test + ")"
	}
	w.body.WriteString("if " + test + " {\r\n" + deliver(rules.Junk) + "    stop;\r\n}\r\n")
}

func from(patterns []string) string {
	escaped := make([]string, len(patterns))
	for i, p := range patterns {
		escaped[i] = escapeMatches(p)
	}
	return `address :all :matches "from" ` + list(escaped)
}

func deliver(mailbox string) string {
	if mailbox == "" {
		return "    discard;\r\n"
	}
	return "    fileinto " + inline(mailbox) + ";\r\n"
}

// leaving says what becomes of a message behind its forwards.
type leaving int

const (
	stays       leaving = iota // the server keeps it by itself
	keepsByHand                // a redirect took that away: the script keeps it
	leaves                     // it is only forwarded
)

// redirects writes the forwards. Without the extension copy a redirect ends the implicit keep
// (RFC 5228 section 2.10.2), so the script keeps the message itself at its end.
func (w *writer) redirects(all []Redirect) leaving {
	if len(all) == 0 {
		return stays
	}
	keep := slices.ContainsFunc(all, func(r Redirect) bool { return r.KeepCopy })
	tag := ""
	left := leaves
	switch {
	case keep && w.offered.Has("copy") && w.need("copy"):
		tag = ":copy "
		left = stays
	case keep:
		left = keepsByHand
	}
	w.body.WriteString(comment("forward"))
	for _, r := range all {
		w.body.WriteString("redirect " + tag + quote(oneLine(r.To)) + ";\r\n")
	}
	w.acts = true
	return left
}

func (w *writer) vacation(v *Vacation) {
	if v == nil || !w.need("vacation") {
		return
	}
	w.body.WriteString(comment("away") + "vacation")
	switch {
	case v.Seconds > 0 && w.offered.Has("vacation-seconds") && w.need("vacation-seconds"):
		w.body.WriteString(" :seconds " + strconv.Itoa(v.Seconds))
	case v.Days > 0:
		w.body.WriteString(" :days " + strconv.Itoa(v.Days))
	}
	if v.Subject != "" {
		w.body.WriteString(" :subject " + quote(oneLine(v.Subject)))
	}
	if len(v.Addresses) > 0 {
		w.body.WriteString(" :addresses " + list(v.Addresses))
	}
	w.body.WriteString(" " + strings.TrimSuffix(quote(v.Text), "\r\n") + "\r\n;\r\n")
	w.acts = true
}

func (w *writer) sort(s Sort) {
	conditions := s.conditions()
	if len(conditions) == 0 || s.Mailbox == "" && !s.Discard && len(s.Flags) == 0 || s.Mailbox != "" && !w.need("fileinto") {
		return
	}
	test := conditions[0]
	if len(conditions) > 1 {
		test = "allof (" + strings.Join(conditions, ", ") + ")"
	}
	w.body.WriteString("if " + test + " {\r\n")
	if len(s.Flags) > 0 && w.need("imap4flags") {
		w.body.WriteString("    addflag " + list(s.Flags) + ";\r\n")
	}
	switch {
	case s.Discard:
		w.body.WriteString(deliver(""))
	case s.Mailbox != "":
		w.body.WriteString(deliver(s.Mailbox))
	default:
		w.body.WriteString("    keep;\r\n")
	}
	w.body.WriteString("    stop;\r\n}\r\n")
}

func (s Sort) conditions() []string {
	var tests []string
	for _, c := range s.Conditions {
		if oneLine(c.Contains) == "" || !isFieldName(c.Header) {
			continue
		}
		tests = append(tests, "header :contains "+quote(c.Header)+" "+quote(oneLine(c.Contains)))
	}
	return tests
}

// isFieldName knows what a header field may be called (RFC 5322 section 2.2).
func isFieldName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(c rune) bool { return c <= ' ' || c > '~' || c == ':' }) < 0
}

func (w *writer) finish(left leaving) {
	if left == keepsByHand {
		w.body.WriteString("keep;\r\n")
	}
}
