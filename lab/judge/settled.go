// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// settled returns what is left of a message once a server has saved it. Measured with Dovecot 2.3 and
// Cyrus 3.6 (TestSettled_asRealServersSave): a line feed gets its carriage return, the carriage returns
// before one become one, those behind the last line are lost, and a NUL becomes 0x80.
func settled(message string) []byte {
	out := make([]byte, 0, len(message)+len(message)/32)
	waiting := 0 // carriage returns of which the next octet tells what they are
	for i := range len(message) {
		c := message[i]
		if c == '\r' {
			waiting++
			continue
		}
		if c == '\n' {
			waiting = 1
		}
		for ; waiting > 0; waiting-- {
			out = append(out, '\r')
		}
		if c == 0 {
			c = 0x80
		}
		out = append(out, c)
	}
	return out
}

// bare is what Courier leaves of a message (measured with 5.0): it drops the carriage returns that end no line,
// and ends the last line.
func bare(message string) []byte {
	out := make([]byte, 0, len(message)+len(message)/32)
	for _, c := range []byte(message) {
		switch c {
		case '\r':
			continue
		case '\n':
			out = append(out, '\r')
		case 0:
			c = 0x80
		}
		out = append(out, c)
	}
	if !strings.HasSuffix(message, "\n") {
		out = append(out, "\r\n"...)
	}
	return out
}

// messageID finds the first Message-ID of the header, as a name for people.
func messageID(message []byte) string {
	const field = "message-id:"
	for line := range strings.SplitSeq(string(message[:min(len(message), 256<<10)]), "\r\n") {
		if line == "" {
			break
		}
		if len(line) > len(field) && strings.EqualFold(line[:len(field)], field) {
			return strings.TrimSpace(line[len(field):])
		}
	}
	return ""
}

// base64Names is the alphabet of mailbox names (RFC 3501, section 5.1.3).
var base64Names = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

// readable decodes a mailbox name; one that is not encoded as it should be stays as it is. INBOX is one
// mailbox in whatever case.
func readable(raw string) string {
	if strings.EqualFold(raw, "INBOX") {
		return "INBOX"
	}
	var b strings.Builder
	rest := raw
	for {
		plain, shifted, found := strings.Cut(rest, "&")
		b.WriteString(plain)
		if !found {
			return b.String()
		}
		code, after, ended := strings.Cut(shifted, "-")
		if !ended {
			return raw
		}
		rest = after
		if code == "" {
			b.WriteByte('&')
			continue
		}
		octets, err := base64Names.DecodeString(code)
		if err != nil || len(octets)%2 > 0 {
			return raw
		}
		units := make([]uint16, 0, len(octets)/2)
		for i := 0; i < len(octets); i += 2 {
			units = append(units, uint16(octets[i])<<8|uint16(octets[i+1]))
		}
		b.WriteString(string(utf16.Decode(units)))
	}
}
