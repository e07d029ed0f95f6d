// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"rehome"
	"rehome/internal/content/table"
	"rehome/internal/roster"
	"rehome/internal/vault"
)

var sheetHeader = []string{"Address", "State", "By", "Messages", "Last", "Decision", "NextStep"}

// writeSheet puts a census where a person writes decisions, row by row.
func writeSheet(file string, all []Recipient) error {
	rows := func(yield func([]string) bool) {
		more := yield(sheetHeader)
		for i := 0; more && i < len(all); i++ {
			r, last := &all[i], ""
			if !r.Last.IsZero() {
				last = r.Last.Format(time.DateOnly)
			}
			more = yield([]string{r.Address, string(r.State), string(r.By), strconv.Itoa(r.Messages), last, string(r.Decision), r.NextStep})
		}
	}
	return vault.WriteStream(file, func(w io.Writer) error { return table.Write(w, rows) })
}

// ReadSheet reads what the last census has written and a person has filled in, in whatever form a spreadsheet saved it;
// nothing if there was none. The decisions in it are somebody's work: no advice may be to throw the file away.
func ReadSheet(file string) ([]Recipient, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var all []Recipient
	if err == nil {
		all, err = parseSheet(file, content)
	}
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: file, Cause: err,
			Hint: "correct the file; its Decision column holds what has been decided, so keep a copy"}
	}
	return all, nil
}

// sheetBounds bound a sheet: a census lists no more addresses than it can count.
var sheetBounds = table.Bounds{Octets: 128 << 20, Rows: 1_000_000}

var sheetLabels = table.Labels{Known: func(label string) bool { return sheetColumn(label) >= 0 },
	Key: func(label string) bool { return sheetColumn(label) == 0 }}

// sheetColumn is the number of a label in the header, or -1.
func sheetColumn(label string) int {
	return slices.IndexFunc(sheetHeader, func(known string) bool { return strings.EqualFold(known, strings.TrimSpace(label)) })
}

func parseSheet(name string, content []byte) ([]Recipient, error) {
	read, err := table.Read(bytes.NewReader(content), &sheetLabels, sheetBounds)
	if err != nil {
		return nil, err
	}
	at := sheetPlaces{-1, -1, -1}
	for i, cell := range read.Labels.Cells {
		switch sheetColumn(cell.Text) {
		case 0:
			at.address = i
		case slices.Index(sheetHeader, "State"):
			at.state = i
		case slices.Index(sheetHeader, "Decision"):
			at.decision = i
		}
	}
	if at.decision < 0 {
		return nil, errors.New("its first line has no column Decision")
	}
	var all []Recipient
	var problems []table.Problem
	first := map[string]Decision{}
	err = read.Each(func(row table.Row) bool {
		r, problem := sheetRow(row, at)
		if before, twice := first[r.Address]; problem == nil && twice && before != r.Decision {
			problem = &table.Problem{Line: row.Line, Column: 1, Field: "Decision", Reason: "is another one than in an earlier row of the same address"}
		}
		if problem != nil {
			problems = append(problems, *problem)
			return true
		}
		first[r.Address] = r.Decision
		all = append(all, r)
		return true
	}, func(p table.Problem) bool { problems = append(problems, p); return true })
	if err == nil && len(problems) > 0 {
		err = &table.Problems{File: name, List: problems}
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// sheetPlaces are the columns that are read; -1 is one that a person has taken out. The others are for people.
type sheetPlaces struct{ address, state, decision int }

// sheetRow reads one decision. A row may end before its last columns, but not before the decision.
func sheetRow(row table.Row, at sheetPlaces) (Recipient, *table.Problem) {
	if len(row.Cells) <= max(at.address, at.decision) {
		return Recipient{}, &table.Problem{Line: row.Line, Column: 1, Reason: "the row ends before the column Decision"}
	}
	cell := row.Cells[at.address]
	address, err := roster.ParseAddress(table.Unguard(cell.Text))
	if err != nil {
		return Recipient{}, &table.Problem{Line: cell.Line, Column: cell.Column, Field: "Address", Reason: err.Error()}
	}
	cell = row.Cells[at.decision]
	decision := Decision(strings.ToLower(strings.TrimSpace(cell.Text)))
	if decision != "" && decision != Keep && decision != Drop {
		return Recipient{}, &table.Problem{Line: cell.Line, Column: cell.Column, Field: "Decision", Reason: "is neither keep nor drop"}
	}
	r := Recipient{Address: address, Decision: decision}
	if at.state >= 0 && at.state < len(row.Cells) {
		r.State = State(row.Cells[at.state].Text)
	}
	return r, nil
}
