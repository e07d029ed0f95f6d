// SPDX-License-Identifier: Apache-2.0

package people

import (
	"cmp"
	"errors"
	"io"
	"os"
	"slices"

	"rehome"
	"rehome/internal/content/table"
	"rehome/internal/roster"
)

// listedBounds bound a list of the destination's accounts.
var listedBounds = table.Bounds{Octets: 128 << 20, Rows: 1_000_000}

// ReadListed reads the list of accounts that the destination exports. The form of that file is not documented: of each row
// counts the column whose label means an address or, without such a label, the first field that is an address. A row without
// one would let its account pass for missing, so it is an error; only the first row may be one of labels.
func ReadListed(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "open the list of accounts", Object: file,
			Cause: errors.Unwrap(err), Hint: "check the path"}
	}
	defer f.Close()
	found, err := parseListed(file, f)
	if err != nil {
		fault := &rehome.Fault{Class: rehome.ClassOperator, Op: "read the list of accounts", Object: file, Cause: err,
			Hint: "export the accounts from the Account Manager as CSV"}
		var reason *table.UnreadableError
		if errors.As(err, &reason) {
			fault.Hint = cmp.Or(reason.Hint, fault.Hint)
		}
		var problems *table.Problems
		if errors.As(err, &problems) {
			fault.Hint = "correct these rows, or take out those that are no account"
		}
		return nil, fault
	}
	return found, nil
}

// listing collects the addresses of one list.
type listing struct {
	found    []string
	problems []table.Problem
	rows     int
	at       int // of the column with the addresses; -1 if none is labelled so
}

func parseListed(name string, r io.Reader) ([]string, error) {
	read, err := table.Read(r, nil, listedBounds)
	if err != nil {
		return nil, err
	}
	l := listing{found: []string{}, at: -1}
	err = read.Each(
		func(row table.Row) bool { l.add(row); return true },
		func(p table.Problem) bool { l.problems = append(l.problems, p); return true })
	switch {
	case err != nil:
		return nil, err
	case len(l.found) == 0:
		return nil, errors.New("it contains no email address")
	case len(l.problems) > 0:
		return nil, &table.Problems{File: name, List: l.problems}
	}
	slices.Sort(l.found)
	return slices.Compact(l.found), nil
}

func (l *listing) add(row table.Row) {
	l.rows++
	cells := row.Cells
	if l.at >= 0 && l.at < len(cells) {
		cells = cells[l.at : l.at+1]
	}
	for _, cell := range cells {
		if address, err := roster.ParseAddress(table.Unguard(cell.Text)); err == nil {
			l.found = append(l.found, address)
			return
		}
	}
	if l.rows == 1 {
		l.at = slices.IndexFunc(row.Cells, func(c table.Cell) bool { return roster.IsAddressLabel(c.Text) })
		return
	}
	l.problems = append(l.problems, table.Problem{Line: row.Line, Column: 1, Reason: "holds no email address"})
}
