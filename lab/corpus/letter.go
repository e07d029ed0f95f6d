// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"strings"
	"time"
)

// shape is the MIME structure of a letter.
type shape int

const (
	shapePlain       shape = iota
	shapeAlternative       // text and HTML
	shapeMixed             // text and an attachment
)

// letter is an ordinary message that is made when asked for: its description is all there is.
type letter struct {
	stock    *stock
	seed     uint64
	id       string // of the Message-ID and the boundaries
	shape    shape
	size     int64 // wanted, in octets on the wire
	date     time.Time
	from, to string // with display names, already encoded
	subject  string // already encoded
	mailer   string
	read     bool // asks for a receipt
}

// part is one stretch of a letter: spelled out, prose, or lines of base64.
type part struct {
	text  string
	prose int64 // octets on the wire
	lines int64
}

// message describes the letter. Its Size is exact: the prose takes what headers and attachment leave.
func (l letter) message() Message {
	var size int64
	for _, p := range l.parts() {
		size += int64(len(p.text)+strings.Count(p.text, "\n")) + p.prose + p.lines*(base64Line+2)
	}
	return Message{Size: size, content: l}
}

func (l letter) writeStored(w io.Writer) error {
	buf := bufio.NewWriterSize(w, 64<<10)
	rng := rand.New(rand.NewPCG(l.seed, 1))
	for _, p := range l.parts() {
		if _, err := buf.WriteString(p.text); err != nil {
			return err
		}
		if p.prose > 0 {
			if err := l.stock.writeProse(buf, rng, p.prose); err != nil {
				return err
			}
		}
		if err := l.stock.writeBase64(buf, rng, p.lines); err != nil {
			return err
		}
	}
	return buf.Flush()
}

func (l letter) parts() []part {
	head := l.header()
	switch l.shape {
	case shapeAlternative:
		return l.alternative(head)
	case shapeMixed:
		return l.mixed(head)
	default:
		head += "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n"
		return []part{{text: head, prose: max(proseMin, l.size-wireLen(head))}}
	}
}

func (l letter) alternative(head string) []part {
	boundary := "=_alt_" + l.id
	head += "Content-Type: multipart/alternative;\n\tboundary=\"" + boundary + "\"\n\n" +
		"--" + boundary + "\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n"
	html := "\n--" + boundary + "\nContent-Type: text/html; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n" +
		"<html><head><style>p { margin: 0 }</style></head><body>\n<p>\n"
	tail := "</p>\n</body></html>\n--" + boundary + "--\n"
	rest := max(2*proseMin, l.size-wireLen(head)-wireLen(html)-wireLen(tail))
	text := max(proseMin, rest/3)
	return []part{{text: head, prose: text}, {text: html, prose: rest - text}, {text: tail}}
}

func (l letter) mixed(head string) []part {
	boundary := "=_mix_" + l.id
	head += "Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\n\nThis is a multi-part message in MIME format.\n" +
		"--" + boundary + "\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n"
	file := "\n--" + boundary + "\nContent-Type: application/pdf; name=\"offer-" + l.id + ".pdf\"\n" +
		"Content-Transfer-Encoding: base64\nContent-Disposition: attachment;\n\tfilename=\"offer-" + l.id + ".pdf\"\n\n"
	tail := "--" + boundary + "--\n"
	rest := max(proseMin, l.size-wireLen(head)-wireLen(file)-wireLen(tail))
	lines := (rest - proseMin) * 9 / 10 / (base64Line + 2)
	return []part{{text: head, prose: rest - lines*(base64Line+2)}, {text: file, lines: lines}, {text: tail}}
}

// header ends before the fields that describe the body.
func (l letter) header() string {
	_, domain, _ := strings.Cut(l.from, "@")
	domain = strings.Trim(domain, ">")
	var b strings.Builder
	fmt.Fprintf(&b, "Return-Path: <%s@%s>\n", "bounce-"+l.id, domain)
	fmt.Fprintf(&b, "Received: from mail.%s ([192.0.2.%d])\n\tby mx.example.com (Exim 4.72) with esmtp id 1%s-0002Xy-%02X;\n\t%s\n",
		domain, l.seed%250+1, l.id[:5], l.seed%251, l.date.Format(time.RFC1123Z))
	fmt.Fprintf(&b, "From: %s\nTo: %s\nSubject: %s\nDate: %s\n", l.from, l.to, l.subject, l.date.Format(time.RFC1123Z))
	fmt.Fprintf(&b, "Message-ID: <%s@%s>\n", l.id, domain)
	if l.mailer != "" {
		fmt.Fprintf(&b, "X-Mailer: %s\n", l.mailer)
	}
	if l.read {
		fmt.Fprintf(&b, "Disposition-Notification-To: %s\nX-Confirm-Reading-To: %s\n", l.from, l.from)
	}
	b.WriteString("MIME-Version: 1.0\n")
	return b.String()
}

// wireLen is the length of a text with LF line ends once they are CRLF.
func wireLen(s string) int64 { return int64(len(s) + strings.Count(s, "\n")) }

// correspondent is somebody who writes or is written to.
type correspondent struct{ name, address string }

// field renders the correspondent for From and To, RFC 2047 encoded where needed.
func (c correspondent) field() string {
	if c.name == "" {
		return c.address
	}
	encoded := mime.BEncoding.Encode("utf-8", c.name)
	if encoded == c.name && strings.ContainsAny(c.name, `,"'.()`) {
		encoded = `"` + strings.ReplaceAll(c.name, `"`, `\"`) + `"`
	}
	return encoded + " <" + c.address + ">"
}
