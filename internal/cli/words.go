// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
)

// number renders a count with separators.
func number(n int) string { return humanize.Comma(int64(n)) }

// plural renders a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", number(n), noun)
}

// count renders a count with a noun whose plural is irregular.
func count(n int, one, many string) string { return number(n) + " " + verb(n, one, many) }

// verb chooses the form of a verb, or of a clause, that agrees with a count.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// padded fills text with blanks to a width in columns of the terminal.
func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(width-cells(text), 0))
}
