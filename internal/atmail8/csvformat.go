// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"errors"
	"fmt"
	"strings"

	"rehome"
)

// CSVFormat is the form of the import file. The zero value is RFC 4180 with LF and the documented
// labels; the customer's sample from the Account Manager has the last word.
type CSVFormat struct {
	// Header has the four labels of the first line. Nil is the documented one; empty but not nil
	// is no such line. Labels that are known may stand in any order, and the columns follow them;
	// if one is not known, the order is address, first name, last name, password.
	Header    []string
	QuoteAll  bool // quotes around every field, not only where they are needed
	BOM       bool // begin with a UTF-8 byte order mark
	CRLF      bool // end lines with CR LF
	BatchSize int  // rows a file; 0 is one file
}

const columnCount = 4

// documented is the header in atmail's guide to the move.
func documented() []string { return []string{"EmailAddress", "FirstName", "LastName", "Password"} }

// layout is a format that has been checked.
type layout struct {
	CSVFormat
	order [columnCount]int // which field of a row stands in each column
}

func (f CSVFormat) layout() (layout, error) {
	l := layout{CSVFormat: f, order: [columnCount]int{0, 1, 2, 3}}
	if f.BatchSize < 0 {
		return l, errors.New("the batch size is below zero")
	}
	if f.Header == nil {
		l.Header = documented()
	}
	if len(l.Header) == 0 {
		return l, nil
	}
	if len(l.Header) != columnCount {
		return l, fmt.Errorf("the header has %d labels, not %d", len(l.Header), columnCount)
	}
	return l, l.follow(l.Header)
}

// follow takes the order of the columns from the labels if all are known.
func (l *layout) follow(header []string) error {
	var order [columnCount]int
	seen := map[int]bool{}
	for i, label := range header {
		field, known := fieldOf(label)
		if !known {
			return nil
		}
		if seen[field] {
			return fmt.Errorf("the header has two labels for the column %s", documented()[field])
		}
		seen[field], order[i] = true, field
	}
	l.order = order
	return nil
}

// fieldOf knows the labels of both of the vendor's documents: "EmailAddress" and "Email address".
func fieldOf(label string) (int, bool) {
	plain := strings.NewReplacer(" ", "", "-", "", "_", "").Replace(label)
	for i, known := range documented() {
		if strings.EqualFold(plain, known) {
			return i, true
		}
	}
	return 0, strings.EqualFold(plain, "email")
}

// encode renders one file.
func (l *layout) encode(rows []Row) []byte {
	var out strings.Builder
	if l.BOM {
		out.WriteString("\xef\xbb\xbf")
	}
	if len(l.Header) > 0 {
		l.writeLine(&out, [columnCount]string(l.Header))
	}
	for _, row := range rows {
		fields := row.fields()
		var line [columnCount]string
		for column, field := range l.order {
			line[column] = fields[field]
		}
		l.writeLine(&out, line)
	}
	return []byte(out.String())
}

// writeLine is RFC 4180 section 2; encoding/csv has no way to quote every field.
func (l *layout) writeLine(out *strings.Builder, fields [columnCount]string) {
	for i, field := range fields {
		if i > 0 {
			out.WriteByte(',')
		}
		if l.QuoteAll || needsQuotes(field) {
			field = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
		}
		out.WriteString(field)
	}
	if l.CRLF {
		out.WriteByte('\r')
	}
	out.WriteByte('\n')
}

// needsQuotes also protects semicolons and outer spaces, which some readers take for their own.
func needsQuotes(field string) bool {
	return strings.ContainsAny(field, ",;\"\r\n\t") || strings.TrimSpace(field) != field
}

// Row is one line of the import file.
type Row struct {
	Address, FirstName, LastName string
	Password                     rehome.Secret
}

func (r Row) fields() [columnCount]string {
	return [columnCount]string{r.Address, r.FirstName, r.LastName, r.Password.Reveal()}
}
