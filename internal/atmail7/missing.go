// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"fmt"
	"slices"
	"strings"

	"rehome"
)

// Missing is one table or column that the profile names and the database does not have.
type Missing struct {
	Table    string `json:"table"`
	Column   string `json:"column,omitempty"` // empty: the whole table
	Purpose  string `json:"purpose"`
	Optional bool   `json:"optional"` // the accounts can be read without it
}

func (m Missing) String() string {
	object := "column " + m.Table + "." + m.Column
	if m.Column == "" {
		object = "table " + m.Table
	}
	need := "needed for "
	if m.Optional {
		need = "optional, for "
	}
	return object + " (" + need + m.Purpose + ")"
}

// MissingError is everything that a database lacks, what is needed first.
type MissingError struct {
	Profile string
	Missing []Missing
}

// Error renders one table or column a line.
func (e *MissingError) Error() string {
	var out strings.Builder
	fmt.Fprintf(&out, "by the profile %s it lacks", e.Profile)
	for _, m := range e.Missing {
		out.WriteString("\n" + m.String())
	}
	return out.String()
}

func hasRequired(missing []Missing) bool {
	return slices.ContainsFunc(missing, func(m Missing) bool { return !m.Optional })
}

func missingFault(database, profile string, missing []Missing) error {
	needed := &MissingError{Profile: profile, Missing: missing}
	return &rehome.Fault{
		Class: rehome.ClassOperator, Op: "find the tables of", Object: database, Cause: needed,
		Hint: "let the database user SELECT from the whole database, because what it may not read it does not see; " +
			"if the tables have other names, choose another profile or write a profile file",
	}
}
