// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
)

// Report is what a mail server says of a letter that it could not deliver.
type Report struct {
	MessageID string // of the letter, see NewMessageID
	Words     string // of the server, with its status code (RFC 3463)
}

// maxParts bounds the parts of a report, and the groups of its fields.
const maxParts = 20

// ReadReport reads a report of a failure; is is false for every other message, such as one of somebody who is away.
func ReadReport(message []byte) (r Report, is bool) {
	m, err := mail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		return r, false
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") {
		return r, false
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for range maxParts {
		part, err := parts.NextRawPart()
		if err != nil {
			break // a message that was cut has what stands in front
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		switch kind {
		case "message/delivery-status", "message/global-delivery-status":
			r.Words, is = statusOf(part)
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			r.MessageID = messageIDOf(part)
		}
	}
	return r, is && r.MessageID != ""
}

// statusOf returns what is said of the recipient that failed: groups of fields, the first about the message, each other about one
// recipient (RFC 3464 section 2.1).
func statusOf(r io.Reader) (words string, failed bool) {
	fields := textproto.NewReader(bufio.NewReader(r))
	for range maxParts {
		group, err := fields.ReadMIMEHeader()
		if strings.EqualFold(strings.TrimSpace(group.Get("Action")), "failed") {
			diagnostic := group.Get("Diagnostic-Code")
			if kind, text, typed := strings.Cut(diagnostic, ";"); typed && !strings.Contains(kind, " ") {
				diagnostic = text
			}
			words, status := oneLine(diagnostic), oneLine(group.Get("Status"))
			if !strings.Contains(words, status) {
				words = status + " " + words
			}
			return strings.TrimSpace(words), true
		}
		if err != nil {
			return "", false
		}
	}
	return "", false
}

// ownID is the form of NewMessageID, in fields that were unfolded.
var (
	ownID  = regexp.MustCompile(`(?im)^message-id:\s*(<rehome-[a-z2-7]+@[^<>\s]+>)`)
	folded = regexp.MustCompile(`\r?\n[ \t]+`)
	noMore = regexp.MustCompile(`\r?\n\r?\n`) // fields
)

// maxFields bounds the fields of a returned message.
const maxFields = 256 << 10

// messageIDOf finds ours in what is returned, which need not be a whole message.
func messageIDOf(r io.Reader) string {
	text, _ := io.ReadAll(io.LimitReader(r, maxFields)) // as far as it can be read
	if end := noMore.FindIndex(text); end != nil {
		text = text[:end[0]]
	}
	if m := ownID.FindSubmatch(folded.ReplaceAll(text, []byte(" "))); m != nil {
		return string(m[1])
	}
	return ""
}
