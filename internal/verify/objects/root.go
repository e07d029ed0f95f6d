// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"encoding/hex"

	"rehome/internal/verify"
)

// digests are those of what both ends say of an object, "" for an end that has nothing of it or does not show it.
func (r *record) digests() (src, dst string) {
	if !r.unreadable {
		src = hex.EncodeToString(r.form[:])
	}
	if r.target != "" {
		dst = hex.EncodeToString(r.formThere[:])
	}
	return src, dst
}

// setRoots digests every collection of the source and what was found for it.
func (c *check) setRoots() {
	src, dst := make([][][]byte, len(c.result.Collections)), make([][][]byte, len(c.result.Collections))
	unread := make([]bool, len(c.result.Collections))
	for _, r := range c.records {
		i := r.collection
		unread[i] = unread[i] || r.unreadable
		src[i] = append(src[i], r.form[:])
		if r.target != "" {
			dst[i] = append(dst[i], r.formThere[:])
		}
	}
	for i := range c.result.Collections {
		if !unread[i] {
			c.result.Collections[i].SourceRoot, c.result.Collections[i].DestinationRoot = verify.Root(src[i]), verify.Root(dst[i])
		}
	}
}
