// SPDX-License-Identifier: Apache-2.0

// Package table reads and writes tables of people: the CSV files that spreadsheets, administration screens and rehome itself
// save. It knows no column of any of them; a caller says which labels it looks for.
//
// What is read: fields between commas, semicolons, tabs or bars, with the quotes of RFC 4180; lines that end in LF, CR LF or
// CR; UTF-8, UTF-16 with or without a byte order mark, Windows-1252 and Mac OS Roman; a first line "sep=;"; lines of a title
// before the line of labels. What is written has one form, see Write.
//
// A table may hold passwords, and anything may stand in any column of a wrong file. So no error and no problem repeats what
// stands in a row: they name the line, the column and the rule.
//
// A caller opens a table with Read, looks at Labels and Charset, and takes the rows with Each.
package table

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// Bounds say what is still a table of people: what is larger is a wrong file.
type Bounds struct {
	Octets int64
	Rows   int
}

const (
	maxField   = 32 << 10 // octets of one field
	maxColumns = 1000
	maxTitle   = 10 // rows in which the labels are looked for
)

// Labels say how the line of labels is told.
type Labels struct {
	Known func(label string) bool // whether it is one of those that the caller reads
	Key   func(label string) bool // whether it is one without which no line is the line of labels
}

// Table is a table whose rows are still to be read.
type Table struct {
	Labels  Row // the line of labels; without cells where none was asked for
	Charset Charset
	rows    scanner // behind the labels
	most    Bounds
}

// Row is one row as it stands, nothing trimmed.
type Row struct {
	Line  int // from 1, of the file
	Cells []Cell
}

// Cell is one field of a row.
type Cell struct {
	Text   string
	Line   int // a field in quotes may begin in a later line than its row
	Column int // of its first octet in UTF-8, from 1
}

// Blank reports whether a row says nothing: spreadsheets leave rows of delimiters behind.
func (r Row) Blank() bool {
	for _, c := range r.Cells {
		if strings.TrimSpace(c.Text) != "" {
			return false
		}
	}
	return true
}

// UnreadableError says why a file is no table at all.
type UnreadableError struct {
	Reason string
	Hint   string // "" where the caller knows better
}

func (e *UnreadableError) Error() string { return e.Reason }

// Read takes in a whole file and finds out how it is written. With labels, the first lines are searched for the line of
// labels, and the delimiter is the one that shows the most of them; nil is a table without such a line.
// The error is *UnreadableError, or the reader's own.
func Read(r io.Reader, labels *Labels, most Bounds) (*Table, error) {
	raw, err := io.ReadAll(io.LimitReader(r, most.Octets+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > most.Octets {
		return nil, &UnreadableError{fmt.Sprintf("the file is larger than %d MiB", most.Octets>>20), "check that this is the right file"}
	}
	text, charset, err := decode(raw)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, &UnreadableError{Reason: "the file is empty"}
	}
	t := &Table{Charset: charset, rows: scanner{text: text, line: 1}, most: most}
	said := t.rows.takeSeparator()
	if labels == nil {
		t.rows.delimiter = said
		if said == 0 {
			t.rows.delimiter = t.rows.likeliest()
		}
		return t, nil
	}
	return t, t.findLabels(labels, said)
}

// delimiters in the order in which they are tried.
var delimiters = [...]byte{',', ';', '\t', '|'}

// findLabels moves behind the line of labels.
func (t *Table) findLabels(labels *Labels, said byte) error {
	best := 0
	start := t.rows
	var syntax *Problem
	for _, delimiter := range delimiters {
		if said != 0 && said != delimiter {
			continue
		}
		s := start
		s.delimiter = delimiter
		for range maxTitle {
			row, problem, more := s.next()
			if !more {
				break
			}
			if delimiter == delimiters[0] || said != 0 { // with another one, quotes stand anywhere
				syntax = cmp.Or(syntax, problem)
			}
			if n := known(row, labels); n > best && problem == nil {
				best, t.Labels, t.rows = n, row, s
			}
		}
	}
	if best == 0 {
		return noLabels(syntax)
	}
	return t.labelsOnly(start)
}

// known counts the labels that a caller reads; none without the one that must be there.
func known(row Row, labels *Labels) int {
	n := 0
	key := false
	for _, c := range row.Cells {
		key = key || labels.Key(c.Text)
		if labels.Known(c.Text) {
			n++
		}
	}
	if !key {
		return 0
	}
	return n
}

func noLabels(syntax *Problem) error {
	if syntax != nil {
		return &UnreadableError{Reason: fmt.Sprintf("line %d: %s", syntax.Line, syntax.Reason)}
	}
	return &UnreadableError{Reason: "no line names the columns"}
}

// labelsOnly makes sure that no person is taken for a title or a label: neither holds an address.
func (t *Table) labelsOnly(before scanner) error {
	before.delimiter = t.rows.delimiter
	for {
		row, _, more := before.next()
		if !more || row.Line > t.Labels.Line {
			return nil
		}
		for _, c := range row.Cells {
			if strings.Contains(c.Text, "@") {
				return &UnreadableError{
					Reason: fmt.Sprintf("line %d holds an address, and the columns are named in line %d", row.Line, t.Labels.Line),
					Hint:   "move the line that names the columns to the top; each row needs a line of its own",
				}
			}
		}
	}
}

// Each calls row for each row that is not empty, or problem for one that could not be taken apart, in the order of the
// file, until either returns false. The error says that there are more rows than the bounds allow.
func (t *Table) Each(row func(Row) bool, problem func(Problem) bool) error {
	rows := t.rows
	for n := 0; ; n++ {
		read, broken, more := rows.next()
		if !more {
			return nil
		}
		if n >= t.most.Rows {
			return &UnreadableError{fmt.Sprintf("the file has more than %d rows", t.most.Rows), "check that this is the right file"}
		}
		if broken != nil {
			if !problem(*broken) {
				return nil
			}
			continue
		}
		if !read.Blank() && !row(read) {
			return nil
		}
	}
}
