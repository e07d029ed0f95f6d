// SPDX-License-Identifier: Apache-2.0

// Package mailsink catches what the servers of a lab try to mail: invitations above all.
//
// A sink has two mouths. Sendmail is a program that takes a message as sendmail(8) does; SMTP is the
// address of a host that takes any message for anybody. What went in is counted and read by Messages.
// Nothing is ever delivered.
//
// Start, give the mouths to the servers, look at Messages. A test that expects no mail proves first
// that mail would arrive: see the tests of lab/davical.
//
// RFC 5321 as far as a server's own mail needs it: no extensions, no TLS, no log-in.
package mailsink

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"rehome/lab"
)

// sendmail writes a message under a temporary name first, so that nobody reads half of one.
const sendmail = `#!/bin/sh
# Takes the place of sendmail in a lab: keeps the message in a file.
set -eu
file=$(mktemp %[1]s/new/XXXXXXXXXX)
{ printf 'X-Sink-Arguments: %%s\n' "$*"; cat; } >"$file"
mv "$file" "%[1]s/cur/$(date +%%s%%N)-$$"
`

// Sink catches mail. Its methods may be called from several goroutines.
type Sink struct {
	Sendmail string // path of a program
	SMTP     string // host:port

	dir string
}

// Message is one piece of mail that was caught.
type Message struct {
	Arrived time.Time
	From    string   // of the envelope; empty if it came by Sendmail
	To      []string // of the envelope, or what stood behind Sendmail's options
	Header  mail.Header
	Octets  []byte // as it came, without what the sink puts in front
}

// Subject returns the header field.
func (m Message) Subject() string { return m.Header.Get("Subject") }

// Method returns the method of the invitation inside, in capitals, or nothing if there is none:
// REQUEST, REPLY, CANCEL (RFC 5546 section 1.4), from the object or the type of its part.
func (m Message) Method() string {
	found := regexp.MustCompile(`(?im)(?:^method:|;\s*method=)"?([a-z]+)`).FindSubmatch(m.Octets)
	if found == nil {
		return ""
	}
	return strings.ToUpper(string(found[1]))
}

// Start opens a sink in the lab. The lab's Close closes it. name is the folder's, its own in the
// room; empty means "mailsink".
func Start(l *lab.Lab, name string) (*Sink, error) {
	name = cmp.Or(name, "mailsink")
	s := &Sink{}
	var err error
	if s.dir, err = l.OwnedDir(name); err != nil {
		return nil, err
	}
	for _, sub := range []string{"new", "cur"} {
		if _, err := l.OwnedDir(name, sub); err != nil {
			return nil, err
		}
		// A server of another user id than the lab's owner mails too.
		if err := os.Chmod(filepath.Join(s.dir, sub), 0o777); err != nil {
			return nil, err
		}
	}
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return nil, err
	}
	s.Sendmail = filepath.Join(s.dir, "sendmail")
	if err := os.WriteFile(s.Sendmail, fmt.Appendf(nil, sendmail, s.dir), 0o755); err != nil {
		return nil, err
	}
	return s, s.serve(l)
}

// Messages returns everything that has arrived, in order of arrival.
func (s *Sink) Messages() ([]Message, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "cur"))
	if err != nil {
		return nil, fmt.Errorf("look into the mail sink: %w", err)
	}
	var all []Message
	for _, entry := range entries {
		m, err := s.read(entry)
		if err != nil {
			return nil, fmt.Errorf("look into the mail sink: %w", err)
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b Message) int { return a.Arrived.Compare(b.Arrived) })
	return all, nil
}

// Wait returns as soon as n messages have arrived, or with an error that says how many there are
// when ctx ends.
func (s *Sink) Wait(ctx context.Context, n int) ([]Message, error) {
	for {
		all, err := s.Messages()
		if err != nil || len(all) >= n {
			return all, err
		}
		select {
		case <-ctx.Done():
			return all, fmt.Errorf("%d messages have arrived, not %d: %w", len(all), n, context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Empty throws away what has arrived.
func (s *Sink) Empty() error {
	entries, err := os.ReadDir(filepath.Join(s.dir, "cur"))
	for _, entry := range entries {
		err = errors.Join(err, os.Remove(filepath.Join(s.dir, "cur", entry.Name())))
	}
	return err
}

func (s *Sink) read(entry fs.DirEntry) (Message, error) {
	info, err := entry.Info()
	if err != nil {
		return Message{}, err
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "cur", entry.Name()))
	if err != nil {
		return Message{}, err
	}
	m := Message{Arrived: info.ModTime()}
	for {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		key, value, _ := strings.Cut(strings.TrimSuffix(string(line), "\r"), ": ")
		switch key {
		case "X-Sink-From":
			m.From = value
		case "X-Sink-To":
			m.To = append(m.To, value)
		case "X-Sink-Arguments":
			m.To = recipients(value)
		default:
			m.Octets = text
			m.Header = header(text)
			return m, nil
		}
		text = rest
	}
}

// recipients are the arguments that are no options; sendmail -t has none, and the header has them.
func recipients(arguments string) []string {
	return slices.DeleteFunc(strings.Fields(arguments), func(arg string) bool { return strings.HasPrefix(arg, "-") })
}

// header reads what can be read: mail that no parser takes is mail nevertheless.
func header(text []byte) mail.Header {
	message, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return mail.Header{}
	}
	return message.Header
}
