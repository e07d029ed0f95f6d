// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"fmt"
	"strings"
)

// Text is a sentence with named places in braces:
//
//	{why}                      the value, as fmt.Sprint shows it
//	{n message}                a number and its noun: "1 message", "3 messages"
//	{n mailbox|mailboxes}      the same where the plural is more than an "s"
//	{n|is|are}                 only the word that goes with the number
type Text string

// Values are what goes into the places of a Text, by name. A count is an int or int64 and shown as "3,104"; a number that is
// a name, such as a UID, is given as a string.
type Values map[string]any

// With fills in the places. One without a value stays as it is written, so that it can be seen.
func (t Text) With(values Values) string {
	return t.fill(func(p place) string {
		value, given := values[p.name]
		if !given {
			return "{" + p.written + "}"
		}
		return p.render(value)
	})
}

// Places returns the names of the places, in order, each once.
func (t Text) Places() []string {
	var names []string
	seen := map[string]bool{}
	t.fill(func(p place) string {
		if !seen[p.name] {
			seen[p.name] = true
			names = append(names, p.name)
		}
		return ""
	})
	return names
}

// Shown returns the text for a reference: mark renders the name of a place, nouns and verbs are plural.
func (t Text) Shown(mark func(name string) string) string {
	return t.fill(func(p place) string {
		switch {
		case p.many == "":
			return mark(p.name)
		case p.bare:
			return p.many
		}
		return mark(p.name) + " " + p.many
	})
}

// fill replaces each place once: a value with braces in it is not looked at again.
func (t Text) fill(with func(place) string) string {
	var b strings.Builder
	rest := string(t)
	for {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		written, behind, closed := strings.Cut(after, "}")
		if !closed {
			return b.String() + "{" + after
		}
		b.WriteString(with(parsePlace(written)))
		rest = behind
	}
}

// place is one place of a Text.
type place struct {
	written   string // what stands in the braces
	name      string
	one, many string // the words for 1 and for every other number; "" for a plain value
	bare      bool   // the number itself is not shown
}

func parsePlace(written string) place {
	p := place{written: written}
	end := strings.IndexAny(written, " |")
	if end < 0 {
		p.name = written
		return p
	}
	p.name = written[:end]
	p.bare = written[end] == '|'
	one, many, both := strings.Cut(written[end+1:], "|")
	if !both {
		many = one + "s"
	}
	p.one = one
	p.many = many
	return p
}

func (p place) render(value any) string {
	number := shown(value)
	word := p.many
	if number == "1" {
		word = p.one
	}
	switch {
	case p.many == "":
		return number
	case p.bare:
		return word
	}
	return number + " " + word
}

// shown renders a value; of a count the thousands are grouped.
func shown(value any) string {
	switch value.(type) {
	case int, int64:
	default:
		return fmt.Sprint(value)
	}
	digits := fmt.Sprint(value)
	first := 0
	if strings.HasPrefix(digits, "-") {
		first = 1
	}
	for i := len(digits) - 3; i > first; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
