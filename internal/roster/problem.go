// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"fmt"
	"strings"
)

// maxListed keeps the text of an error readable; Problems.List has them all.
const maxListed = 1000

// Problem is one thing that is wrong in a roster. It never repeats a password.
type Problem struct {
	Line   int    `json:"line"`
	Column int    `json:"column"` // in octets, from 1; the first octet of the field
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
}

// Problems is everything that is wrong in one roster, in the order of its lines.
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
