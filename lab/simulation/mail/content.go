// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"strings"
	"time"

	"rehome/lab/simulation"
)

// library is all texts of a run. A content is known by its number.
type library struct {
	texts  []string
	number map[string]int // of a text in the form in which servers store it
}

func newLibrary() *library { return &library{number: map[string]int{}} }

// stored is what a server makes of a text when it saves it: it completes bare line feeds.
func stored(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}

// add makes a new text of a shape that c draws and returns its number.
func (l *library) add(p simulation.Plan, c simulation.Chance) int {
	n := len(l.texts)
	text := compose(p, c, n)
	l.texts = append(l.texts, text)
	l.number[stored(text)] = n
	return n
}

// find returns the number of what a client has sent, and false when no text is that.
func (l *library) find(text string) (int, bool) {
	n, known := l.number[stored(text)]
	return n, known
}

// compose writes message n. Some share their header, some have hardly one.
func compose(p simulation.Plan, c simulation.Chance, n int) string {
	end := "\r\n"
	if p.Has(bareLineFeeds, 0.2) && c.With("bare").Happens(0.3) {
		end = "\n"
	}
	identity := n
	if p.Has(headersAlike, 0.2) && c.With("alike").Happens(0.4) {
		identity = 0
	}
	lines := []string{
		fmt.Sprintf("Message-ID: <m%d@example.org>", identity),
		"Date: " + time.Date(2020, 1, 1+identity%28, 10, 0, identity, 0, time.UTC).Format(time.RFC1123Z),
		"From: anna@example.org", fmt.Sprintf("Subject: letter %d", identity),
	}
	if p.Has(headersMissing, 0.2) && c.With("bald").Happens(0.3) {
		lines = lines[3:]
	}
	body := strings.Repeat(fmt.Sprintf("line of %d%s", n, end), 1+c.With("lines").Int(20))
	if p.Has(largeMessages, 0.15) && c.With("large").Happens(0.4) {
		body = strings.Repeat(body, 1+3000/len(body))
	}
	if identity != n && c.With("same size").Happens(0.5) {
		body = fmt.Sprintf("body %06d%s", n, end)
	}
	return strings.Join(lines, end) + end + end + body
}
