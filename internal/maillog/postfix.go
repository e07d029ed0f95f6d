// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"regexp"
	"strings"
)

// Postfix's delivery agents all log alike: "QUEUE: to=<final>, orig_to=<before aliases>, relay=..., status=sent (words)".
var (
	postfixLine     = regexp.MustCompile(`^[0-9A-Za-z]+: to=<([^<>]*)>, (?:orig_to=<([^<>]*)>, )?(.*?status=.*)$`)
	postfixLoopback = regexp.MustCompile(`\brelay=[^,]*\[(?:127\.[0-9.]+|::1)\]`)
	postfixDropped  = regexp.MustCompile(`\(2\d\d [^()]*\bdiscarded\b`) // Amavis says so of what it keeps to itself
)

// postfix knows the lines of a program of Postfix. What is handed to a filter comes back under another queue name and is
// told of again; so may be what a program or a store in the same host takes.
func postfix(service, text string) Event {
	m := postfixLine.FindStringSubmatch(text)
	switch {
	case m == nil && strings.Contains(text, " status=sent"):
		return Event{} // a delivery in a form that nobody foresaw
	case m == nil:
		return nothing()
	}
	status := m[3][strings.Index(m[3], "status=")+len("status="):]
	if !strings.HasPrefix(status, "sent ") && status != "sent" {
		return nothing() // deferred, bounced, expired; "deliverable" is a question, not a message
	}
	if service == "discard" || strings.Contains(status, "delivered to file: /dev/null") || postfixDropped.MatchString(status) {
		return nothing()
	}
	stage := Final
	if service == "pipe" || postfixLoopback.MatchString(m[3]) || strings.Contains(status, "from MTA(") {
		stage = Passed
	}
	return delivered(stage, namesIn([]string{m[1], m[2]}))
}
