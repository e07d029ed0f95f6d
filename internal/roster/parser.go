// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/content/table"
)

// parser turns rows into accounts and collects what is wrong.
type parser struct {
	header
	charset  table.Charset
	seen     map[string]int // lines, by address
	accounts []rehome.Account
	findings []rehome.Finding
	problems []table.Problem
	masked   int // passwords of asterisks
	guessed  int // fields whose letters depend on a guessed character set
}

// record is one row, by column.
type record [columnCount]string

func (p *parser) readRow(row table.Row) {
	if reason := p.count(row); reason != "" {
		p.problems = append(p.problems, table.Problem{Line: row.Line, Column: 1, Reason: reason})
		return
	}
	before := len(p.problems)
	var said record
	for i, c := range p.columns {
		if c == columnCount || i >= len(row.Cells) {
			continue // said once, for the first line
		}
		text := row.Cells[i].Text
		if c.isPassword() {
			text = p.unmasked(text)
		} else {
			text = strings.TrimFunc(text, isUnseen)
		}
		if reason := unfit(text, c); reason != "" {
			p.problem(row.Cells[i], c, reason)
			continue
		}
		if p.charset.Guessed() && strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 }) {
			p.guessed++
		}
		said[c] = text
	}
	if len(p.problems) == before {
		p.take(row, said)
	}
}

// count compares the number of fields. Spreadsheets leave out empty fields at the end of a row and add some; but a value
// behind the last column, or a column that is read and missing, tells of a delimiter too many or too few.
func (p *parser) count(row table.Row) string {
	n := len(row.Cells)
	for n > len(p.columns) && strings.TrimSpace(row.Cells[n-1].Text) == "" {
		n--
	}
	if n > len(p.columns) || n < p.need {
		return fmt.Sprintf("the row has %d fields, the line that names the columns has %d", n, len(p.columns))
	}
	return ""
}

// nothing is what databases and spreadsheets write where there is no value.
var nothing = []string{"NULL", `\N`, "(null)", "#N/A", "#NV"}

// unmasked is a password, or "" for what a program writes in the place of one.
func (p *parser) unmasked(text string) string {
	if mask := strings.TrimSpace(text); mask != "" && (strings.Trim(mask, "*•●") == "" || slices.Contains(nothing, mask)) {
		p.masked++
		return ""
	}
	return text
}

// What a spreadsheet has made of a value that it took for a formula or a number.
var (
	spreadsheetError = regexp.MustCompile(`^#(?:NAME\?|NOM\?|¿NOMBRE\?|NOME\?|NAAM\?|` +
		`VALUE!|WERT!|VALEUR!|¡?VALOR!|VALORE!|WAARDE!|REF!|BEZUG!|¡REF!|RIF!|VERW!)$`)
	spreadsheetNumber = regexp.MustCompile(`^\d[.,]\d+E\+\d{2}$`)
)

// unfit says why a column cannot hold this value, or "".
func unfit(text string, c column) string {
	if reason := table.Unfit(text, maxField); reason != "" {
		return reason
	}
	if c.isPassword() && (spreadsheetError.MatchString(text) || spreadsheetNumber.MatchString(text)) {
		return "is what a spreadsheet wrote in place of the password, which it took for a formula or a number: enter it again as text"
	}
	return ""
}

// take adds the account of a row, unless its address is wrong or taken.
func (p *parser) take(row table.Row, said record) {
	at := p.addressAt()
	cell := row.Cells[at]
	given := said[p.columns[at]]
	if p.columns[at] == userName && !strings.Contains(given, "@") && said[domainName] != "" && given != "" {
		given += "@" + strings.TrimPrefix(said[domainName], "@")
	}
	address, err := ParseAddress(given)
	if err != nil {
		p.problem(cell, p.columns[at], err.Error())
		return
	}
	if line := p.seen[address]; line > 0 {
		p.problem(cell, p.columns[at], fmt.Sprintf("is the same as in line %d", line))
		return
	}
	p.seen[address] = row.Line
	account := said.account(address)
	if said[hashKind] != "" && account.Password.Form == rehome.PasswordPlain {
		p.findings = append(p.findings, PasswordHashed.On("roster", nil).Of(address))
		account.Password = rehome.Password{Form: rehome.PasswordOther, Stored: account.Password.Stored}
		account.SourcePassword = rehome.Secret{}
	}
	p.accounts = append(p.accounts, account)
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
	if account.FirstName == "" && account.LastName == "" {
		account.FirstName, account.LastName = rehome.SplitName(r[fullName])
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

func (p *parser) problem(cell table.Cell, c column, reason string) {
	p.problems = append(p.problems, table.Problem{Line: cell.Line, Column: cell.Column, Field: c.String(), Reason: reason})
}
