// SPDX-License-Identifier: Apache-2.0

// Package roster reads people.csv: the accounts of a source that has no database, or what an
// operator knows better than the database.
//
// The first line names the columns. EmailAddress must be there; FirstName, LastName, Password,
// SourceUser, SourcePassword, DestinationUser and DestinationPassword may be. What other programs and
// languages call them is known too (column.go); columns that are not known are ignored, and named in a
// finding. The form of the file is what package table reads.
//
// Password is the password that the account has now, at the source. Where SourcePassword is given,
// that is the one at the source, and Password is the one that the account gets, unless
// DestinationPassword says that.
//
// A roster may hold passwords in any column, as a delimiter too many shifts them. So no error repeats
// what stands in a row: it names the file, the line, the column and the rule.
//
// The package does not judge passwords, and does not check who may read the file. A caller reads
// with Load and lays the result over a database's accounts with Merge.
package roster

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"rehome"
	"rehome/internal/content/table"
)

// usual bounds what is still a roster. It is written by people for people: what is larger is a wrong file.
var usual = table.Bounds{Octets: 128 << 20, Rows: 1_000_000}

// maxField bounds one field in octets.
const maxField = 4 << 10

// Load reads the roster at path, with findings on what it does not read or had to assume. If anything is wrong, the
// Fault's cause is table.Problems with every broken row.
func Load(path string) ([]rehome.Account, []rehome.Finding, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, &rehome.Fault{
			Class: rehome.ClassOperator, Op: "open roster", Object: path, Cause: withoutPath(err),
			Hint: "check the path; the first line of the file is EmailAddress,FirstName,LastName,Password",
		}
	}
	defer f.Close()
	return Parse(path, f)
}

func withoutPath(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// Parse reads a roster. The name stands for it in errors.
func Parse(name string, r io.Reader) ([]rehome.Account, []rehome.Finding, error) {
	return parse(name, r, usual)
}

func parse(name string, r io.Reader, most table.Bounds) ([]rehome.Account, []rehome.Finding, error) {
	read, err := table.Read(r, &wanted, most)
	if err != nil {
		return nil, nil, unreadable(name, err)
	}
	columns, problems := readHeader(read.Labels)
	p := &parser{header: columns, charset: read.Charset, seen: map[string]int{}, problems: problems}
	err = read.Each(
		func(row table.Row) bool { p.readRow(row); return true },
		func(broken table.Problem) bool { p.problems = append(p.problems, broken); return true })
	if err != nil {
		return nil, nil, unreadable(name, err)
	}
	if len(p.problems) > 0 {
		return nil, nil, fault(name, &table.Problems{File: name, List: p.problems},
			"correct these rows; nothing was imported from the file")
	}
	p.findAbout()
	return p.accounts, p.findings, nil
}

// findAbout says what concerns the file as a whole.
func (p *parser) findAbout() {
	if n := len(p.ignored); n > 0 {
		shown := strings.Join(p.ignored[:min(n, 20)], ", ")
		p.findings = append(p.findings, columnsIgnored.On("roster", rehome.Values{"n": n, "columns": shown}))
	}
	if p.guessed > 0 {
		p.findings = append(p.findings, charsetGuessed.On("roster", rehome.Values{"n": p.guessed, "charset": p.charset}))
	}
	if p.masked > 0 {
		p.findings = append(p.findings, passwordMasked.On("roster", rehome.Values{"n": p.masked}))
	}
}

func unreadable(name string, err error) error {
	hint := ""
	var reason *table.UnreadableError
	if errors.As(err, &reason) {
		hint = cmp.Or(reason.Hint, "the first line names the columns: EmailAddress,FirstName,LastName,Password")
	}
	return fault(name, err, hint)
}

func fault(name string, cause error, hint string) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "read roster", Object: name, Cause: cause, Hint: hint}
}
