// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"errors"
	"net/http"

	"rehome"
	"rehome/internal/protocol/dav"
)

// davFault turns what a request for contacts or calendars returned into a fault, nil for what is no
// such error.
func davFault(err error, op, object string) *rehome.Fault {
	fault := &rehome.Fault{Op: op, Object: object, Cause: err}
	var (
		refused    *dav.StatusError
		connection *dav.ConnectionError
		format     *dav.FormatError
		size       *dav.TooLargeError
		many       *dav.TooManyError
		stray      *dav.StrayError
		redirect   *dav.RedirectError
		login      *dav.AuthError
		offered    *dav.NotOfferedError
	)
	switch {
	case errors.As(err, &offered):
		explainNotOffered(fault, offered)
	case errors.As(err, &refused):
		fault.Class, fault.Hint = classOfStatus(refused)
		fault.Server = wordsOf(refused)
	case errors.As(err, &connection):
		explainConnection(fault, connection)
	case errors.As(err, &format):
		fault.Class = rehome.ClassUntrusted
		fault.Hint = "the server at this address does not speak CalDAV or CardDAV: check dav.url"
	case errors.As(err, &size):
		fault.Class = rehome.ClassPermanent
		fault.Hint = "it is larger than rehome can read"
	case errors.As(err, &many):
		fault.Class = rehome.ClassPermanent
		fault.Hint = "if it really is that large, split it at the server; otherwise look into the server's error log"
	case errors.As(err, &stray):
		fault.Class = rehome.ClassPermanent
		fault.Hint = "the server treats two names as one that differ only in letter case or accents: rename the object there, " +
			"or read the source's tables with source.dav.via: database"
	case errors.As(err, &redirect):
		fault.Class = rehome.ClassUntrusted
		fault.Hint = "passwords are sent only to the host in dav.url: if the new address is right, enter it there"
	case errors.As(err, &login):
		fault.Class = rehome.ClassAuth
		fault.Hint = "use https in dav.url; if the connection is safe without it, set dav.allow_plaintext: true"
	default:
		return nil
	}
	return fault
}

// wordsOf are the server's own: the status, its text, and the conditions that it names.
func wordsOf(refused *dav.StatusError) string {
	words := *refused
	words.Method = ""
	words.URL = ""
	text := words.Error()
	return text[len(" : "):]
}

// classOfStatus reads the status (RFC 9110 section 15, RFC 4918 section 11).
func classOfStatus(refused *dav.StatusError) (class rehome.Class, hint string) {
	switch status := refused.Status; {
	case status == http.StatusUnauthorized:
		return rehome.ClassAuth, "check the password, and that the account may use calendars and contacts there"
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return rehome.ClassThrottled, "the host asks us to slow down: run the same command again later, with a lower connection limit"
	case status == http.StatusInsufficientStorage:
		return rehome.ClassQuota, "make room for the account, then run the same command again"
	case status == http.StatusLocked, status == http.StatusRequestTimeout, status >= 500:
		return rehome.ClassTemporary, "run the same command again; if this stays, look into the server's error log"
	case status == http.StatusForbidden:
		return rehome.ClassPermanent, "the login works, but the permissions are not sufficient: check the account's plan and group switches"
	}
	return rehome.ClassPermanent, ""
}

func explainConnection(fault *rehome.Fault, lost *dav.ConnectionError) {
	fault.Class = rehome.ClassTemporary
	fault.Hint = "the connection broke: run the same command again to continue"
	switch lost.Trouble {
	case dav.Unreachable, dav.Stalled:
		fault.Hint = "check dav.url, that the host is up, and that this machine can reach it"
	case dav.Untrusted:
		if !explainTLS(fault, lost.Err) {
			fault.Class = rehome.ClassUntrusted
			fault.Hint = "the certificate cannot be verified: name its CA with ca_file, or pin its key with pin"
		}
	case dav.NoTLS:
		fault.Class, fault.Hint = rehome.ClassUntrusted, "rehome and the server have no TLS version or cipher in common, or the port does not use "+
			"TLS: check dav.url; an old server needs tls_min and ciphers"
	}
}

// explainNotOffered finds the gravest of the reasons why there is no home: a server that is down at one
// of the places may offer one tomorrow.
func explainNotOffered(fault *rehome.Fault, offered *dav.NotOfferedError) {
	fault.Class = rehome.ClassPermanent
	fault.Hint = "check dav.url, and that the account may use calendars and contacts there"
	for _, attempt := range offered.Attempts {
		var lost *dav.ConnectionError
		if errors.As(attempt.Err, &lost) && attempt.How == offered.Attempts[0].How {
			explainConnection(fault, lost)
			return
		}
	}
}
