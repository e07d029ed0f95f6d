// SPDX-License-Identifier: Apache-2.0

package probemail

import (
	"net/mail"
	"strings"
	"time"
)

// subject is what a person reads who comes across the message.
const subject = "Test message of the move to the new mail server (removed by itself)"

// octetsOf returns the message. Auto-Submitted keeps answering machines silent (RFC 3834, section 5; RFC 5230, section 4.6).
func octetsOf(from, to, messageID string, now time.Time) []byte {
	header := []string{
		"From: " + (&mail.Address{Address: from}).String(), "To: " + (&mail.Address{Address: to}).String(), "Subject: " + subject,
		"Date: " + now.Format(time.RFC1123Z), "Message-ID: " + messageID, "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
		"Content-Type: text/plain; charset=us-ascii",
	}
	return []byte(strings.Join(append(header, "",
		"rehome has sent this message to find out whether mail reaches the new mail server.",
		"It removes the message there by itself. If you still see it, you can delete it.", "", contentOf(messageID), ""), "\r\n"))
}

// contentOf is the line that only this message has.
func contentOf(messageID string) string { return "Test " + strings.Trim(messageID, "<>") }
