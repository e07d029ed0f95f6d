// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"fmt"
	"slices"
	"strings"
)

// versionLine is the first line of both sides (dsync-ibc-stream.c): 3.5 is what 2.2.36 to 2.4.4 speak.
const versionLine = "VERSION\tdsync\t3\t5\n"

// The marks of a line that are no item.
const (
	endOfList = '.'
	goodbye   = 'X' // the server leaves, because of an error
)

// null stands for a value that is absent (dsync-serializer.h, NULL_CHR). A value that begins with it has it twice.
const null = "\x02"

// letters are the kinds of records that this side sends.
const letters = "HSNDBACRMFc"

// itemOf returns the kind of a letter, with the names of the fields in the order in which they are sent (dsync-ibc-stream.c, items[]).
// Names that the server does not know are ignored there.
func itemOf(letter byte) item {
	switch letter {
	case 'H':
		return handshakeItem()
	case 'S':
		return stateItem()
	case 'N':
		return nodeItem()
	case 'D':
		return deletesItem()
	case 'B':
		return boxItem()
	case 'A':
		return attributeItem()
	case 'C':
		return changeItem()
	case 'R':
		return requestItem()
	case 'M':
		return mailItem()
	case 'F':
		return finishItem()
	}
	return cacheItem()
}

// item is one kind of record.
type item struct {
	letter byte
	fields []string
}

// headerLines announce all items (dsync-ibc-stream.c, handshake).
func headerLines() string {
	var out strings.Builder
	for _, letter := range []byte(letters) {
		out.WriteString(string(rune(letter)) + strings.Join(itemOf(letter).fields, "\t") + "\n")
	}
	out.WriteString(".\n")
	return out.String()
}

// record is one item of the server with its values; those that are absent are not in it.
type record struct {
	letter byte
	values map[string]string
}

// outgoing is one item of ours. There are two for each message, so that it is made with little: a value for each field, and one more,
// which is there when a field was set that the item does not have.
type outgoing struct {
	item
	values []value
}

type value struct {
	text  string
	given bool
}

func newOutgoing(letter byte) outgoing {
	item := itemOf(letter)
	return outgoing{item, make([]value, len(item.fields)+1)}
}

// set adds a value.
func (o outgoing) set(name, text string) outgoing {
	at := slices.Index(o.fields, name)
	if at < 0 {
		at = len(o.fields)
	}
	o.values[at] = value{text, true}
	return o
}

// mark adds a field that says yes by being there.
func (o outgoing) mark(name string, yes bool) outgoing {
	if yes {
		o.set(name, "")
	}
	return o
}

// encode renders an item (dsync-serializer.c): values in the announced order; absent ones at the end are left out.
func encode(o outgoing) (string, error) {
	last, octets := 0, len("M\n")
	for i, v := range o.values {
		if v.given {
			last = i + 1
		}
		octets += len(v.text) + len("\t") + len(null)
	}
	if last > len(o.fields) {
		return "", fmt.Errorf("dsync: a field of item %c that was not announced", o.letter)
	}
	var out strings.Builder
	out.Grow(octets)
	out.WriteByte(o.letter)
	for i, v := range o.values[:last] {
		if i > 0 {
			out.WriteByte('\t')
		}
		if !v.given || strings.HasPrefix(v.text, null) {
			out.WriteString(null)
		}
		out.WriteString(tabescape(v.text))
	}
	out.WriteByte('\n')
	return out.String(), nil
}

// headers are the fields of the server's items, by letter.
type headers map[byte][]string

// add reads one header line.
func (h headers) add(line string) error {
	if len(line) == 0 || len(h) >= maxItems {
		return &SyntaxError{"header lines without end"}
	}
	fields := strings.Split(line[1:], "\t")
	if len(fields) > maxFields {
		return &SyntaxError{fmt.Sprintf("an item of %d fields", len(fields))}
	}
	h[line[0]] = fields
	return nil
}

// decode reads one line of the server by what it has announced (dsync-deserializer.c). More values than fields is an error there
// too; fewer is the rule.
func (h headers) decode(line string) (record, error) {
	if line == "." {
		return record{letter: endOfList}, nil
	}
	if line == "" {
		return record{}, &SyntaxError{"an empty line"}
	}
	r := record{line[0], map[string]string{}}
	if r.letter == goodbye && line == "X" {
		return r, nil
	}
	fields, known := h[r.letter]
	if !known {
		return r, &SyntaxError{fmt.Sprintf("an item %q that was not announced", line[0])}
	}
	if len(line) == 1 {
		return r, nil // no value at all is written like one that is empty
	}
	values := strings.Split(line[1:], "\t")
	if len(values) > len(fields) {
		return r, &SyntaxError{fmt.Sprintf("an item %c of %d values, %d were announced", r.letter, len(values), len(fields))}
	}
	for i, value := range values {
		if value == null {
			continue
		}
		r.values[fields[i]] = strings.TrimPrefix(tabunescape(value), null)
	}
	return r, nil
}

// Bounds of what a server may send.
const (
	maxLine   = 256 << 10 // a record; the longest is an N with a name
	maxItems  = 64        // kinds of records
	maxFields = 256
	maxNodes  = 200_000 // mailboxes of one account
	maxCache  = 10_000  // c records of a mailbox
	maxTree   = 64 << 20
)
