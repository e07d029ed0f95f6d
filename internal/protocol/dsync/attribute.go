// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"context"
	"time"
)

// attributeItem is A (dsync-mailbox.h, struct dsync_mailbox_attribute; since version 3.1): METADATA (RFC 5464), and with
// Pigeonhole the Sieve scripts of an account.
func attributeItem() item {
	return item{'A', []string{"type", "key", "value", "stream", "deleted", "last_change", "modseq"}}
}

// Attribute is one entry.
type Attribute struct {
	Private bool
	Key     string
	Value   string
	Changed time.Time // the newer one wins; zero where nobody knows
}

// Attributes sends the attributes of a mailbox, which may be none. A script goes before the choice of the one that is active.
func (s *Session) Attributes(ctx context.Context, attributes ...Attribute) error {
	if err := s.expect("Attributes", inAttributes); err != nil {
		return err
	}
	return s.do(ctx, func() error {
		s.stage = inChanges
		if _, known := s.peer.headers['A']; !known {
			return nil // a server of version 3.0 waits for no list
		}
		for _, a := range attributes {
			if err := s.send(a.record()); err != nil {
				return err
			}
		}
		return s.endList()
	})
}

func (a Attribute) record() outgoing {
	r := newOutgoing('A').set("type", "s").set("key", a.Key).set("value", a.Value)
	if a.Private {
		r.set("type", "p")
	}
	if !a.Changed.IsZero() {
		r.set("last_change", unix(a.Changed))
	}
	return r.set("modseq", "1")
}
