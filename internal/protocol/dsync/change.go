// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"context"
	"strconv"
	"strings"
)

// changeItem is C (dsync-mail.h, struct dsync_mail_change).
func changeItem() item {
	return item{'C', []string{"type", "uid", "guid", "modseq", "pvt_modseq", "final_flags", "keyword_changes"}}
}

// Flags are the system flags of a message (lib-mail/mail-types.h, enum mail_flags).
type Flags uint8

// The flags.
const (
	Answered Flags = 0x01
	Flagged  Flags = 0x02
	Deleted  Flags = 0x04
	Seen     Flags = 0x08
	Draft    Flags = 0x10
)

// Change names a message of the mailbox that is open.
type Change struct {
	UID      uint32
	GUID     string
	Flags    Flags
	Keywords []string
	// There says that the server has the message already: its flags are left as they are there.
	There bool
}

// Change names one message, in the order of UIDs.
//
// Flags of a message that both have are taken from the side with the higher modification sequence, and from ours where they are
// equal (dsync-mailbox-import.c, dsync_mailbox_import_flag_change): 0 is lower than any.
func (s *Session) Change(ctx context.Context, c Change) error {
	if err := s.expect("Change", inChanges); err != nil {
		return err
	}
	if c.UID <= s.lastUID || c.UID >= s.box.UIDNext {
		return &OrderError{"Change of UID " + number(c.UID)}
	}
	s.lastUID = c.UID
	s.peer.raise()
	return s.do(ctx, func() error { return s.send(c.record()) })
}

func (c Change) record() outgoing {
	r := newOutgoing('C').set("type", "s").set("uid", number(c.UID)).set("guid", c.GUID)
	if c.There {
		return r.set("modseq", "0")
	}
	r.set("modseq", "1").set("final_flags", strconv.FormatUint(uint64(c.Flags), 16))
	if len(c.Keywords) > 0 {
		changes := make([]string, len(c.Keywords))
		for i, keyword := range c.Keywords {
			changes[i] = tabescape("=" + keyword)
		}
		r.set("keyword_changes", strings.Join(changes, "\t"))
	}
	return r
}

// Requests ends the listing and waits until the server has said which messages it lacks.
func (s *Session) Requests(ctx context.Context) error {
	if err := s.expect("Requests", inChanges); err != nil {
		return err
	}
	return s.do(ctx, func() error {
		if err := s.endList(); err != nil {
			return err
		}
		r, err := s.next(ctx, "requests for messages")
		if err != nil {
			return err
		}
		if r.letter != endOfList {
			return unexpected("the end of the requests", r)
		}
		s.peer.collect(nil, 0)
		s.stage = inMails
		return nil
	})
}
