// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// The longest address and local part that a mail server must accept, RFC 5321 section 4.5.3.1.
const (
	maxAddress   = 254
	maxLocalPart = 64
)

// splitAddress takes apart an address that a client has sent. The domain is in its ASCII form (IDNA2008, as UTS #46 maps what
// people write), the local part is as it was sent: a server may tell apart what looks alike, and only the answer to the
// client repeats it. Everything that is no address at all, or could not stand in a line, is refused.
func splitAddress(address string) (local, domain string, ok bool) {
	address = strings.TrimSpace(address)
	at := strings.LastIndexByte(address, '@')
	if at < 1 || at > maxLocalPart || len(address) > maxAddress || !utf8.ValidString(address) {
		return "", "", false
	}
	local = address[:at]
	if strings.ContainsFunc(local, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		return "", "", false
	}
	domain, ok = asciiHost(address[at+1:])
	return local, domain, ok
}

// asciiHost returns a host name in the form in which DNS holds it: lower case, labels of other scripts as xn--.
func asciiHost(host string) (string, bool) {
	host = strings.TrimSuffix(host, ".")
	if host == "" || len(host) > maxAddress || !utf8.ValidString(host) { // idna would take a broken character for U+FFFD
		return "", false
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || !isHost(ascii) {
		return "", false
	}
	return ascii, true
}

// isHost accepts the letters, digits and hyphens of RFC 1123 section 2.1. One label is enough: an inner network may have
// just that.
func isHost(host string) bool {
	if len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}
