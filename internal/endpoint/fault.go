// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"strings"

	"rehome"
	"rehome/internal/protocol/imap"
	"rehome/internal/protocol/mechanism"
)

// Fault turns what an IMAP command, or a request for contacts and calendars, returned into a
// *rehome.Fault that says what was attempted on which object. A cancelled context, and what is a fault
// already, come back as they are.
func Fault(err error, op, object string) error {
	var (
		status   *imap.StatusError
		argument *imap.ArgumentError
		known    *rehome.Fault
		missing  *imap.UnsupportedError
		tooMany  *imap.TooManyError
	)
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.As(err, &known):
		return err
	case errors.As(err, &status):
		return &rehome.Fault{Class: classOf(status), Op: op, Object: object, Server: status.Text, Cause: err, Hint: hintOf(status)}
	case errors.As(err, &argument), errors.As(err, &missing):
		return &rehome.Fault{Class: rehome.ClassPermanent, Op: op, Object: object, Cause: err}
	case errors.As(err, &tooMany):
		return &rehome.Fault{Class: rehome.ClassOperator, Op: op, Object: object, Cause: err,
			Hint: "the account sees the mailboxes of others: unshare them"}
	case errors.Is(err, mechanism.ErrImpostor), errors.Is(err, imap.ErrPreauthenticated):
		return &rehome.Fault{Class: rehome.ClassUntrusted, Op: op, Object: object, Cause: err,
			Hint: "the server at this address is not the mail server for users: check address and port"}
	}
	if fault := davFault(err, op, object); fault != nil {
		return fault
	}
	return &rehome.Fault{
		Class: rehome.ClassTemporary, Op: op, Object: object, Cause: err, Hint: "the connection broke: run the same command again to continue",
	}
}

// classOf reads the response code (RFC 5530, RFC 9208); some servers only have words.
func classOf(status *imap.StatusError) rehome.Class {
	switch status.Code {
	case "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "CONTACTADMIN":
		return rehome.ClassAuth
	case "OVERQUOTA":
		return rehome.ClassQuota
	case "THROTTLED", "LIMIT":
		return rehome.ClassThrottled
	case "UNAVAILABLE", "INUSE", "SERVERBUG":
		return rehome.ClassTemporary
	}
	text := strings.ToLower(status.Text)
	switch {
	case strings.Contains(text, "quota exceeded"), strings.Contains(text, "over quota"):
		return rehome.ClassQuota
	case strings.Contains(text, "throttled"), strings.Contains(text, "backoff time"), strings.Contains(text, "maximum number of connections"):
		return rehome.ClassThrottled
	case status.Kind == "BYE", hasNoRoom(text):
		return rehome.ClassTemporary
	}
	return rehome.ClassPermanent
}

// hasNoRoom reports whether a server says in words that it cannot write: no message is to blame for that.
func hasNoRoom(lower string) bool {
	return strings.Contains(lower, "i/o error") || strings.Contains(lower, "no space left") || strings.Contains(lower, "disk full")
}

func hintOf(status *imap.StatusError) string {
	switch classOf(status) {
	case rehome.ClassQuota:
		return "raise the account's quota at the destination, then run the same command again"
	case rehome.ClassThrottled:
		return "lower the connection limits in the settings, or ask the host to raise its own"
	case rehome.ClassTemporary:
		if hasNoRoom(strings.ToLower(status.Text)) {
			return "the server cannot write: check its disk and its log, then run the same command again"
		}
		return "the server has a temporary problem: run the same command again"
	}
	return ""
}
