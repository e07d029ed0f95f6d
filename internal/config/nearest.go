// SPDX-License-Identifier: Apache-2.0

package config

import "slices"

// longest bounds what is compared: a longer word is no misspelling of anything.
const longest = 64

// Nearest returns the candidate that a typist most likely meant by word, or "".
func Nearest(word string, candidates []string) string {
	if len(word) > longest {
		return ""
	}
	best := ""
	bound := max(1, len(word)/3) + 1
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if n := distance(word, c); n < bound {
			best = c
			bound = n
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of neighbours between a and b
// (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			rows[i][j] = min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
