// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"strings"
)

// sends says whether storing or removing an object makes this server write to people, RFC 6638 section 3.2.
// One that schedules does so for every organizer's object and every attendee's answer, unless it is kept from it
// in the one way that it heeds.
func (e *end) sends(q question, c *collection, data []byte) bool {
	if !e.habits.schedules || c.kind != calendars || !strings.Contains(string(data), "ATTENDEE") {
		return false
	}
	switch e.habits.heeds {
	case "header":
		return q.header.Get("Schedule-Reply") != "F"
	case "agent":
		return strings.Contains(string(data), "ATTENDEE") && !silencedByAgent(data)
	}
	return true
}

// silencedByAgent reports whether everybody is the client's own business.
func silencedByAgent(data []byte) bool {
	for _, line := range unfolded(data) {
		if strings.HasPrefix(line, "ATTENDEE") && !strings.Contains(line, "SCHEDULE-AGENT=CLIENT") {
			return false
		}
	}
	return true
}

// scheduled notes with each person what became of the message, RFC 6638 section 3.2.9.
func scheduled(data []byte) []byte {
	lines := unfolded(data)
	for i, line := range lines {
		if strings.HasPrefix(line, "ATTENDEE;") {
			lines[i] = "ATTENDEE;SCHEDULE-STATUS=1.2;" + strings.TrimPrefix(line, "ATTENDEE;")
		}
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n")
}

// strangers are the people in an object besides the account, whom a message would reach.
func strangers(data []byte, account string) []string {
	var all []string
	for _, line := range unfolded(data) {
		if !strings.HasPrefix(line, "ATTENDEE") && !strings.HasPrefix(line, "ORGANIZER") {
			continue
		}
		_, address, _ := strings.Cut(line, "mailto:")
		if address != account && !strings.HasSuffix(address, ".invalid") { // RFC 2606 section 2: nobody can have it
			all = append(all, address)
		}
	}
	return all
}
