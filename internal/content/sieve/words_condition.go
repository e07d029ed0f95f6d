// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"net/textproto"
	"strings"
)

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
	}
	for _, words := range []func(node) string{has, compares} {
		if said := words(n); said != "" {
			return said
		}
	}
	return s.verbatim(n)
}

// has has the words for tests that compare nothing. Of a list, all must be there.
func has(n node) string {
	first := n.at(0)
	switch args := len(n.positional()); n.name {
	case "exists": // RFC 5228 section 5.5
		if n.only() && args == 1 {
			return every("it has the header field", "it has all the header fields", first)
		}
	case "size":
		return size(n)
	case "mailboxexists": // RFC 5490 section 3.1
		if n.only() && args == 1 {
			return every("there is the mailbox", "there are all the mailboxes", first)
		}
	case "metadataexists": // RFC 5490 section 3.4
		if n.only() && args == 2 {
			return "the mailbox " + quotedList(first) + " has " + every("the annotation", "all the annotations", n.at(1))
		}
	case "servermetadataexists": // RFC 5490 section 4.2
		if n.only() && args == 1 {
			return "the server has " + every("the annotation", "all the annotations", first)
		}
	case "specialuse_exists": // RFC 8579 section 5
		switch {
		case n.only() && args == 1:
			return "there are mailboxes for " + every("the use", "all the uses", first)
		case n.only() && args == 2:
			return "the mailbox " + quotedList(first) + " is for " + every("the use", "all the uses", n.at(1))
		}
	case "ihave": // RFC 5463 section 4
		if n.only() && args == 1 {
			return "the server knows " + every("the extension", "all the extensions", first)
		}
	case "duplicate": // RFC 7352
		if len(n.args) == 0 {
			return "the same message has come before"
		}
	}
	return ""
}

func size(n node) string {
	for _, than := range [][2]string{{"over", "larger"}, {"under", "smaller"}} {
		if octets := n.number(than[0]); octets != "" && n.only(than[0]) {
			return "it is " + than[1] + " than " + octets
		}
	}
	return ""
}

// matching adds the tags that say how something is compared.
func matching(tags []string) []string {
	return append(tags, "is", "contains", "matches", "regex", "count", "value", "comparator")
}

// compares says what is compared with what, for tests whose last argument is a list of keys. One key is enough, and of
// several things to look at one is enough too (RFC 5228 section 2.7).
func compares(n node) string {
	part, several, tags := subject(n)
	relation, how := n.relation()
	if part == "" || relation == "" || !n.only(matching(tags)...) {
		return ""
	}
	if n.has("count") {
		part = "the number of " + several
	}
	return part + " " + relation + " " + either(n.last()) + how
}

// subject says what a test looks at, how several of it are called, and which tags have been put into words.
func subject(n node) (part, several string, tags []string) {
	first := n.at(0)
	args := len(n.positional())
	switch {
	case n.name == "header" && args == 2:
		return anyOf(fieldNames(first)), "header fields " + strings.Join(fieldNames(first), ", "), nil
	case n.name == "address" && args == 2:
		return addressIn(n, anyOf(fieldNames(first))), "addresses in " + strings.Join(fieldNames(first), ", "), addressTags()
	case n.name == "envelope" && args == 2:
		part := "the envelope's " + anyOf(fieldNames(first))
		return addressIn(n, part), "addresses in " + part, addressTags()
	case n.name == "body" && args == 1:
		return bodyPart(n), "texts", []string{"text", "raw", "content"}
	case n.name == "string" && args == 2:
		return anyOf(inQuotes("the text ", first)), "texts that are not empty of " + quotedList(first), nil
	case n.name == "hasflag" && args == 1:
		return "one of its flags", "its flags", nil
	case n.name == "environment" && args == 2:
		return "the server's " + quotedList(first), "the server's " + quotedList(first), nil
	case n.name == "currentdate" && args == 2 && !n.has("count"):
		return "the current " + datePart(first) + zone(n), "", []string{"zone"}
	case n.name == "date" && args == 3 && !n.has("count") && len(first) == 1:
		return "the " + datePart(n.at(1)) + " in " + fieldNames(first)[0] + zone(n), "", []string{"zone", "originalzone"}
	case n.name == "metadata" && args == 3 && !n.has("count"):
		return "the annotation " + quotedList(n.at(1)) + " of the mailbox " + quotedList(first), "", nil
	case n.name == "servermetadata" && args == 2 && !n.has("count"):
		return "the server's annotation " + quotedList(first), "", nil
	}
	return "", "", nil
}

func anyOf(things []string) string {
	if len(things) == 1 {
		return things[0]
	}
	return "any of " + strings.Join(things, ", ")
}

func inQuotes(before string, tokens []token) []string {
	texts := plain(tokens)
	for i, t := range texts {
		texts[i] = before + `"` + t + `"`
	}
	return texts
}

func fieldNames(tokens []token) []string {
	names := plain(tokens)
	for i, name := range names {
		names[i] = textproto.CanonicalMIMEHeaderKey(name)
	}
	return names
}

func addressTags() []string { return []string{"all", "domain", "localpart", "user", "detail"} }

// addressIn says which part of an address is meant (RFC 5228 section 2.7.4, RFC 5233 section 4).
func addressIn(n node, where string) string {
	for _, part := range [][2]string{
		{"domain", "the domain in "}, {"localpart", "the part before the @ in "},
		{"user", "the part before the + in "}, {"detail", "the part behind the + in "},
	} {
		if n.has(part[0]) {
			return part[1] + where
		}
	}
	return "the address in " + where
}

// bodyPart says what of the body is looked at (RFC 5173 section 5).
func bodyPart(n node) string {
	switch {
	case n.has("raw"):
		return "the body as it was sent"
	case n.has("content"):
		return "any part of the type " + either(n.after("content"))
	}
	return "the text"
}

func datePart(tokens []token) string {
	part := strings.Join(plain(tokens), " ")
	if strings.EqualFold(part, "weekday") {
		return "weekday (0 is Sunday)" // RFC 5260 section 4.2
	}
	return part
}

func zone(n node) string {
	switch zone := n.after("zone"); {
	case zone != nil:
		return " in the time zone " + strings.Join(plain(zone), " ")
	case n.has("originalzone"):
		return " in its own time zone"
	}
	return ""
}

// relation says how a test compares, and what has to be added behind the keys; "" if there are no words for it. Without a tag
// it is :is, and without a comparator case does not count (RFC 5228 sections 2.7.1 and 2.7.3).
func (n node) relation() (relation, how string) {
	comparator := strings.ToLower(strings.Join(values(n.after("comparator")), ""))
	numeric := comparator == "i;ascii-numeric"
	switch comparator {
	case "", "i;ascii-casemap", "i;unicode-casemap", "i;ascii-numeric":
	case "i;octet":
		how = " in exactly these letters"
	default:
		return "", ""
	}
	if numeric {
		how = " (compared as numbers)"
	}
	ordered := n.after("count")
	if ordered == nil {
		ordered = n.after("value")
	}
	if ordered != nil {
		if !numeric {
			how = " (compared as text)" + how
		}
		return order(strings.ToLower(strings.Join(values(ordered), ""))), how
	}
	switch {
	case n.has("contains"):
		return "contains", how
	case n.has("matches"):
		return "matches", how
	case n.has("regex"):
		return "matches the regular expression", how
	}
	return "is", how
}

// order has the words for the relations of RFC 5231 section 4.
func order(relation string) string {
	return map[string]string{
		"gt": "is greater than", "ge": "is at least", "lt": "is less than", "le": "is at most", "eq": "is", "ne": "is not",
	}[relation]
}
