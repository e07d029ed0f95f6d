// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"crypto/sha256"
	"encoding/hex"

	"rehome/internal/verify"
)

// tree gathers what is under an account's root. A leaf is the SHA-256 over a word for its kind, the name of the mailbox at
// the destination or that of the collection or script at the source, and the root of its contents, each followed by an octet 0; the account's
// root is the SHA-256 over the leaves in ascending order, as it is of a mailbox over its messages (verify.Root). Whoever has
// the messages can make the same number.
type tree struct {
	leaves     [][]byte
	incomplete bool // a root is not known
}

func (t *tree) add(kind, name, root string) {
	if _, err := hex.DecodeString(root); err != nil || len(root) != 2*sha256.Size {
		t.incomplete = true
		return
	}
	leaf := sha256.Sum256([]byte(kind + "\x00" + name + "\x00" + root + "\x00"))
	t.leaves = append(t.leaves, leaf[:])
}

// root is "" where not everything was read.
func (t *tree) root() string {
	if t.incomplete || len(t.leaves) == 0 {
		return ""
	}
	return verify.Root(t.leaves)
}

// roots are the account's at the source and at the destination.
func (c *Certificate) roots() (src, dst string) {
	if c.Level != verify.LevelFull {
		return "", ""
	}
	var atSource, atDestination tree
	if c.Mail != nil {
		for _, box := range c.Mail.Mailboxes {
			atSource.add("mailbox", box.Destination, box.SourceRoot)
			atDestination.add("mailbox", box.Destination, box.DestinationRoot)
		}
	}
	add := func(kind string, objects *Objects) {
		if objects == nil {
			return
		}
		for _, o := range objects.Collections {
			atSource.add(kind, o.Source, o.SourceRoot)
			atDestination.add(kind, o.Source, o.DestinationRoot)
		}
	}
	add("addressbook", c.Contacts)
	add("calendar", c.Calendars)
	if c.Rules != nil {
		for _, s := range c.Rules.Scripts {
			atSource.add("script", s.Name, s.SourceDigest)
			if s.State != verify.RuleMissing { // which was accepted
				atDestination.add("script", s.Name, s.DestinationDigest)
			}
		}
	}
	return atSource.root(), atDestination.root()
}
