// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"context"
	"fmt"
)

// boxItem is B (dsync-mailbox.h): the mailbox that comes next.
func boxItem() item {
	return item{'B', []string{
		"mailbox_guid", "uid_validity", "uid_next", "messages_count", "first_recent_uid", "highest_modseq", "highest_pvt_modseq",
		"mailbox_lost", "mailbox_ignore", "cache_fields", "have_guids", "have_save_guids", "have_only_guid128",
	}}
}

// cacheItem is c, one of the values in cache_fields. This side sends none.
func cacheItem() item { return item{'c', []string{"name", "decision", "last_used"}} }

// Box is a mailbox as one side has it.
type Box struct {
	GUID        GUID
	UIDValidity uint32
	UIDNext     uint32
	Messages    uint32
	Lost        bool // of the server: it has no such mailbox, or cannot open it
	KeepsGUIDs  bool // of the server: it can store the GUIDs that it is given
}

// Open begins a mailbox and returns the state in which the server has it, at the moment from which on it compares. The caller
// goes on only if that is what it knows, and closes the session otherwise. requested is called for each message that the server
// lacks, in any order, from another goroutine; never behind Requests.
//
// Where both differ in UIDVALIDITY, the server has taken ours by now if we name more messages than it has, or as many and our
// number is higher (dsync-brain-mailbox.c, dsync_brain_mailbox_update_pre).
func (s *Session) Open(ctx context.Context, box Box, requested func(Request) error) (theirs Box, err error) {
	if err := s.expect("Open", betweenBoxes); err != nil {
		return Box{}, err
	}
	s.peer.collect(requested, 0)
	err = s.do(ctx, func() error {
		if err := s.send(box.record()); err != nil {
			return err
		}
		if err := s.out.Flush(); err != nil {
			return err
		}
		theirs, err = s.readBox(ctx, box)
		return err
	})
	if err != nil || theirs.Lost {
		s.peer.collect(nil, 0)
		return theirs, err
	}
	s.box, s.lastUID, s.stage = box, 0, inAttributes
	return theirs, nil
}

func (s *Session) readBox(ctx context.Context, ours Box) (theirs Box, err error) {
	for range maxCache {
		r, err := s.next(ctx, "mailbox")
		if err != nil {
			return Box{}, err
		}
		switch r.letter {
		case 'c':
			continue
		case 'B':
		default:
			return Box{}, unexpected("the mailbox", r)
		}
		theirs, err := boxOf(r)
		if err == nil && theirs.GUID != ours.GUID {
			err = &SyntaxError{fmt.Sprintf("the mailbox %s instead of %s", theirs.GUID, ours.GUID)}
		}
		return theirs, err
	}
	return Box{}, &SyntaxError{"cache fields without end"}
}

func (b Box) record() outgoing {
	return newOutgoing('B').
		set("mailbox_guid", b.GUID.String()).
		set("uid_validity", number(b.UIDValidity)).
		set("uid_next", number(b.UIDNext)).
		set("messages_count", number(b.Messages)).
		set("first_recent_uid", number(b.UIDNext)). // none is recent
		set("highest_modseq", "1").
		set("highest_pvt_modseq", "0").
		set("cache_fields", "").
		mark("have_guids", true).
		mark("have_save_guids", true)
}

func boxOf(r record) (b Box, err error) {
	var known bool
	if b.GUID, known = ParseGUID(r.values["mailbox_guid"]); !known {
		return b, &SyntaxError{"a mailbox without a GUID"}
	}
	_, lost := r.values["mailbox_lost"]
	_, ignored := r.values["mailbox_ignore"]
	if b.Lost = lost || ignored; b.Lost {
		return b, nil
	}
	for name, target := range map[string]*uint32{"uid_validity": &b.UIDValidity, "uid_next": &b.UIDNext, "messages_count": &b.Messages} {
		if *target, err = r.number(name); err != nil {
			return b, err
		}
	}
	_, b.KeepsGUIDs = r.values["have_save_guids"]
	return b, nil
}
