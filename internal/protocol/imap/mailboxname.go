// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Mailbox names travel in modified UTF-7 (RFC 3501, section 5.1.3). Real servers also hold names
// that are not: a lone "&", bytes above 0x7f, bad base64. Such octets are decoded into the private
// code points U+10FF00 + octet, which EncodeName turns back, so that every name a server lists can
// be opened again. PrintableName shows them as a person would expect.
const illegalBase = 0x10FF00

// modifiedBase64 is the alphabet of RFC 3501, section 5.1.3: "," instead of "/", no padding.
var modifiedBase64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

// EncodeName renders a Unicode mailbox name for the wire.
func EncodeName(name string) string {
	var b strings.Builder
	var run []rune // characters that need base64
	flush := func() {
		if len(run) > 0 {
			b.WriteByte('&')
			b.WriteString(encodeRun(run))
			b.WriteByte('-')
			run = run[:0]
		}
	}
	for _, r := range name {
		switch {
		case r >= illegalBase && r <= illegalBase+0xff:
			flush()
			b.WriteByte(byte(r - illegalBase))
		case r == '&':
			flush()
			b.WriteString("&-")
		case r >= 0x20 && r <= 0x7e:
			flush()
			b.WriteRune(r)
		default:
			run = append(run, r)
		}
	}
	flush()
	return b.String()
}

func encodeRun(run []rune) string {
	units := utf16.Encode(run)
	octets := make([]byte, 0, 2*len(units))
	for _, u := range units {
		octets = append(octets, byte(u>>8), byte(u))
	}
	return modifiedBase64.EncodeToString(octets)
}

// DecodeName turns a name from the wire into Unicode. It never fails; see illegalBase.
func DecodeName(wire string) string {
	var b strings.Builder
	shifted := false // what comes stands directly behind a shift
	for i := 0; i < len(wire); {
		if wire[i] == '&' {
			text, length := decodeShift(wire[i:], shifted)
			b.WriteString(text)
			i += length
			shifted = length > len("&-")
			continue
		}
		b.WriteRune(decodePlain(wire[i]))
		i++
		shifted = false
	}
	return b.String()
}

// decodePlain returns the character for an octet outside a shift. UTF-8, which some servers send, is
// illegal here too: EncodeName would not turn it back.
func decodePlain(octet byte) rune {
	if octet >= 0x20 && octet <= 0x7e {
		return rune(octet)
	}
	return illegalBase + rune(octet)
}

// decodeShift decodes "&...-" at the start of s. What EncodeName would not turn back to the same
// octets is kept as an illegal "&" with plain text behind it; so is a shift directly behind another
// one, because EncodeName makes one of both.
func decodeShift(s string, shifted bool) (text string, length int) {
	end := 1
	for end < len(s) && isModifiedBase64(s[end]) {
		end++
	}
	if end == len(s) || s[end] != '-' {
		return string(rune(illegalBase + '&')), 1
	}
	if end == 1 {
		return "&", len("&-")
	}
	text, ok := decodeRun(s[1:end])
	if shifted || !ok || EncodeName(text) != s[:end+1] {
		return string(rune(illegalBase + '&')), 1
	}
	return text, end + 1
}

func isModifiedBase64(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == ','
}

func decodeRun(encoded string) (string, bool) {
	octets, err := modifiedBase64.DecodeString(encoded)
	if err != nil || len(octets)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(octets)/2)
	for i := range units {
		units[i] = uint16(octets[2*i])<<8 | uint16(octets[2*i+1])
	}
	return string(utf16.Decode(units)), true
}

// PrintableName replaces the private code points of illegal octets by what they most likely mean:
// UTF-8 where the octets form it, Latin-1 otherwise. The result is a legal name, and no longer the
// server's.
func PrintableName(name string) string {
	if !strings.ContainsFunc(name, isIllegal) {
		return name
	}
	var b strings.Builder
	var octets []byte
	flush := func() {
		if utf8.Valid(octets) {
			b.Write(octets)
		} else {
			for _, o := range octets {
				b.WriteRune(rune(o))
			}
		}
		octets = octets[:0]
	}
	for _, r := range name {
		if isIllegal(r) {
			octets = append(octets, byte(r-illegalBase))
			continue
		}
		flush()
		b.WriteRune(r)
	}
	flush()
	return b.String()
}

func isIllegal(r rune) bool { return r >= illegalBase && r <= illegalBase+0xff }
