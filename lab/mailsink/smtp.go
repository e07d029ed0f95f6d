// SPDX-License-Identifier: Apache-2.0

package mailsink

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rehome/lab"
)

// patience is how long a client may say nothing (RFC 5321 section 4.5.3.2 allows more).
const patience = time.Minute

// serve opens the SMTP mouth.
func (s *Sink) serve(l *lab.Lab) error {
	addr, err := l.Addr()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	s.SMTP = addr
	var open connections
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			open.add(conn)
			all.Go(func() {
				defer open.remove(conn)
				_ = s.talk(conn) // what a client does wrong is its own affair
			})
		}
	})
	return l.OnClose(func() error {
		err := listener.Close()
		open.close()
		all.Wait()
		return err
	})
}

// connections are those that are open; a closed set takes no more.
type connections struct {
	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

func (c *connections) add(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = conn.Close()
		return
	}
	if c.open == nil {
		c.open = map[net.Conn]bool{}
	}
	c.open[conn] = true
}

func (c *connections) remove(conn net.Conn) {
	_ = conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for conn := range c.open {
		_ = conn.Close()
	}
}

// envelope is a mail transaction under way.
type envelope struct {
	from string
	to   []string
}

// talk is one SMTP or LMTP session.
func (s *Sink) talk(conn net.Conn) error {
	text := textproto.NewConn(conn)
	if err := text.PrintfLine("220 mailsink ESMTP"); err != nil {
		return err
	}
	var now envelope
	for {
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		line, err := text.ReadLine()
		if err != nil {
			return err
		}
		verb, rest, _ := strings.Cut(line, " ")
		answer := "250 2.0.0 OK"
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO", "NOOP":
		case "LHLO":
			// Every recipient is answered after the data (RFC 2033 section 4.2); this sink does not.
			answer = "500 5.5.1 SMTP only"
		case "RSET":
			now = envelope{}
		case "MAIL":
			now = envelope{from: path(rest)}
		case "RCPT":
			now.to = append(now.to, path(rest))
		case "DATA":
			answer, err = s.data(text, now)
			now = envelope{}
		case "QUIT":
			return text.PrintfLine("221 2.0.0 bye")
		default:
			answer = "502 5.5.1 unknown command" // RFC 5321, section 4.2.4
		}
		if err := errors.Join(err, text.PrintfLine("%s", answer)); err != nil {
			return err
		}
	}
}

// path takes the address out of "FROM:<address> options".
func path(argument string) string {
	_, rest, _ := strings.Cut(argument, "<")
	address, _, _ := strings.Cut(rest, ">")
	return address
}

func (s *Sink) data(text *textproto.Conn, now envelope) (answer string, err error) {
	if len(now.to) == 0 {
		return "503 5.5.1 nobody to take it to", nil
	}
	if err := text.PrintfLine("354 go on"); err != nil {
		return "", err
	}
	octets, err := text.ReadDotBytes()
	if err != nil {
		return "", err
	}
	if err := s.keep(now, octets); err != nil {
		return "451 4.3.0 " + err.Error(), nil //nolint:nilerr // the client is told
	}
	return "250 2.0.0 kept", nil
}

// keep writes the message as the program Sendmail does.
func (s *Sink) keep(now envelope, octets []byte) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "X-Sink-From: %s\n", now.from)
	for _, to := range now.to {
		fmt.Fprintf(&b, "X-Sink-To: %s\n", to)
	}
	b.Write(octets)
	file, err := os.CreateTemp(filepath.Join(s.dir, "new"), "")
	if err != nil {
		return err
	}
	_, err = file.Write(b.Bytes())
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(s.dir, "cur", fmt.Sprintf("%d-%s", time.Now().UnixNano(), filepath.Base(file.Name()))))
}
