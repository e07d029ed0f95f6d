// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"rehome/lab/simulation"
)

// session is one connection of a model server. It is used by its own goroutine only.
type session struct {
	*habits
	store *store
	line  simulation.Line
	conn  net.Conn
	in    *bufio.Reader
	out   bytes.Buffer

	era      int // of the server when the connection was opened, see store.restarts
	loggedIn bool
	box      *mailbox // that is open
	readOnly bool
	view     []uint32 // UIDs of the open mailbox that the client has been told of, by sequence number
	omitted  uidSet   // what the last search has left out
	seen     uint64   // the MODSEQ up to which it has been told of flags
	qresync  bool
}

// command is one command as it came, its literals in their places.
type command struct {
	tag, verb string
	words     []word
	text      string // without the tag, for decisions and stories
	nth       int    // how often the same was said at this end before
}

// word is an atom, a string or a list.
type word struct {
	text string
	list []word
	kind byte // 'a' atom, 's' string, 'l' list
}

var errGone = errors.New("the connection is over")

// serve answers a connection until it ends.
func serve(s *session) {
	s.in = bufio.NewReader(s.conn)
	s.store.mu.Lock()
	s.era = s.store.restarts
	s.store.mu.Unlock()
	if s.fails(tooMany, s.line.Number, s.line.Process) {
		s.say("* BYE too many connections, try again later")
		_ = s.flush() // it is over either way
		return
	}
	if s.always(capsAsked) {
		s.say("* OK ready")
	} else {
		s.say("* OK [CAPABILITY %s] ready", s.capabilities())
	}
	if s.flush() != nil {
		return
	}
	for {
		if s.hearsNoise() {
			return
		}
		c, err := s.read()
		if err != nil {
			return
		}
		if err := s.answer(c); err != nil {
			return
		}
	}
}

// hearsNoise says that the client begins with a TLS handshake, to see whether the port speaks it. Its octets are random, so
// nothing may hang on them.
func (s *session) hearsNoise() bool {
	first, err := s.in.Peek(1)
	return err == nil && first[0] == 0x16 // RFC 8446, section 5.1
}

// read reads one command with its literals.
func (s *session) read() (command, error) {
	var text strings.Builder
	var literals []string
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return command{}, err
		}
		line = strings.TrimRight(line, "\r\n")
		size, synchronising, found := literalAt(line)
		text.WriteString(line)
		if !found {
			break
		}
		if !synchronising && !s.caps["LITERAL+"] && (!s.caps["LITERAL-"] || size > 4096) { // RFC 7888
			s.store.breach("servers are asked what they offer", "a literal that is not waited for: "+line)
		}
		if synchronising {
			if s.refusesAtOnce(text.String(), size) {
				return s.read()
			}
			s.say("+ go ahead")
			if err := s.flush(); err != nil {
				return command{}, err
			}
		}
		literal := make([]byte, size)
		if _, err := io.ReadFull(s.in, literal); err != nil {
			return command{}, err
		}
		literals = append(literals, string(literal))
	}
	return s.parse(text.String(), literals), nil
}

// refusesAtOnce answers an APPEND that cannot be before its next message has been sent.
func (s *session) refusesAtOnce(text string, size int) bool {
	c := s.parse(text, nil)
	if c.verb != "APPEND" || len(c.words) == 0 {
		return false
	}
	words := s.refusalOf(c, size)
	if words == "" {
		return false
	}
	s.say("%s NO %s", c.tag, words)
	return s.flush() == nil
}

// refusalOf is why a message of an APPEND cannot be stored, "" for no reason.
func (s *session) refusalOf(c command, size int) string {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	words, full := s.full()
	box := s.store.mailbox(c.words[0].text)
	switch {
	case box == nil:
		return "[TRYCREATE] no such mailbox"
	case s.sealed(box):
		return strings.TrimPrefix(s.sealedWords(box), "NO ")
	case s.tooBig(size):
		return tooBigWords
	case full:
		return words
	}
	return ""
}

// literalAt finds {n} or {n+} at the end of a line.
func literalAt(line string) (size int, synchronising, found bool) {
	if !strings.HasSuffix(line, "}") {
		return 0, false, false
	}
	open := strings.LastIndexByte(line, '{')
	if open < 0 {
		return 0, false, false
	}
	digits, plus := strings.CutSuffix(line[open+1:len(line)-1], "+")
	n, err := strconv.Atoi(digits)
	return n, !plus, err == nil
}

// parse splits a command into words.
func (s *session) parse(text string, literals []string) command {
	tag, rest, _ := strings.Cut(text, " ")
	verb, arguments, _ := strings.Cut(rest, " ")
	verb = strings.ToUpper(verb)
	if verb == "UID" {
		var second string
		second, arguments, _ = strings.Cut(arguments, " ")
		verb += " " + strings.ToUpper(second)
	}
	p := parser{text: arguments, literals: literals}
	return command{tag: tag, verb: verb, words: p.words(), text: rest}
}

type parser struct {
	text     string
	literals []string
}

