// SPDX-License-Identifier: Apache-2.0

package imap

import "time"

// isCyrus tells Cyrus by an extension that nobody else has made. Cyrus 3.6.1 answers a STATUS of
// MAILBOXID and other items with octets of memory that it has given back, line ends and brackets
// among them. SELECT tells the identifier as it is.
func (c Capabilities) isCyrus() bool { return c.Has("ANNOTATE-EXPERIMENT-1") }

// KeepsDate reports whether the server takes an APPEND of the date. Cyrus answers BAD to one before
// 1970, and replaces its first second by the time of its clock.
func (c Capabilities) KeepsDate(date time.Time) bool { return !c.isCyrus() || date.Unix() > 0 }
