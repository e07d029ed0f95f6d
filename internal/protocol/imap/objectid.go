// SPDX-License-Identifier: Apache-2.0

package imap

// maxObjectID is the longest identifier (RFC 8474, section 7).
const maxObjectID = 255

// objectID reads "(M6d99ac3275bb4e)"; "" is none, and nonsense as well.
func objectID(v value) string {
	words := v.strings()
	if len(words) != 1 || !isObjectID(words[0]) {
		return ""
	}
	return words[0]
}

func isObjectID(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i] | 0x20; (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') && s[i] != '_' && s[i] != '-' {
			return false
		}
	}
	return s != "" && len(s) <= maxObjectID
}
