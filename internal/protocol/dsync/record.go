// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"fmt"
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

// items are the kinds of records that this side sends, with the names of the fields in the order in which they are sent
// (dsync-ibc-stream.c, items[]). Names that the server does not know are ignored there.
func items() []item {
	return []item{
		handshakeItem(), stateItem(), nodeItem(), deletesItem(), boxItem(), attributeItem(), changeItem(), requestItem(), mailItem(),
		finishItem(), cacheItem(),
	}
}

// item is one kind of record.
type item struct {
	letter byte
	fields []string
}

// headerLines announce all items (dsync-ibc-stream.c, handshake).
func headerLines() string {
	var out strings.Builder
	for _, item := range items() {
		out.WriteString(string(rune(item.letter)) + strings.Join(item.fields, "\t") + "\n")
	}
	out.WriteString(".\n")
	return out.String()
}

// record is one item with its values; those that are absent are not in it.
type record struct {
	letter byte
	values map[string]string
}

func newRecord(letter byte) record { return record{letter, map[string]string{}} }

// set adds a value.
func (r record) set(name, value string) record {
	r.values[name] = value
	return r
}

// mark adds a field that says yes by being there.
func (r record) mark(name string, yes bool) record {
	if yes {
		r.values[name] = ""
	}
	return r
}

// encode renders a record (dsync-serializer.c): values in the announced order; absent ones at the end are left out.
func encode(r record) (string, error) {
	for _, item := range items() {
		if item.letter != r.letter {
			continue
		}
		values := make([]string, len(item.fields))
		last, known := 0, 0
		for i, name := range item.fields {
			value, present := r.values[name]
			if !present {
				values[i] = null
				continue
			}
			if strings.HasPrefix(value, null) {
				value = null + value
			}
			values[i] = tabescape(value)
			last = i + 1
			known++
		}
		if known != len(r.values) {
			return "", fmt.Errorf("dsync: a field of item %c that was not announced", r.letter)
		}
		return string(rune(r.letter)) + strings.Join(values[:last], "\t") + "\n", nil
	}
	return "", fmt.Errorf("dsync: no item %q", r.letter)
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
	r := newRecord(line[0])
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
