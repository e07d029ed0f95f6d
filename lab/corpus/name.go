// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// The source's namespace: everything but INBOX lives below this prefix.
const (
	inbox     = "INBOX"
	separator = "."
)

// IMAPName returns the mailbox name as the source shows it: "INBOX", "INBOX.Projects.2019".
func (m Mailbox) IMAPName() string { return imapName(m.Path) }

func imapName(path []string) string {
	if len(path) == 0 {
		return inbox
	}
	return inbox + separator + joinEncoded(path)
}

// diskName returns the Maildir++ name without its leading dot, also the line in the subscriptions file.
// A "/" cannot stand in a directory name; Dovecot's listescape writes it as \2f.
func diskName(path []string) string {
	if len(path) == 0 {
		return inbox
	}
	return strings.ReplaceAll(joinEncoded(path), "/", `\2f`)
}

func joinEncoded(path []string) string {
	encoded := make([]string, len(path))
	for i, part := range path {
		encoded[i] = encodeUTF7(part)
	}
	return strings.Join(encoded, separator)
}

// encodeUTF7 writes a mailbox name in modified UTF-7 (RFC 3501 section 5.1.3).
func encodeUTF7(s string) string {
	modified := base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)
	var out strings.Builder
	var shifted []rune
	flush := func() {
		if len(shifted) == 0 {
			return
		}
		var units []byte
		for _, u := range utf16.Encode(shifted) {
			units = append(units, byte(u>>8), byte(u))
		}
		out.WriteString("&" + modified.EncodeToString(units) + "-")
		shifted = nil
	}
	for _, r := range s {
		switch {
		case r < 0x20 || r > 0x7e:
			shifted = append(shifted, r)
		case r == '&':
			flush()
			out.WriteString("&-")
		default:
			flush()
			out.WriteRune(r)
		}
	}
	flush()
	return out.String()
}
