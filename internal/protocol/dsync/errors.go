// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"errors"
	"strings"
)

// PeerError is what the server says when it cannot go on, in its own words.
type PeerError struct {
	Text  string // printable, bounded; "" where it has left without a word
	Again bool   // it asks for a full repeat
}

// Error gives the words.
func (e *PeerError) Error() string {
	switch {
	case e.Text != "":
		return "the server has stopped: " + e.Text
	case e.Again:
		return "the server has stopped: it asks for a full repeat"
	}
	return "the server has stopped without giving a reason; its log has it"
}

// RefusedError is an answer of doveadm to the log-in or to the command, before dsync begins.
type RefusedError struct {
	What, Text string
	LogIn      bool // it was the password
}

// Error says what was refused.
func (e *RefusedError) Error() string { return e.What + " refused: " + e.Text }

// SyntaxError is an answer that makes no sense.
type SyntaxError struct{ What string }

// Error says what was wrong.
func (e *SyntaxError) Error() string { return "cannot make sense of the server's answer: " + e.What }

// OrderError is a call that does not fit to where the conversation is: a mistake of the caller, after which the session goes on.
type OrderError struct{ Call string }

// Error names the call.
func (e *OrderError) Error() string { return e.Call + " does not fit to where the conversation is" }

// BodyError says that reading a message failed while it was being sent. The fault is not the server's; the session is over
// all the same, because what was sent of the message cannot be taken back.
type BodyError struct{ Err error }

// Error gives the cause.
func (e *BodyError) Error() string { return "read the message: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *BodyError) Unwrap() error { return e.Err }

// ErrLoneCR is the cause in a BodyError where a message ends in a CR without LF. The server would lose that octet, because the
// end of a stream is told by CR LF . CR LF and the CR before it is taken for a part of that (seen on Dovecot 2.3.19 and 2.4.1).
var ErrLoneCR = errors.New("the message ends in a CR without LF, which dsync cannot carry")

// unexpected names an answer that does not fit to the question.
func unexpected(wanted string, got record) error {
	if got.letter == endOfList {
		return &SyntaxError{"the end of a list instead of " + wanted}
	}
	return &SyntaxError{"an item " + string(rune(got.letter)) + " instead of " + wanted}
}

// printable takes control characters out of a server's words: they end up on a terminal.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), 2000)], "?")))
}
