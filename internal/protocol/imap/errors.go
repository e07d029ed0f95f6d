// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"fmt"
)

// StatusError is a NO, BAD or BYE in the server's own words.
type StatusError struct {
	Kind    string // "NO", "BAD" or "BYE"
	Command string // what was asked, "" for a BYE out of the blue
	Code    string // response code without brackets and arguments: "OVERQUOTA", "TRYCREATE", ""
	Text    string // human-readable rest, bounded, control characters removed
}

// Error renders "SELECT: NO [NONEXISTENT] Mailbox does not exist".
func (e *StatusError) Error() string {
	text := e.Kind
	if e.Code != "" {
		text += " [" + e.Code + "]"
	}
	if e.Text != "" {
		text += " " + e.Text
	}
	if e.Command != "" {
		return e.Command + ": " + text
	}
	return text
}

// ConnectionError says that the connection ended before a command was answered: nobody knows
// whether the command was carried out.
type ConnectionError struct {
	Command string
	Err     error
}

// Error names the command that was under way.
func (e *ConnectionError) Error() string {
	return fmt.Sprintf("connection lost during %s: %v", e.Command, e.Err)
}

// Unwrap returns what ended the connection.
func (e *ConnectionError) Unwrap() error { return e.Err }

// BodyError says that reading a message body failed while it was being appended. The fault lies
// with whoever provides the body, not with this connection, which is closed all the same because
// the literal could not be completed.
type BodyError struct{ Err error }

// Error renders the cause.
func (e *BodyError) Error() string { return "read message body: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *BodyError) Unwrap() error { return e.Err }

// ArgumentError says that an argument was refused by this client before anything was sent.
type ArgumentError struct {
	What  string // "flag", "date", "mailbox name", "string"
	Value string
	Why   string
}

// Error renders all three.
func (e *ArgumentError) Error() string { return fmt.Sprintf("%s %q: %s", e.What, e.Value, e.Why) }

// UnsupportedError says that the server lacks what a command needs. Nothing was sent.
type UnsupportedError struct {
	Command   string // "UID EXPUNGE"
	Extension string // "UIDPLUS"
}

// Error names both.
func (e *UnsupportedError) Error() string { return e.Command + ": the server has no " + e.Extension }

// TooManyError says that a server lists more than anybody can have. Nothing of the list is usable.
type TooManyError struct {
	Command string // "LIST"
	What    string // "mailboxes"
	Limit   int
}

// Error names all three.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("%s: the server lists more than %d %s", e.Command, e.Limit, e.What)
}

// syntaxError is a response that cannot be used at all, not even leniently.
type syntaxError struct{ why string }

func (e *syntaxError) Error() string { return "cannot make sense of the server's answer: " + e.why }

// IsCode reports whether err is a StatusError with the given response code.
func IsCode(err error, code string) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == code
}

// IsStatus reports whether err is a StatusError of the given kind.
func IsStatus(err error, kind string) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Kind == kind
}
