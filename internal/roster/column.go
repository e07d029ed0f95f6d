// SPDX-License-Identifier: Apache-2.0

package roster

import "strings"

// column is one of the columns that a roster may have.
type column int

const (
	emailAddress column = iota
	firstName
	lastName
	password
	sourceUser
	sourcePassword
	destinationUser
	destinationPassword
	columnCount
)

var labels = [columnCount]string{
	"EmailAddress", "FirstName", "LastName", "Password",
	"SourceUser", "SourcePassword", "DestinationUser", "DestinationPassword",
}

func (c column) String() string { return labels[c] }

// isPassword tells the columns whose white space belongs to the value.
func (c column) isPassword() bool {
	return c == password || c == sourcePassword || c == destinationPassword
}

// columnOf finds the column that a label of the first line means.
func columnOf(label string) (column, bool) {
	plain := strings.NewReplacer(" ", "", "-", "", "_", "", `"`, "", "\r", "").Replace(label)
	for c, known := range labels {
		if strings.EqualFold(plain, known) {
			return column(c), true
		}
	}
	return 0, false
}
