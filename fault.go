// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"errors"
	"strings"
)

// Class says what a caller may do about a Fault.
type Class string

// The classes. Everything that is not a Fault counts as ClassBug.
const (
	ClassTemporary Class = "temporary" // try again: the connection broke, the server was busy
	ClassThrottled Class = "throttled" // the server asked us to slow down
	ClassPermanent Class = "permanent" // trying again gives the same answer
	ClassAuth      Class = "auth"      // the log-in was refused
	ClassUntrusted Class = "untrusted" // the host is there, and cannot be trusted or understood
	ClassQuota     Class = "quota"     // the account is full at the destination
	ClassOperator  Class = "operator"  // a human has to change something first
	ClassBug       Class = "bug"       // our own mistake
)

// Fault is an error that an operator can act on: what was attempted on which object, why it
// failed, in the server's own words where it spoke, and the next step.
type Fault struct {
	Class  Class
	Op     string // what was attempted: "log in", "append"
	Object string // on what: an account, a mailbox, a host, a file with line and column
	Side   Side   // whose server it is about, where a log-in failed; "" is not told
	Server string // the server's own words, if it spoke
	Cause  error  // may be nil
	Hint   string // one sentence: the next step, lower case, no full stop
}

// Error renders "op object: server words", without the hint, lower case, no full stop.
func (f *Fault) Error() string {
	head := strings.TrimSpace(f.Op + " " + f.Object)
	tail := f.Server
	if tail == "" && f.Cause != nil {
		tail = causeWords(f.Cause)
	} else if tail != "" {
		tail = `server says "` + tail + `"`
	}
	switch {
	case head == "":
		return tail
	case tail == "":
		return head
	}
	return head + ": " + tail
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// ClassOf returns the class of the first Fault in err's chain, or ClassBug.
func ClassOf(err error) Class {
	var f *Fault
	if errors.As(err, &f) {
		return f.Class
	}
	return ClassBug
}

// SideOf returns the side of the first Fault in err's chain, or "".
func SideOf(err error) Side {
	var f *Fault
	if errors.As(err, &f) {
		return f.Side
	}
	return ""
}

// HintOf returns the first hint in err's chain, or "".
func HintOf(err error) string {
	for err != nil {
		var f *Fault
		if !errors.As(err, &f) {
			return ""
		}
		if f.Hint != "" {
			return f.Hint
		}
		err = f.Cause
	}
	return ""
}
