// SPDX-License-Identifier: Apache-2.0

package submission

import (
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-smtp"
)

// StatusError is a refusal in the server's own words.
type StatusError struct {
	Command  string // the verb
	Code     int    // 400 to 599; 0 if it was not the server who refused
	Enhanced string // "5.7.8" (RFC 3463); "" if there is none
	Text     string // the server's words, printable
	Unsent   bool   // the command was not sent
}

// Error renders "AUTH: 535 5.7.8 authentication failed".
func (e *StatusError) Error() string {
	if e.Unsent {
		return e.Command + ": " + e.Text
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%s: %d %s %s", e.Command, e.Code, e.Enhanced, e.Text)), " ")
}

// Temporary reports whether the server says that it may be otherwise later.
func (e *StatusError) Temporary() bool { return e.Code >= 400 && e.Code < 500 }

// Has reports whether the enhanced code has this detail, whatever the class in front says: "7.8" is 5.7.8 and 4.7.8.
func (e *StatusError) Has(detail string) bool {
	_, found, _ := strings.Cut(e.Enhanced, ".")
	return found == detail
}

// UncertainError says that the connection ended between the end of a message and the answer: nobody knows whether the server
// has taken it.
type UncertainError struct{ Err error }

// Error implements error.
func (e *UncertainError) Error() string {
	return "nobody knows whether the message was taken: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *UncertainError) Unwrap() error { return e.Err }

func isStatus(err error) bool {
	var status *StatusError
	return errors.As(err, &status)
}

// fault makes a *StatusError of a server's refusal; whatever else went wrong is as it was.
func (c *Client) fault(command string, err error) error {
	var said *smtp.SMTPError
	if !errors.As(err, &said) {
		return err
	}
	status := &StatusError{Command: command, Code: said.Code, Text: said.Message}
	if class := said.EnhancedCode[0]; class == 4 || class == 5 {
		status.Enhanced = fmt.Sprintf("%d.%d.%d", class, said.EnhancedCode[1], said.EnhancedCode[2])
	}
	if c.options.Mask != nil {
		status.Text = c.options.Mask(status.Text)
	}
	status.Text = printable(status.Text)
	return status
}

// maxShown bounds the server's words.
const maxShown = 2000

func printable(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), maxShown)], "?"))), " ")
}
