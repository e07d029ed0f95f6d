// SPDX-License-Identifier: Apache-2.0

// Package letter writes the message that a machine sends to one person, and reads what comes back of it.
//
// Letter.Message writes it: a text and a page of HTML with its pictures, for the reader's program to choose from (RFC 5322, RFC 2045 to
// 2047, RFC 2387), in lines that every server takes. ReadReport reads the report of a mail server about a message that it could not
// deliver (RFC 3464). Both are functions of octets.
package letter

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Address is somebody's, with a name.
type Address = mail.Address

// Envelope is what all letters have in common.
type Envelope struct {
	From, ReplyTo Address // ReplyTo.Address is "" for none
}

// Letter is what a person reads.
type Letter struct {
	To       Address
	Language string // "de"
	Subject  string
	Text     []byte  // UTF-8
	HTML     []byte  // its pictures are "cid:" and the picture's ID
	Images   []Image // PNG
	Attached []File  // beside the page
}

// Image is a picture of the page.
type Image struct {
	ID   string // without characters that need quoting
	Data []byte
}

// File is one that goes along.
type File struct {
	Name, Type string
	Data       []byte
}

// Digest is the same for the same content. Of files only the name counts: what signs them puts the time into the signature.
func (c Letter) Digest(e Envelope) string {
	attached := c.Attached
	c.Attached = make([]File, len(attached))
	for i, file := range attached {
		c.Attached[i] = File{Name: file.Name, Type: file.Type}
	}
	sum := sha256.Sum256(c.Message(e, "", time.Time{}))
	return hex.EncodeToString(sum[:])
}

// NewMessageID returns one for a sender: with it a message is found in logs, in mailboxes and in what comes back.
func NewMessageID(from Address) string {
	domain := from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	return "<rehome-" + strings.ToLower(rand.Text()) + "@" + domain + ">"
}

// Message returns the octets (RFC 5322), with CRLF: a text and a page of HTML for the reader's program to choose from (RFC 2046,
// section 5.1.4). It says that a machine has written it, so that no machine answers (RFC 3834, section 5), and nothing by which
// programs tell mail to many. Without a Message-ID it has no date either, for a digest or to be looked at.
func (c Letter) Message(e Envelope, messageID string, date time.Time) []byte {
	w := &writer{}
	w.addresses("From", e.From)
	w.addresses("To", c.To)
	if e.ReplyTo.Address != "" {
		w.addresses("Reply-To", e.ReplyTo)
	}
	w.words("Subject", c.Subject)
	if messageID != "" {
		w.field("Date", date.Format(time.RFC1123Z))
		w.field("Message-ID", messageID)
	}
	w.field("Auto-Submitted", "auto-generated")
	w.field("Content-Language", c.Language)
	w.field("MIME-Version", "1.0")
	sum := sha256.Sum256(bytes.Join([][]byte{c.Text, c.HTML}, nil))
	w.seed = hex.EncodeToString(sum[:12])
	c.outer(w)
	return w.b.Bytes()
}

// outer writes the parts from the outside to the inside: attachments, then the two forms, then the pictures of one.
func (c Letter) outer(w *writer) {
	if len(c.Attached) == 0 {
		c.forms(w)
		return
	}
	w.multipart("mixed", func(next func()) {
		next()
		c.forms(w)
		for _, file := range c.Attached {
			next()
			name := mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}) // RFC 2231 where need be
			w.binary(file.Type, [][2]string{{"Content-Disposition", name}}, file.Data)
		}
	})
}

func (c Letter) forms(w *writer) {
	w.multipart("alternative", func(next func()) {
		next()
		w.text("text/plain", c.Text)
		next()
		if len(c.Images) == 0 {
			w.text("text/html", c.HTML)
			return
		}
		w.multipart(`related; type="text/html"`, func(next func()) { // RFC 2387
			next()
			w.text("text/html", c.HTML)
			for _, image := range c.Images {
				next()
				w.binary("image/png", [][2]string{{"Content-ID", "<" + image.ID + ">"}, {"Content-Disposition", "inline"}}, image.Data)
			}
		})
	})
}

type writer struct {
	b      bytes.Buffer
	seed   string
	places int // of multiparts, each with a boundary of its own
}

// foldAt is where a field is folded (RFC 5322 section 2.1.1).
const foldAt = 76

// field writes one, folded at its blanks.
func (w *writer) field(name, value string) {
	at := len(name) + 1
	w.b.WriteString(name + ":")
	for i, word := range strings.Split(value, " ") {
		if (i > 0 || strings.HasPrefix(word, "=?")) && at+1+len(word) > foldAt { // RFC 2047 section 2 has a bound of its own
			w.b.WriteString("\r\n")
			at = 0
		}
		w.b.WriteString(" " + word)
		at += 1 + len(word)
	}
	w.b.WriteString("\r\n")
}

// words writes a field of words that people read (RFC 2047).
func (w *writer) words(name, value string) {
	w.field(name, mime.QEncoding.Encode("utf-8", oneLine(value)))
}

// addresses writes a field with one. A name outside ASCII is encoded, for every server takes that (RFC 6532 needs one that can do more).
func (w *writer) addresses(name string, a Address) {
	w.field(name, (&mail.Address{Name: oneLine(a.Name), Address: a.Address}).String())
}

// oneLine takes out what would end a field.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))), " ")
}

// multipart writes the parts that write gives, each behind a call of next.
func (w *writer) multipart(kind string, write func(next func())) {
	w.places++
	boundary := fmt.Sprintf("=_%s_%d", w.seed, w.places) // "=_" stands in no quoted-printable text (RFC 2045 section 6.7)
	w.field("Content-Type", fmt.Sprintf(`multipart/%s; boundary="%s"`, kind, boundary))
	w.b.WriteString("\r\n")
	write(func() { w.b.WriteString("\r\n--" + boundary + "\r\n") })
	w.b.WriteString("\r\n--" + boundary + "--\r\n")
}

func (w *writer) text(kind string, text []byte) {
	w.field("Content-Type", kind+"; charset=utf-8")
	w.field("Content-Transfer-Encoding", "quoted-printable")
	w.b.WriteString("\r\n")
	encoder := quotedprintable.NewWriter(&w.b)
	_, _ = encoder.Write(text) // into memory
	_ = encoder.Close()
}

// lineOctets is how much base64 stands on a line (RFC 2045 section 6.8).
const lineOctets = 76

func (w *writer) binary(kind string, fields [][2]string, data []byte) {
	w.field("Content-Type", kind)
	w.field("Content-Transfer-Encoding", "base64")
	for _, f := range fields {
		w.field(f[0], f[1])
	}
	w.b.WriteString("\r\n")
	text := base64.StdEncoding.EncodeToString(data)
	for len(text) > lineOctets {
		w.b.WriteString(text[:lineOctets] + "\r\n")
		text = text[lineOctets:]
	}
	w.b.WriteString(text + "\r\n")
}
