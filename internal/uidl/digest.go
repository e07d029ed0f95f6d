// SPDX-License-Identifier: Apache-2.0

package uidl

import (
	"bytes"
	"crypto/sha256"
	"strings"
)

// Digest is that of a header, without what a server writes into it only when it is asked by one of the two protocols.
type Digest [sha256.Size]byte

// leftOut are the fields that differ between the two protocols at some server (Dovecot, pop3-migration-plugin.c).
func leftOut(name string) bool {
	switch strings.ToLower(name) {
	case "content-length", "return-path", "status", "x-imap", "x-imapbase", "x-keywords", "x-message-flag", "x-status", "x-uid",
		"x-uidl", "x-yahoo-newman-property":
		return true
	}
	return false
}

// DigestOf returns the digest of a header as the answer to TOP or to BODY[HEADER] has it; ok is false where nothing is left to tell
// it by. An empty line ends the header, and so does CR CR LF, which some servers take for one; lines that are no fields are passed
// over, and the ends of lines do not count.
func DigestOf(header []byte) (digest Digest, ok bool) {
	sum := sha256.New()
	kept, fields := false, 0
	for line := range bytes.Lines(header) {
		text := bytes.TrimRight(line, "\r\n")
		if len(text) == 0 {
			break
		}
		if text[0] == ' ' || text[0] == '\t' {
			if kept && len(bytes.TrimSpace(text)) > 0 {
				writeLine(sum, text)
			}
			continue
		}
		name, _, isField := bytes.Cut(text, []byte(":"))
		name = bytes.TrimRight(name, " \t")
		kept = isField && isFieldName(name) && !leftOut(string(name))
		if kept {
			writeLine(sum, text)
			fields++
		}
	}
	sum.Sum(digest[:0])
	return digest, fields > 0
}

func writeLine(to interface{ Write([]byte) (int, error) }, text []byte) {
	_, _ = to.Write(text) // a hash takes everything
	_, _ = to.Write([]byte{'\n'})
}

// isFieldName says whether a name consists of printable ASCII (RFC 5322, section 2.2).
func isFieldName(name []byte) bool {
	for _, octet := range name {
		if octet <= ' ' || octet > '~' {
			return false
		}
	}
	return len(name) > 0
}
