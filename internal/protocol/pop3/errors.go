// SPDX-License-Identifier: Apache-2.0

package pop3

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The response codes (RFC 2449, section 8.1; RFC 3206, section 6; RFC 6856, section 5). More may stand behind a slash.
const (
	CodeInUse      = "IN-USE"      // somebody else has the mailbox open
	CodeLoginDelay = "LOGIN-DELAY" // the last log-in was too short a time ago
	CodeAuth       = "AUTH"        // the name or the password is wrong
	CodeSysTemp    = "SYS/TEMP"    // it is likely to pass by itself
	CodeSysPerm    = "SYS/PERM"    // somebody has to mend it
	CodeUTF8       = "UTF8"        // the mailbox needs the command UTF8
)

func codes() []string {
	return []string{CodeInUse, CodeLoginDelay, CodeAuth, CodeSysTemp, CodeSysPerm, CodeUTF8}
}

// StatusError is an -ERR in the server's own words.
type StatusError struct {
	Command string // the verb
	Code    string // upper case, without brackets; "" if there is none
	Text    string // the server's words, printable
	Unsent  bool   // the command was not sent: the server does not offer it
}

// Error renders "PASS: -ERR [AUTH] no".
func (e *StatusError) Error() string {
	if e.Unsent {
		return e.Command + ": " + e.Text
	}
	text := e.Command + ": -ERR"
	if e.Code != "" {
		text += " [" + e.Code + "]"
	}
	return strings.TrimSpace(text + " " + e.Text)
}

// has reports whether the code is the given one, or one below it: SYS/TEMP/DISK is a SYS/TEMP.
func (e *StatusError) has(code string) bool {
	return e.Code == code || strings.HasPrefix(e.Code, code+"/")
}

// IsCode reports whether err is a refusal with a code, or one below it: SYS/TEMP/DISK is a SYS/TEMP.
func IsCode(err error, code string) bool {
	var status *StatusError
	return errors.As(err, &status) && status.has(code)
}

// newStatus reads what stands behind -ERR. A word in brackets is a code where the server has announced codes, or when it is one
// of those that are known: many servers send these before anybody has asked for capabilities.
func newStatus(verb, rest string, announced bool, mask func(string) string) *StatusError {
	if mask != nil {
		rest = mask(rest)
	}
	status := &StatusError{Command: verb, Text: printable(rest)}
	if !strings.HasPrefix(rest, "[") {
		return status
	}
	code, text, closed := strings.Cut(rest[1:], "]")
	if code = strings.ToUpper(code); !closed || strings.ContainsAny(code, " []") {
		return status
	}
	found := &StatusError{Command: verb, Code: printable(code), Text: printable(text)}
	if announced || slices.ContainsFunc(codes(), found.has) {
		return found
	}
	return status
}

// SyntaxError is an answer that is not one of POP3, or has no end. The connection is gone.
type SyntaxError struct{ What string }

// Error implements error.
func (e *SyntaxError) Error() string { return "cannot make sense of the server's answer: " + e.What }

// ArgumentError is what was not sent because it cannot be. It never repeats the argument, which may be a password.
type ArgumentError struct{ What string }

// Error implements error.
func (e *ArgumentError) Error() string { return "the name or password cannot be sent: " + e.What }

// WriteError is what the writer of a message said. The rest of the message was read and dropped, so that the connection can
// still be used.
type WriteError struct {
	Number int
	Err    error
}

// Error implements error.
func (e *WriteError) Error() string { return fmt.Sprintf("write message %d: %v", e.Number, e.Err) }

// Unwrap returns the cause.
func (e *WriteError) Unwrap() error { return e.Err }

// ErrDeletes says that the server announces EXPIRE 0 (RFC 2449, section 6.7): it may delete what was read.
var ErrDeletes = errors.New("the server announces EXPIRE 0, by which it may delete whatever is read; nothing was read")

// maxShown bounds the server's words.
const maxShown = 2000

// printable is what may be shown of a server's words.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), maxShown)], "?")))
}

// quoted is the beginning of what is no answer.
func quoted(s string) string { return strconv.Quote(printable(s[:min(len(s), 80)])) }
