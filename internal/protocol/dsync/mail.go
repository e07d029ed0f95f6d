// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"
)

// mailItem is M (dsync-mail.h, struct dsync_mail), followed by the message as a stream.
func mailItem() item {
	return item{'M', []string{"guid", "uid", "pop3_uidl", "pop3_order", "received_date", "saved_date", "stream"}}
}

// Mail is what goes with a message.
type Mail struct {
	GUID     string
	UID      uint32
	UIDL     string    // what a POP3 server says of it; "" leaves that to the server's own form
	Order    uint32    // its place in the POP3 listing, from 1; 0 for none
	Received time.Time // INTERNALDATE; zero, or before 1970, is not sent
	Saved    time.Time // when it came into this mailbox (RFC 8514); zero is not sent
	// LoneCR sends a message that ends in a CR without LF all the same: the server stores it without that octet, see ErrLoneCR.
	LoneCR bool
}

// Mail sends one message that was asked for. Messages go in the order of UIDs: the server commits in between only behind those
// below which none is missing (dsync-mailbox-import.c). The size need not be known.
//
// A *BodyError says that body has failed, or that the message is one that this protocol cannot carry (ErrLoneCR). The server
// has not stored it then, and the session is over.
func (s *Session) Mail(ctx context.Context, m Mail, body io.Reader) error {
	if err := s.expect("Mail", inMails); err != nil {
		return err
	}
	return s.do(ctx, func() error {
		if err := s.send(m.record()); err != nil {
			return err
		}
		return s.sendBody(body, m.LoneCR)
	})
}

func (m Mail) record() outgoing {
	r := newOutgoing('M').set("guid", m.GUID).set("uid", number(m.UID)).mark("stream", true)
	if m.UIDL != "" {
		r.set("pop3_uidl", m.UIDL)
	}
	if m.Order > 0 {
		r.set("pop3_order", number(m.Order))
	}
	if m.Received.Unix() > 0 {
		r.set("received_date", unix(m.Received))
	}
	if m.Saved.Unix() > 0 {
		r.set("saved_date", unix(m.Saved))
	}
	return r
}

// sendBody sends a message (dsync-ibc-stream.c, dsync_ibc_stream_send_value_stream): a "." that begins a line is doubled, and
// CR LF . CR LF is the end.
func (s *Session) sendBody(body io.Reader, loneCR bool) error {
	dots := dotter{out: s.out, last: '\n'}
	if s.piece == nil {
		s.piece = make([]byte, 32<<10)
	}
	if _, err := io.CopyBuffer(&dots, onlyReader{body}, s.piece); err != nil {
		var failed *writeError
		if errors.As(err, &failed) {
			return err
		}
		return &BodyError{err}
	}
	if dots.last == '\r' && !loneCR {
		return &BodyError{ErrLoneCR}
	}
	_, err := s.out.WriteString("\r\n.\r\n")
	return err
}

// onlyReader hides what else a reader can: the buffer is ours, and of one size.
type onlyReader struct{ io.Reader }

// dotter doubles the dots that begin a line.
type dotter struct {
	out  io.Writer
	last byte
}

func (d *dotter) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	rest := p
	if d.last == '\n' && p[0] == '.' {
		if err := d.write(nil, "."); err != nil {
			return 0, err
		}
	}
	d.last = p[len(p)-1]
	for {
		at := bytes.Index(rest, []byte("\n."))
		if at < 0 {
			return len(p), d.write(rest, "")
		}
		if err := d.write(rest[:at+1], "."); err != nil {
			return 0, err
		}
		rest = rest[at+1:]
	}
}

func (d *dotter) write(p []byte, more string) error {
	if _, err := d.out.Write(p); err != nil {
		return err
	}
	_, err := io.WriteString(d.out, more)
	return err
}

// Done ends a mailbox and waits until the server has stored everything of it.
func (s *Session) Done(ctx context.Context) (state State, err error) {
	if err := s.expect("Done", inMails); err != nil {
		return State{}, err
	}
	err = s.do(ctx, func() error {
		if err := s.endList(); err != nil {
			return err
		}
		if err := s.send(stateRecord(s.box)); err != nil {
			return err
		}
		if err := s.out.Flush(); err != nil {
			return err
		}
		r, err := s.next(ctx, "state of the mailbox")
		if err != nil {
			return err
		}
		if r.letter != 'S' {
			return unexpected("the state of the mailbox", r)
		}
		state, err = stateOf(r)
		return err
	})
	if err != nil {
		return State{}, err
	}
	s.stage = betweenBoxes
	return state, nil
}
