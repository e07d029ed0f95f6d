// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// longName is the longest resource name that every server takes: SabreDAV's uri column.
const longName = 200

// SafeName reports whether a resource name that the source uses can be kept at any destination: at most
// 200 octets, only letters, digits and "-_.", not beginning with a dot.
func SafeName(name string) bool {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	return name != "" && len(name) <= longName && name[0] != '.' &&
		strings.IndexFunc(name, func(r rune) bool { return !strings.ContainsRune(safe, r) }) < 0
}

// NameFor returns a resource name for the object of that UID: the UID itself with ".ics" or ".vcf" if
// that is safe, otherwise the SHA-256 of the UID in hex.
func NameFor(uid string, kind Kind) string {
	extension := ".ics"
	if kind == KindContact {
		extension = ".vcf"
	}
	if name := uid + extension; uid != "" && SafeName(name) {
		return name
	}
	sum := sha256.Sum256([]byte(uid))
	return hex.EncodeToString(sum[:]) + extension
}
