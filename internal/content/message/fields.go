// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"iter"
)

// fields walks over the fields of a header up to the empty line, or up to where the header was
// cut. The value still holds its folding (RFC 5322 section 2.2.3). A line that is no field, such
// as the "From " of an mbox, is skipped.
func fields(header []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for rest := header; len(rest) > 0; {
			n := fieldLength(rest)
			field := rest[:n]
			rest = rest[n:]
			if len(bytes.TrimRight(field, "\r\n")) == 0 {
				return
			}
			name, value, found := bytes.Cut(field, []byte(":"))
			name = bytes.TrimRight(name, " \t") // obsolete, but in old mail: RFC 5322 section 4.5
			if !found || bytes.ContainsAny(name, " \t\r\n") {
				continue
			}
			if !yield(name, value) {
				return
			}
		}
	}
}

// fieldLength returns the length of the first field with its continuation lines and line ends.
func fieldLength(p []byte) int {
	for end := 0; ; {
		feed := bytes.IndexByte(p[end:], '\n')
		if feed < 0 {
			return len(p)
		}
		empty := end == 0 && len(bytes.TrimRight(p[:feed], "\r")) == 0
		end += feed + 1
		if empty || end == len(p) || p[end] != ' ' && p[end] != '\t' {
			return end
		}
	}
}