// words reads until the end or a closing parenthesis.
func (p *parser) words() []word {
	var all []word
	for {
		p.text = strings.TrimLeft(p.text, " ")
		switch {
		case p.text == "":
			return all
		case p.text[0] == ')':
			p.text = p.text[1:]
			return all
		case p.text[0] == '(':
			p.text = p.text[1:]
			all = append(all, word{kind: 'l', list: p.words()})
		case p.text[0] == '"':
			all = append(all, p.quoted())
		case p.text[0] == '{' && len(p.literals) > 0:
			_, p.text, _ = strings.Cut(p.text, "}")
			all = append(all, word{kind: 's', text: p.literals[0]})
			p.literals = p.literals[1:]
		default:
			all = append(all, p.atom())
		}
	}
}

func (p *parser) quoted() word {
	var b strings.Builder
	for i := 1; i < len(p.text); i++ {
		switch p.text[i] {
		case '\\':
			i++
			if i < len(p.text) {
				b.WriteByte(p.text[i])
			}
		case '"':
			p.text = p.text[i+1:]
			return word{kind: 's', text: b.String()}
		default:
			b.WriteByte(p.text[i])
		}
	}
	p.text = ""
	return word{kind: 's', text: b.String()}
}

// atom reads up to a blank or parenthesis outside of brackets.
func (p *parser) atom() word {
	depth := 0
	for i := range len(p.text) {
		switch b := p.text[i]; {
		case b == '[':
			depth++
		case b == ']':
			depth--
		case depth == 0 && (b == ' ' || b == ')' || b == '('):
			w := word{kind: 'a', text: p.text[:i]}
			p.text = p.text[i:]
			return w
		}
	}
	w := word{kind: 'a', text: p.text}
	p.text = ""
	return w
}

// say adds a line to the answer.
func (s *session) say(format string, args ...any) {
	fmt.Fprintf(&s.out, format, args...)
	s.out.WriteString("\r\n")
}

// flush sends the answer, some servers in pieces.
func (s *session) flush() error {
	data := s.out.Bytes()
	defer s.out.Reset()
	if !s.always(answersPieces) {
		_, err := s.conn.Write(data)
		return err
	}
	for n := 0; len(data) > 0; n++ {
		piece := min(1+s.chance.With(answersPieces).Nth(n).Int(200), len(data))
		if _, err := s.conn.Write(data[:piece]); err != nil {
			return err
		}
		data = data[piece:]
		time.Sleep(time.Millisecond)
	}
	return nil
}

// answer carries one command out, or fails in one of the ways in which servers do.
func (s *session) answer(c command) error {
	c.nth = s.store.count(c.text)
	if s.fails(slowness, c.nth, c.text) {
		pause := s.chance.With("pause", c.text).Nth(c.nth).Between(50*time.Millisecond, 40*time.Second)
		s.store.tell("%s: %s is worked on for %v", s.where(), short(c.text), pause.Round(time.Millisecond))
		time.Sleep(pause)
	}
	if err, failed := s.failBefore(c); failed {
		return err
	}
	if s.fails(chatter, c.nth, c.text) || s.always(chatter) && c.nth%3 == 0 {
		s.sayAnything(c)
	}
	err := s.doNow(c)
	s.store.note("%s: %s -> %q", s, c.text, &s.out)
	if s.fails(answersLost, c.nth, c.text) {
		s.store.tell("%s: the answer to %s is lost", s.where(), short(c.text))
		return errGone
	}
	if flushErr := s.flush(); err == nil {
		err = flushErr
	}
	return err
}

// doNow does it, if the server has not been restarted since the connection was opened.
func (s *session) doNow(c command) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if s.era == s.store.restarts {
		return s.do(c)
	}
	s.say("* BYE shutting down")
	return errGone
}

// String is where for whom it may be of no interest, see note.
func (s *session) String() string { return s.where() }

func (s *session) where() string {
	return fmt.Sprintf("%s (%s #%d)", s.side, s.line.Process, s.line.Number)
}

// failBefore refuses a command without having done anything.
func (s *session) failBefore(c command) (error, bool) {
	failing := ""
	for _, name := range []string{refusals, bads, byes, hangUps, silences} {
		if s.fails(name, c.nth, c.text) {
			failing = name
			break
		}
	}
	if failing == "" {
		return nil, false
	}
	s.store.tell("%s: %s at %s", s.where(), failing, short(c.text))
	s.store.note("%s: %s at %s", s, failing, c.text)
	switch failing {
	case refusals:
		code := simulation.Pick(s.chance.With("code", c.text).Nth(c.nth), "", "[UNAVAILABLE] ", "[SERVERBUG] ", "[INUSE] ")
		s.say("%s NO %snot now", c.tag, code)
		return s.flush(), true
	case bads:
		s.say("%s BAD what was that", c.tag)
		return s.flush(), true
	case byes:
		s.say("* BYE going down")
		_ = s.flush() // it goes down either way
		return errGone, true
	case silences:
		_, _ = io.Copy(io.Discard, s.in) // until the client has had enough
	}
	return errGone, true
}

// count notes a command and says how often it was given before.
func (s *store) count(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.said[text]
	s.said[text] = n + 1
	s.commands++
	return n
}

// short is a command for a story.
func short(text string) string {
	if len(text) > 90 {
		return text[:90] + "..."
	}
	return text
}
