// SPDX-License-Identifier: Apache-2.0

package dsync

import "strconv"

// stateItem is S (dsync-mailbox-state.h): how far both sides agree about a mailbox.
func stateItem() item {
	return item{'S', []string{
		"mailbox_guid", "last_uidvalidity", "last_common_uid", "last_common_modseq", "last_common_pvt_modseq", "last_messages_count",
	}}
}

// State is what the server has of a mailbox when it is done with it.
type State struct {
	UIDValidity uint32
	LastUID     uint32 // up to here both sides agree
	Messages    uint32 // 0 where an older server does not say
	Changed     bool   // the mailbox was changed by somebody else meanwhile
}

// stateRecord says the same for our side.
func stateRecord(b Box) outgoing {
	return newOutgoing('S').
		set("mailbox_guid", b.GUID.String()).
		set("last_uidvalidity", number(b.UIDValidity)).
		set("last_common_uid", number(max(b.UIDNext, 1)-1)).
		set("last_common_modseq", "1").
		set("last_common_pvt_modseq", "0").
		set("last_messages_count", number(b.Messages))
}

func stateOf(r record) (State, error) {
	var s State
	var err error
	if s.UIDValidity, err = r.number("last_uidvalidity"); err != nil {
		return s, err
	}
	if s.LastUID, err = r.number("last_common_uid"); err != nil {
		return s, err
	}
	if s.Messages, err = r.optional("last_messages_count"); err != nil {
		return s, err
	}
	_, s.Changed = r.values["changes_during_sync"]
	return s, nil
}

func number(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// number reads a field that has to be there.
func (r record) number(name string) (uint32, error) {
	n, err := strconv.ParseUint(r.values[name], 10, 32)
	if err != nil {
		return 0, &SyntaxError{"no number in the field " + name + " of item " + string(rune(r.letter))}
	}
	return uint32(n), nil
}

// optional reads a field that may be absent, which counts as 0.
func (r record) optional(name string) (uint32, error) {
	if _, present := r.values[name]; !present {
		return 0, nil
	}
	return r.number(name)
}
