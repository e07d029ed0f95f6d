// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"strings"
	"unicode/utf8"
)

// nameForm is how mailbox names travel on a connection.
type nameForm bool

const (
	nameUTF7 nameForm = false // modified UTF-7 (RFC 3501, section 5.1.3)
	nameUTF8 nameForm = true  // behind ENABLE UTF8=ACCEPT (RFC 9755, section 3), and always in pure IMAP4rev2 (RFC 9051, section 5.1)
)

// names returns the form that this connection speaks at the moment.
func (c *Client) names() nameForm {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.enabled["UTF8=ACCEPT"] || c.caps.Has("IMAP4REV2") && !c.caps.Has("IMAP4REV1") {
		return nameUTF8
	}
	return nameUTF7
}

func (f nameForm) encode(name string) string {
	if f == nameUTF7 {
		return EncodeName(name)
	}
	var b strings.Builder
	for _, r := range name {
		if isIllegal(r) {
			b.WriteByte(byte(r - illegalBase))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// decode never fails: octets that are no UTF-8 are kept in the same way as in DecodeName.
func (f nameForm) decode(wire string) string {
	if f == nameUTF7 {
		return DecodeName(wire)
	}
	var b strings.Builder
	for len(wire) > 0 {
		r, size := utf8.DecodeRuneInString(wire)
		if r == utf8.RuneError && size == 1 || isIllegal(r) {
			for _, octet := range []byte(wire[:size]) {
				b.WriteRune(illegalBase + rune(octet))
			}
		} else {
			b.WriteString(wire[:size])
		}
		wire = wire[size:]
	}
	return b.String()
}
