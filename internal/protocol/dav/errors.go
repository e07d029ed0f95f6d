// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// StatusError is a refusal by the server.
type StatusError struct {
	Method     string
	URL        string // without credentials
	Status     int    // 403; of a single resource or property where it was refused inside a 207
	Text       string // the server's own words, bounded, control characters removed
	Conditions []string
	// Href is what a condition points at: for no-uid-conflict the resource that has the UID.
	Href       string
	RetryAfter time.Duration // how long the server asks us to wait; 0 if it does not say
}

// Error renders "PUT https://host/path: 403 Forbidden: words (no-uid-conflict)".
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s %s: %d %s", e.Method, e.URL, e.Status, http.StatusText(e.Status))
	if e.Text != "" {
		text += ": " + e.Text
	}
	if len(e.Conditions) > 0 {
		text += " (" + strings.Join(e.Conditions, ", ") + ")"
	}
	return text
}

// Failed reports whether the server named the condition (RFC 4918 section 16), by its local name:
// "no-uid-conflict", "valid-sync-token", "max-resource-size".
func (e *StatusError) Failed(condition string) bool {
	for _, c := range e.Conditions {
		if c == condition {
			return true
		}
	}
	return false
}

// Trouble says what went wrong with a connection.
type Trouble string

// The kinds of trouble. After all but the first three nobody knows whether a write was carried out.
const (
	Unreachable Trouble = "unreachable"  // no such host, no route, refused
	Untrusted   Trouble = "untrusted"    // its certificate is not to be trusted
	NoTLS       Trouble = "tls_mismatch" // no common version or cipher, or no TLS at all on that port
	Stalled     Trouble = "stalled"      // not a byte moved for Options.Timeout
	Broken      Trouble = "broken"       // ended in the middle
)

// ConnectionError says that no complete answer came.
type ConnectionError struct {
	Method  string
	URL     string
	Trouble Trouble
	Err     error
}

// Error names the request and the cause.
func (e *ConnectionError) Error() string {
	return fmt.Sprintf("%s %s: %s: %v", e.Method, e.URL, e.Trouble.words(), e.Err)
}

// words are those of a Trouble for people.
func (t Trouble) words() string {
	switch t {
	case Unreachable:
		return "no connection"
	case Untrusted:
		return "the server is not trusted"
	case NoTLS:
		return "TLS cannot begin"
	case Stalled:
		return "the server is silent"
	}
	return "the connection broke"
}

// Unwrap returns the cause.
func (e *ConnectionError) Unwrap() error { return e.Err }

// FormatError is an answer that is not what the protocol says: a login page, broken XML, a 200
// where a multistatus belongs.
type FormatError struct {
	Method string
	URL    string
	Why    string
	Text   string // the beginning of the answer where that helps, bounded
}

// Error says why the answer cannot be used.
func (e *FormatError) Error() string {
	text := e.Method + " " + e.URL + ": " + e.Why
	if e.Text != "" {
		text += ": " + e.Text
	}
	return text
}

// TooLargeError says that an object or another part of an answer is larger than the limit.
type TooLargeError struct {
	URL   string
	Limit int64
}

// Error names the limit.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s: larger than %d octets", e.URL, e.Limit)
}

// TooManyError says that a collection lists more than anybody has, or that a listing does not end.
type TooManyError struct {
	URL   string
	Limit int
}

// Error names the limit.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("%s: it lists more than %d objects, or names that are too long", e.URL, e.Limit)
}

// UnshownError says that a home lists collections, or what may be some, and does not show what they are. Nobody knows
// what is in them; the others of the listing can be used.
type UnshownError struct {
	Hrefs []string // as listed
	Err   error    // about the first of them
}

// Error names the first.
func (e *UnshownError) Error() string {
	text := fmt.Sprintf("the server lists the collection %q, but does not return it: %v", e.Hrefs[0], e.Err)
	if more := len(e.Hrefs) - 1; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// Unwrap returns the cause.
func (e *UnshownError) Unwrap() error { return e.Err }

// Keys are those of the collections; none for nil.
func (e *UnshownError) Keys() map[string]bool {
	keys := map[string]bool{}
	if e != nil {
		for _, href := range e.Hrefs {
			keys[Key(href)] = true
		}
	}
	return keys
}

// StrayError says that the server hands out, under the name of an object, the body of another one. Databases that
// compare names without case and accents do that: "Müller.vcf" and "muller.vcf" are one name there.
type StrayError struct {
	URL    string
	Listed string // etag of the object
	Read   string // etag of what is handed out
	Other  string // href of the object whose body that is
}

// Error names both.
func (e *StrayError) Error() string {
	return fmt.Sprintf("%s: listed with etag %s, and answered with the object %s, whose etag is %s", e.URL, e.Listed, Name(e.Other), e.Read)
}

// RedirectError says that the server sends us where we do not go.
type RedirectError struct {
	Method string
	URL    string
	Target string
	Why    string
}

// Error names both places.
func (e *RedirectError) Error() string {
	return fmt.Sprintf("%s %s: sent on to %s: %s", e.Method, e.URL, e.Target, e.Why)
}

// AuthError says that credentials were not sent, because the server wants them in a way that we
// cannot or must not serve.
type AuthError struct {
	URL string
	Why string
}

// Error says why.
func (e *AuthError) Error() string { return e.URL + ": not logged in: " + e.Why }

// NotOfferedError says that discovery found no home of the kind, and where it looked.
type NotOfferedError struct {
	Kind     Kind
	Attempts []Attempt
}

// Attempt is one place where discovery looked, and why it was not the one.
type Attempt struct {
	How string // "given URL", "SRV record", "well-known", ...
	URL string
	Err error
}

// Error lists the places.
func (e *NotOfferedError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "no home for %s found", strings.ReplaceAll(string(e.Kind), "_", " "))
	for _, a := range e.Attempts {
		fmt.Fprintf(&text, "; %s: %v", a.How, a.Err)
	}
	return text.String()
}

// Unwrap returns what went wrong at each place.
func (e *NotOfferedError) Unwrap() []error {
	all := make([]error, 0, len(e.Attempts))
	for _, a := range e.Attempts {
		all = append(all, a.Err)
	}
	return all
}

// IsStatus reports whether err is or holds a refusal with that HTTP status.
func IsStatus(err error, status int) bool {
	var refused *StatusError
	return errors.As(err, &refused) && refused.Status == status
}
