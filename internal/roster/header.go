// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"slices"
	"strconv"
	"strings"

	"rehome/internal/content/table"
)

// header says which field of a row is which column.
type header struct {
	columns []column // by field number; columnCount for one that is not read
	at      [columnCount]int
	ignored []string // labels that are not read, as they stand
	need    int      // fields that a row must have
}

var wanted = table.Labels{
	Known: func(label string) bool { _, _, ok := columnOf(label); return ok },
	Key: func(label string) bool {
		c, _, ok := columnOf(label)
		return ok && (c == emailAddress || c == userName)
	},
}

// ownLabels is for a label that only rehome can mean: a misspelt one must not pass for a column of another program.
const ownLabels = "the column is not known; those that begin like this are SourceUser, SourcePassword, DestinationUser and DestinationPassword"

func itoa(n int) string { return strconv.Itoa(n) }

// readHeader chooses, of several labels that mean one column, the surest. Two that are equally sure, or two passwords, are a
// mistake: nobody can tell which one is meant.
func readHeader(row table.Row) (header, []table.Problem) {
	h := header{columns: make([]column, len(row.Cells))}
	var problems []table.Problem
	ranks := [columnCount]int{}
	for c := range h.at {
		h.at[c] = -1
	}
	for i, cell := range row.Cells {
		h.columns[i] = columnCount
		c, rank, known := columnOf(cell.Text)
		if !known {
			if word := wordOf(cell.Text); strings.HasPrefix(word, "source") || strings.HasPrefix(word, "destination") {
				problems = append(problems, table.Problem{Line: cell.Line, Column: cell.Column, Reason: ownLabels})
			}
			continue
		}
		switch before := h.at[c]; {
		case before < 0:
		case rank == ranks[c] || c.isPassword():
			problems = append(problems, table.Problem{Line: cell.Line, Column: cell.Column, Field: c.String(), Reason: "occurs twice"})
			continue
		case rank > ranks[c]:
			continue
		default:
			h.columns[before] = columnCount
		}
		h.columns[i], h.at[c], ranks[c] = c, i, rank
	}
	h.settle(row)
	for i, cell := range row.Cells {
		if h.columns[i] == columnCount {
			label, _ := shownLabel(cell.Text, i)
			h.ignored = append(h.ignored, label)
			continue
		}
		h.need = i + 1
	}
	return h, problems
}

// settle reads the columns in the light of each other.
func (h *header) settle(row table.Row) {
	if h.at[fullName] >= 0 {
		word := wordOf(row.Cells[h.at[fullName]].Text)
		switch {
		case h.at[firstName] >= 0 && h.at[lastName] >= 0:
			h.drop(fullName)
		case h.at[lastName] >= 0 && slices.Contains(halfFirst, word):
			h.turn(fullName, firstName)
		case h.at[firstName] >= 0 && slices.Contains(halfLast, word):
			h.turn(fullName, lastName)
		}
	}
	if h.at[emailAddress] >= 0 { // whose log-in a user name is, nobody says
		h.drop(userName)
		h.drop(domainName)
	}
}

func (h *header) drop(c column) {
	if h.at[c] >= 0 {
		h.columns[h.at[c]], h.at[c] = columnCount, -1
	}
}

func (h *header) turn(from, to column) {
	at := h.at[from]
	h.columns[at], h.at[to], h.at[from] = to, at, -1
}

// addressAt is the field by which a row's address is named.
func (h *header) addressAt() int { return max(h.at[emailAddress], h.at[userName]) }
