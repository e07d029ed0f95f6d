// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
)

// Count renders a number of things for a sentence: "1 message", "3,104 messages".
func Count(n int64, thing string) string {
	return humanize.Comma(n) + " " + english.PluralWord(int(n), thing, "")
}
