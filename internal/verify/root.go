// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Root is the digest of a set of messages or objects: the SHA-256, in lower-case hexadecimal, over their SHA-256 digests in
// ascending order. Equal roots mean equal contents, in whatever order an end lists them. It sorts its argument.
func Root(digests [][]byte) string {
	slices.SortFunc(digests, bytes.Compare)
	hash := sha256.New()
	for _, digest := range digests {
		hash.Write(digest)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
