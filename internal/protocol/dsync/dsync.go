// SPDX-License-Identifier: Apache-2.0

// Package dsync brings messages into a Dovecot with the UIDs, the UIDVALIDITY, the dates and the POP3 UIDLs that they have
// elsewhere. No other protocol can set these.
//
// dsync is the protocol between two "doveadm sync". There is no standard: the comments name the sources of Dovecot
// (src/doveadm/dsync/) and its documentation. This package is the side that sends: it speaks as the "master", to a
// "doveadm dsync-server" that receives ("backup_recv"). It knows the wire, and nothing of what is worth sending.
//
// A caller
//
//  1. reaches a server with DialDoveadm or Command, which gives a Stream;
//  2. begins a Session with Begin;
//  3. hears with Tree which mailboxes the account has, and names with Apply those that it is to have;
//  4. for each mailbox: Open, which tells in what state the server has it, Attributes, Change for every message in the order
//     of UIDs, Requests to hear which the server lacks, Mail for each of these, and Done;
//  5. calls Finish, which says whether the server has taken all.
//
// # What the server does with a listing
//
// A Session always asks for "no_backup_overwrite" (man doveadm-sync, option -1): the server removes no mailbox. It is still
// far from harmless (dsync-mailbox-import.c): a message that it has, that Change did not name, and above which there is one
// that both have, counts as removed, and is. One that it has and that is named with another GUID gets a new UID, as does the
// other. A caller therefore names every message that the mailbox holds, and goes on behind Open only if the state that Open
// tells is the one that it knows.
package dsync

// Invariants
//
//   - One goroutine reads. It decodes lines, hands requests for messages to the caller's function, and everything else to the
//     one who waits. What it holds is bounded: a line by maxLine, lists by what was announced.
//   - Nothing is written behind an error: the stream is closed, and what the server had not committed is gone.
//   - Fields are matched by name (dsync-deserializer.c), so that the order and the number may differ from version to version.
//   - Every wait ends: see Options.Timeout. The clock runs while the server owes an answer, and starts again with each line.

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Stream is a connection to a dsync-server. net.Conn is one.
type Stream interface {
	io.ReadWriteCloser
	SetWriteDeadline(time.Time) error
}

// Options of a Session.
type Options struct {
	// Timeout is how long the server may say nothing while it owes an answer, or take nothing while it is sent something;
	// 0 means ten minutes, as in doveadm: it may have to read a large mailbox first.
	Timeout time.Duration
	// Lock, if not 0, has the server lock the account against other dsync conversations, and wait so long for one that is under way
	// to end, be its other side long gone. A conversation that was cut then cannot go on storing beside the next one.
	Lock time.Duration
	// Hostname is how we call ourselves; "" means "~sender". The side whose name sorts lower takes the lock (dsync-brain.c,
	// dsync_brain_lock), which has to be the server.
	Hostname string
	// Mailbox limits all to one mailbox, by its name at the server; "" means all of the account.
	Mailbox string
}

const defaultTimeout = 10 * time.Minute

// Session is one conversation. Its methods are called from one goroutine at a time; Close from any.
type Session struct {
	stream  Stream
	out     *bufio.Writer
	piece   []byte // of a message on its way
	timeout time.Duration

	peer    *peer
	stage   stage
	box     Box
	lastUID uint32

	once  sync.Once
	cause error // why the stream was closed
}

// stage is what may come next; a call out of order is a mistake of the caller.
type stage int

const (
	beforeTree stage = iota
	beforeApply
	betweenBoxes
	inAttributes
	inChanges
	inMails
	finished
)

// Begin says hello (dsync-ibc-stream.c, handshake) and waits for the server's. On an error the stream is closed.
func Begin(ctx context.Context, stream Stream, options Options) (*Session, error) {
	if options.Timeout == 0 {
		options.Timeout = defaultTimeout
	}
	if options.Hostname == "" {
		options.Hostname = "~sender"
	}
	s := &Session{stream: stream, timeout: options.Timeout, out: bufio.NewWriterSize(paced{stream, options.Timeout}, writeBuffer)}
	s.peer = listen(stream)
	if err := s.do(ctx, func() error { return s.greet(ctx, options) }); err != nil {
		return nil, err
	}
	return s, nil
}

const writeBuffer = 64 << 10

// greet sends version, header lines and handshake, and reads the same.
func (s *Session) greet(ctx context.Context, options Options) error {
	if _, err := s.out.WriteString(versionLine + headerLines()); err != nil {
		return err
	}
	if err := s.send(handshake(options)); err != nil {
		return err
	}
	if err := s.out.Flush(); err != nil {
		return err
	}
	answer, err := s.next(ctx, "handshake")
	if err != nil {
		return err
	}
	if answer.letter != 'H' {
		return unexpected("a handshake", answer)
	}
	return s.peer.fit()
}

// do runs one step with the context watched. After an error nothing works any more.
func (s *Session) do(ctx context.Context, step func() error) error {
	if s.cause != nil {
		return s.cause
	}
	end := context.AfterFunc(ctx, func() { _ = s.stream.Close() }) // what is being read or written ends with an error
	defer end()
	err := step()
	if err == nil {
		return nil
	}
	var mistake *OrderError
	if errors.As(err, &mistake) {
		return err
	}
	return s.fail(ctx, err)
}

// fail closes the stream. That writing failed tells less than what the server has said before it left.
func (s *Session) fail(ctx context.Context, err error) error {
	var writing *writeError
	if errors.As(err, &writing) {
		err = cmp.Or(s.peer.farewell(ctx), err)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	s.cause = err
	s.Close()
	return err
}

// Close ends the conversation where it stands. What the server has not committed is not kept.
func (s *Session) Close() {
	s.once.Do(func() {
		_ = s.stream.Close() // what it would say is nothing anybody waits for
		s.peer.stop()
	})
}

// expect says whether a call is in order.
func (s *Session) expect(call string, allowed ...stage) error {
	for _, stage := range allowed {
		if s.stage == stage {
			return nil
		}
	}
	return &OrderError{call}
}

// next waits for what the server says next.
func (s *Session) next(ctx context.Context, what string) (record, error) {
	answer, err := s.peer.wait(ctx, s.timeout)
	if err != nil {
		return record{}, fmt.Errorf("wait for the %s: %w", what, err)
	}
	return answer, nil
}

// send writes one record.
func (s *Session) send(o outgoing) error {
	line, err := encode(o)
	if err != nil {
		return err
	}
	_, err = s.out.WriteString(line)
	return err
}

// endList ends a list, and sees to it that the server gets it.
func (s *Session) endList() error {
	if _, err := s.out.WriteString(".\n"); err != nil {
		return err
	}
	return s.out.Flush()
}

// paced gives each piece that is written a deadline of its own.
type paced struct {
	stream  Stream
	timeout time.Duration
}

func (p paced) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		piece := b[:min(len(b), writePiece)]
		if err := p.stream.SetWriteDeadline(time.Now().Add(p.timeout)); err != nil {
			return n, &writeError{err}
		}
		m, err := p.stream.Write(piece)
		n += m
		if err != nil {
			return n, &writeError{err}
		}
		b = b[m:]
	}
	return n, nil
}

const writePiece = 16 << 10

// writeError tells that the server took no more from all other errors.
type writeError struct{ err error }

func (e *writeError) Error() string { return "send to the server: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }
