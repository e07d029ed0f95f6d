// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"rehome"
)

// parser turns rows into accounts and collects what is wrong.
type parser struct {
	rows     *csv.Reader
	maxRows  int
	columns  []column // by field number; columnCount for one that is not known
	seen     map[string]int
	accounts []rehome.Account
	problems []Problem
}

// record is one row, by column.
type record [columnCount]string

// readHeader fails only if the rows could not be understood at all.
func (p *parser) readHeader() error {
	fields, err := p.rows.Read()
	if err == io.EOF {
		return errors.New("the file is empty")
	}
	if err != nil {
		return errors.New(syntaxReason(err))
	}
	found := [columnCount]bool{}
	for i, label := range fields {
		c, known := columnOf(label)
		switch {
		case !utf8.ValidString(label):
			c = columnCount
			p.problem(i, columnCount, "column %d has a name that is not UTF-8", i+1)
		case strings.TrimSpace(label) == "":
			c = columnCount
			p.problem(i, columnCount, "column %d has no name", i+1)
		case !known:
			c = columnCount
			p.problem(i, columnCount, "column %.60q is not known; known columns: %s", label, strings.Join(labels[:], ", "))
		case found[c]:
			p.problem(i, c, "occurs twice")
		default:
			found[c] = true
		}
		p.columns = append(p.columns, c)
	}
	if !found[emailAddress] {
		return errors.New("the first line has no column EmailAddress")
	}
	return nil
}

func (p *parser) readRows() error {
	for {
		fields, err := p.rows.Read()
		var syntax *csv.ParseError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &syntax):
			p.problems = append(p.problems, Problem{Line: syntax.StartLine, Column: syntaxColumn(syntax), Reason: syntaxReason(err)})
		case err != nil:
			return err
		default:
			p.readRow(fields)
		}
		if len(p.accounts)+len(p.problems) > p.maxRows {
			return fmt.Errorf("the file has more than %d rows", p.maxRows)
		}
	}
}

// syntaxColumn is 1 for a field that spans lines, because its own column counts in another line.
func syntaxColumn(err *csv.ParseError) int {
	if err.Line != err.StartLine {
		return 1
	}
	return err.Column
}

func syntaxReason(err error) string {
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		return `a quote stands inside a field: put the field in quotes and write the quote twice`
	case errors.Is(err, csv.ErrQuote):
		return `a field begins with a quote and is not closed before the next delimiter: write a quote inside it twice`
	}
	return err.Error()
}

func (p *parser) readRow(fields []string) {
	if isBlank(fields) {
		return // spreadsheets leave rows of delimiters behind
	}
	if len(fields) != len(p.columns) {
		p.problem(0, columnCount, "the row has %d fields, the first line has %d", len(fields), len(p.columns))
		return
	}
	before := len(p.problems)
	var row record
	for i, c := range p.columns {
		if c == columnCount {
			continue // said once, for the first line
		}
		if reason := unfit(fields[i]); reason != "" {
			p.problem(i, c, "%s", reason)
			continue
		}
		row[c] = fields[i]
		if !c.isPassword() {
			row[c] = strings.TrimSpace(fields[i])
		}
	}
	if len(p.problems) == before {
		p.take(row)
	}
}

// take adds the account of a row, unless its address is wrong or taken.
func (p *parser) take(row record) {
	at := 0
	for i, c := range p.columns {
		if c == emailAddress {
			at = i
		}
	}
	address, err := rehome.ParseAddress(row[emailAddress])
	if err != nil {
		p.problem(at, emailAddress, "%v", err)
		return
	}
	if line := p.seen[address]; line > 0 {
		p.problem(at, emailAddress, "is the same as in line %d", line)
		return
	}
	p.seen[address], _ = p.rows.FieldPos(0)
	p.accounts = append(p.accounts, row.account(address))
}

// account says what the row means.
func (r *record) account(address string) rehome.Account {
	account := rehome.Account{
		Address:             address,
		FirstName:           r[firstName],
		LastName:            r[lastName],
		Services:            rehome.AllServices,
		SourceUser:          r[sourceUser],
		SourcePassword:      rehome.NewSecret(r[password]),
		DestinationUser:     r[destinationUser],
		DestinationPassword: rehome.NewSecret(r[destinationPassword]),
	}
	if r[sourcePassword] != "" {
		account.SourcePassword = rehome.NewSecret(r[sourcePassword])
		if r[destinationPassword] == "" {
			account.DestinationPassword = rehome.NewSecret(r[password])
		}
	}
	if !account.SourcePassword.Empty() {
		account.Password = rehome.Password{Form: rehome.PasswordPlain, Stored: account.SourcePassword}
	}
	return account
}

func (p *parser) problem(field int, c column, format string, args ...any) {
	line, col := p.rows.FieldPos(field)
	problem := Problem{Line: line, Column: col, Reason: fmt.Sprintf(format, args...)}
	if c != columnCount {
		problem.Field = c.String()
	}
	p.problems = append(p.problems, problem)
}

// unfit says why no field may hold this value, or "".
func unfit(value string) string {
	switch {
	case !utf8.ValidString(value):
		return `is not UTF-8: save the file as "CSV UTF-8"`
	case len(value) > maxField:
		return fmt.Sprintf("has more than %d octets", maxField)
	case strings.ContainsFunc(value, unicode.IsControl):
		return "contains a line break or another control character"
	}
	return ""
}

func isBlank(fields []string) bool {
	for _, field := range fields {
		if strings.TrimSpace(field) != "" {
			return false
		}
	}
	return true
}
