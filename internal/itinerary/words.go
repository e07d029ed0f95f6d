// SPDX-License-Identifier: Apache-2.0

package itinerary

import (
	"fmt"
	"strings"
	"time"
)

// at is a moment in a sentence.
func at(t time.Time) string { return "on " + t.UTC().Format("2006-01-02 at 15:04 UTC") }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// join puts the words of what went wrong behind a sentence.
func join(sentence, words string) string {
	if words == "" {
		return sentence
	}
	return sentence + ": " + words
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// all says that it is about every one.
func all(n int, noun string) string {
	switch n {
	case 1:
		return "the only " + noun
	case 2:
		return "both " + noun + "s"
	}
	return fmt.Sprintf("all %d %ss", n, noun)
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// some names a few of many.
func some(names []string) string {
	const shown = 3
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown-1], ", "), len(names)-shown+1)
}
