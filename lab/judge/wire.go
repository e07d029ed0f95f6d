// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// What a server may take and send at most.
const (
	patience   = 2 * time.Minute // for the next octets of an answer
	maxLine    = 1 << 20
	maxLiteral = 256 << 20
	maxDepth   = 40 // of lists in lists
)

// answer is one answer of a server.
type answer struct {
	tag    string // "*", "+" or the command's
	word   string // in upper case: "OK", "LIST", "EXISTS"
	number uint32 // of "* 3 EXISTS"
	items  []item // what follows, except in answers that are text for people
	line   string // as it came, without the octets of literals
}

// item is one value of an answer.
type item struct {
	text string
	list []item
	bare bool // an atom, so that NIL is nothing
}

func (i item) isNil() bool { return i.bare && strings.EqualFold(i.text, "NIL") }

// session is one connection that has logged in.
type session struct {
	conn   net.Conn
	in     *bufio.Reader
	stop   func() bool
	tags   int
	exists uint32 // of the open mailbox, as last told
	shrunk bool   // messages went while it was open
	offers map[string]bool
}

// open logs in at an end.
func open(ctx context.Context, at Login) (*session, error) {
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", at.Address)
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), offers: map[string]bool{}}
	s.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
	if greeting, err := s.read(); err != nil || greeting.word != "OK" {
		s.close()
		return nil, fmt.Errorf("greeting of %s: %q, %w", at.Address, greeting.line, errors.Join(err, errRefused))
	}
	err = s.do(nil, text("LOGIN"), quoted(at.User), quoted(at.Password))
	if err == nil {
		err = s.do(func(a answer) error {
			for _, i := range a.items {
				s.offers[strings.ToUpper(i.text)] = a.word == "CAPABILITY"
			}
			return nil
		}, text("CAPABILITY"))
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("log in as %s at %s: %w", at.User, at.Address, err)
	}
	return s, nil
}

func (s *session) close() {
	s.stop()
	_ = s.conn.Close()
}

// word is a piece of a command.
type word struct {
	text    string
	literal bool // goes as a literal that waits for the server's leave
}

func text(s string) word { return word{text: s} }

// quoted makes an argument of any octets.
func quoted(s string) word {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return word{text: s, literal: true}
		}
	}
	return word{text: `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`}
}

// errRefused is the class of errors that are the server's own NO or BAD.
var errRefused = errors.New("refused")

// do runs a command and hands on each untagged answer to it.
func (s *session) do(each func(answer) error, words ...word) error {
	s.tags++
	tag := "j" + strconv.Itoa(s.tags)
	if err := s.say(tag, words); err != nil {
		return err
	}
	for {
		a, err := s.read()
		switch {
		case err != nil:
			return err
		case a.tag == tag && a.word == "OK":
			return nil
		case a.tag == tag:
			return fmt.Errorf("%w: %s", errRefused, a.line)
		case a.tag != "*":
			return fmt.Errorf("an answer to nothing: %s", a.line)
		case a.word == "BYE":
			return fmt.Errorf("the server ended the session: %s", a.line)
		}
		s.note(a)
		if each != nil {
			if err := each(a); err != nil {
				return err
			}
		}
	}
}

// note keeps what a server may tell at any time.
func (s *session) note(a answer) {
	switch a.word {
	case "EXISTS":
		s.exists = a.number
	case "EXPUNGE", "VANISHED":
		s.shrunk = true
	}
}

func (s *session) say(tag string, words []word) error {
	line := tag
	for _, w := range words {
		if !w.literal {
			line += " " + w.text
			continue
		}
		if err := s.write(line + " {" + strconv.Itoa(len(w.text)) + "}\r\n"); err != nil {
			return err
		}
		if a, err := s.read(); err != nil || a.tag != "+" {
			return fmt.Errorf("the server does not ask for a literal: %q, %w", a.line, errors.Join(err, errRefused))
		}
		line = w.text
	}
	return s.write(line + "\r\n")
}

func (s *session) write(octets string) error {
	_ = s.conn.SetDeadline(time.Now().Add(patience))
	_, err := io.WriteString(s.conn, octets)
	return err
}

// read takes in the next answer with all its literals.
func (s *session) read() (answer, error) {
	var whole strings.Builder
	var literals []string
	for {
		line, err := s.line()
		if err != nil {
			return answer{}, err
		}
		whole.WriteString(line)
		n, announced := literalAtEnd(line)
		if !announced || len(literals) == 0 && forPeople(line) {
			return parse(whole.String(), literals)
		}
		if n > maxLiteral {
			return answer{}, fmt.Errorf("a literal of %d octets", n)
		}
		octets := make([]byte, n)
		if _, err := io.ReadFull(s.in, octets); err != nil {
			return answer{}, err
		}
		whole.WriteString("\r\n")
		literals = append(literals, string(octets))
	}
}

func (s *session) line() (string, error) {
	_ = s.conn.SetDeadline(time.Now().Add(patience))
	var line []byte
	for {
		part, err := s.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return "", fmt.Errorf("a line of more than %d octets: %.100s", maxLine, line)
		case err == nil:
			return strings.TrimRight(string(line), "\r\n"), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", fmt.Errorf("after %q: %w", line, err)
		}
	}
}

// literalAtEnd reads the announcement of a literal (RFC 9051, section 4.3).
func literalAtEnd(line string) (int64, bool) {
	if !strings.HasSuffix(line, "}") {
		return 0, false
	}
	start := strings.LastIndexByte(line, '{')
	if start < 0 {
		return 0, false
	}
	n, err := strconv.ParseUint(line[start+1:len(line)-1], 10, 62)
	return int64(n), err == nil
}

// forPeople says that the rest of an answer is text, in which braces mean nothing.
func forPeople(line string) bool {
	parts := strings.SplitN(line, " ", 3)
	return len(parts) < 2 || isStatus(strings.ToUpper(parts[1])) || parts[0] == "+"
}

func isStatus(word string) bool {
	switch word {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return true
	}
	return false
}
