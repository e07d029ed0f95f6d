// SPDX-License-Identifier: Apache-2.0

package manual

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// chance is what differs between two runs of the same command and tells a reader nothing: when something was, how long it took, how
// fast it was, how much mail came meanwhile, keys, digests and random names. Longer forms come before those that they contain.
var chance = []struct {
	form *regexp.Regexp
	sign string
}{
	{regexp.MustCompile(`\b20\d\d-\d\d-\d\d( \d\d:\d\d(:\d\d)?( UTC)?)?`), "<date>"},
	{regexp.MustCompile(`\b\d\d:\d\d(:\d\d)?\b`), "<time>"},
	{regexp.MustCompile(`\b\d[\d.,]* ?(messages|[kMG]?B|octets|objects)/s`), "<rate>"},
	{regexp.MustCompile(`\b(\d+h)?(\d+m)?\d+(\.\d+)?(s|ms)\b`), "<duration>"},
	{regexp.MustCompile(`\b\d+ (second|minute)s?\b`), "<duration>"},
	{regexp.MustCompile(`\b\d+ (late )?messages?( (copied;|brought|were brought|was brought|since)|$)`), "<mail>"},
	{regexp.MustCompile(`\b\d+ (since the switch|in this hour)`), "<mail>"},
	{regexp.MustCompile(`\((\d+)\)$`), "<mail>"},
	{regexp.MustCompile(`\b\d+ lines\b`), "<lines>"},
	{regexp.MustCompile(`\bage1[a-z0-9]{20,}`), "<key>"},
	{regexp.MustCompile(`\brehome-[a-z0-9]{20,}`), "<id>"},
	{regexp.MustCompile(`\b[0-9a-f]{12,}\b`), "<digest>"},
	{regexp.MustCompile(`\b\d+\.\d+\.\d+-MariaDB\S*`), "<version>"},
	{regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`), "<address>"},
	{regexp.MustCompile(`[ \t]+`), " "}, // columns are as wide as what stands in them
}

// masked is a line without what chance decides.
func masked(line string) string {
	for _, c := range chance {
		line = c.form.ReplaceAllString(line, c.sign)
	}
	return strings.TrimSpace(line)
}

// anyLines in a page stands for lines that it does not show.
const anyLines = "..."

// alike reports whether a command said what the page shows of it.
func alike(shown, said []string) bool {
	for i, line := range shown {
		if line == anyLines {
			return slices.ContainsFunc(tails(said), func(tail []string) bool { return alike(shown[i+1:], tail) })
		}
		if len(said) == 0 || masked(line) != masked(said[0]) {
			return false
		}
		said = said[1:]
	}
	return len(said) == 0
}

// tails are all ends of lines, the whole and the empty one too.
func tails(lines []string) [][]string {
	all := make([][]string, 0, len(lines)+1)
	for i := range len(lines) + 1 {
		all = append(all, lines[i:])
	}
	return all
}

// strange says for whoever has to mend the page which line of it the command did not say, or else which one the page has no place for.
func strange(shown, said []string) string {
	if line, found := notAmong(shown, said); found {
		return "it does not say " + strconv.Quote(line)
	}
	if line, found := notAmong(said, shown); found {
		return "the page lacks " + strconv.Quote(line)
	}
	return "the order is another one"
}

// notAmong returns the first line that is not among others.
func notAmong(lines, others []string) (line string, found bool) {
	i := slices.IndexFunc(lines, func(line string) bool {
		return line != anyLines && !slices.ContainsFunc(others, func(other string) bool { return masked(other) == masked(line) })
	})
	if i < 0 {
		return "", false
	}
	return lines[i], true
}
