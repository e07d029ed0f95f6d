// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxListed keeps the text of an error readable; Problems.List has them all.
const maxListed = 1000

// Problem is one thing that is wrong in a table. It never repeats what stands in a row.
type Problem struct {
	Line   int    `json:"line"`
	Column int    `json:"column"` // in octets of UTF-8, from 1; the first octet of the field
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
}

// Problems is everything that is wrong in one table, in the order of its lines.
type Problems struct {
	File string
	List []Problem
}

// Error renders one problem a line as "file:line:column: field reason", the form that editors
// can jump to.
func (p *Problems) Error() string {
	var out strings.Builder
	if len(p.List) == 1 {
		out.WriteString("1 problem")
	} else {
		fmt.Fprintf(&out, "%d problems", len(p.List))
	}
	for i, problem := range p.List {
		if i == maxListed {
			fmt.Fprintf(&out, "\nand %d more", len(p.List)-maxListed)
			break
		}
		subject := strings.TrimSpace(problem.Field + " " + problem.Reason)
		fmt.Fprintf(&out, "\n%s:%d:%d: %s", p.File, problem.Line, problem.Column, subject)
	}
	return out.String()
}

// Unfit says why no field may hold this value, or "".
func Unfit(value string, most int) string {
	switch {
	case !utf8.ValidString(value):
		return "has an octet that its character set does not have: " + saveAsUTF8
	case strings.ContainsRune(value, utf8.RuneError):
		return "has the character U+FFFD, which stands where an earlier conversion lost a letter: write it anew"
	case len(value) > most:
		return fmt.Sprintf("has more than %d octets", most)
	case strings.ContainsFunc(value, unicode.IsControl):
		return "contains a line break or another control character"
	}
	return ""
}
