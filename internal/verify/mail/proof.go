// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"encoding/json"
	"slices"
	"time"

	"rehome/internal/content/message"
	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// What was read of a message holds at the next comparison only as long as its end shows that nothing has happened to it. The
// rules are vouches, for a mailbox, and holds, for a message in it. What they cannot see is a server that gives other content
// under the same UID, UIDVALIDITY, size and date without moving a MODSEQ; verify.Options.Reread is for who doubts that.

// stamp is how an end showed a mailbox when it was opened, before anything in it was read.
type stamp struct {
	Name        string   `json:"name"`
	UIDValidity uint32   `json:"validity"`
	UIDNext     imap.UID `json:"next"`             // 0 where it was not told
	ModSeq      uint64   `json:"modseq,omitempty"` // 0 where the mailbox keeps none
	Messages    int64    `json:"messages"`         // that were listed
	MailboxID   string   `json:"id,omitempty"`
	Newest      newest   `json:"newest,omitzero"` // zero in an empty mailbox
}

// newest is the listed message with the highest UID. A mailbox that was put back from a backup and has had as many changes since
// as it had before may show the numbers of old; but it has another newest message.
type newest struct {
	UID  imap.UID `json:"uid"`
	Size int64    `json:"size"`
	Date int64    `json:"date"`
}

func stampOf(b *box) stamp {
	s := stamp{
		Name: b.name, UIDValidity: b.state.UIDValidity, UIDNext: b.state.UIDNext, ModSeq: b.state.HighestModSeq,
		Messages: b.count, MailboxID: b.state.MailboxID,
	}
	if n := len(b.records); n > 0 {
		last := b.records[n-1]
		s.Newest = newest{last.uid, last.size, last.date}
	}
	return s
}

// vouches says whether what was read of a mailbox then can hold for it now, message by message: it is the same mailbox, and its
// numbers have not fallen, as they do in one that was put back from a backup. condstore says that the end keeps MODSEQs: a
// mailbox without one (NOMODSEQ, RFC 7162, section 3.1.2.2) is then one in which changes cannot be seen.
func (s stamp) vouches(now imap.Selected, condstore bool) bool {
	switch {
	case s.UIDValidity == 0 || s.UIDValidity != now.UIDValidity || s.MailboxID != now.MailboxID:
		return false
	case s.UIDNext == 0 || now.UIDNext < s.UIDNext:
		return false
	case now.HighestModSeq < s.ModSeq || condstore && now.HighestModSeq == 0:
		return false
	}
	return true
}

// holds says whether what was read of a message holds for what is listed now. Its MODSEQ has to be told, and to be none that
// was given since; where there are none, all that is listed of it has to be as it was.
func (s stamp) holds(then, now *record) bool {
	unmoved := s.ModSeq == 0 || now.modseq != 0 && now.modseq <= s.ModSeq
	same := then.size == now.size && then.date == now.date && then.flags == now.flags
	return unmoved && same && then.shown && now.shown && then.uid < s.UIDNext
}

// untouched says that nothing has happened in a mailbox, so that it need not even be listed: only the counters of RFC 7162 can
// say that.
func (s stamp) untouched(now imap.Selected, shown imap.Newest) bool {
	if !s.vouches(now, true) || s.ModSeq == 0 || now.HighestModSeq != s.ModSeq || now.UIDNext != s.UIDNext || !now.Messages.Is(s.Messages) {
		return false
	}
	if s.Messages == 0 {
		return true
	}
	return s.Newest.Size > 0 && s.Newest == newest{shown.UID, shown.Size, unixOf(shown.InternalDate)}
}

// mark is what is kept of a group before its messages.
type mark struct {
	Form        string    `json:"form"` // see form
	Sources     []stamp   `json:"sources"`
	Destination stamp     `json:"destination"`
	Read        time.Time `json:"read"`     // all that is known of the messages was read then or later
	Compared    time.Time `json:"compared"` // when the ends were compared last
	Settled     *settled  `json:"settled,omitempty"`
}

// settled is the answer about a group in which nothing differs; it holds as long as nothing happens in its mailboxes.
type settled struct {
	Mailbox   verify.Mailbox `json:"mailbox"`
	There     verify.Totals  `json:"there"`
	Undated   int            `json:"undated,omitempty"`
	Reordered int            `json:"reordered,omitempty"`
}

// form names how proofs are written, and by which rules digests and verdicts were made: what was written in another one is no
// proof.
const form = "mail 1"

func (m mark) encode() ([]byte, error) { return json.Marshal(m) }

// decodeMark reads a mark; nil is one that says nothing.
func decodeMark(text []byte) *mark {
	var m mark
	if len(text) == 0 || json.Unmarshal(text, &m) != nil || m.Form != form {
		return nil
	}
	return &m
}

// of says whether the mark is of the mailboxes of a group.
func (m *mark) of(g *group) bool {
	if m == nil || m.Destination.Name != g.destination {
		return false
	}
	return slices.EqualFunc(m.Sources, g.sources, func(s stamp, name string) bool { return s.Name == name })
}

// known is what is remembered of one mailbox.
type known struct {
	stamp
	compared time.Time
	read     time.Time
	records  []*record
}

// recall takes over what holds still. What an earlier look of the same comparison has taken over has to hold at this one, too.
func (b *box) recall(condstore bool) {
	var old []*record
	if b.vouched = b.known != nil && b.known.vouches(b.state, condstore); b.vouched {
		old = b.known.records
	}
	for _, r := range b.records {
		for len(old) > 0 && old[0].uid < r.uid {
			old = old[1:]
		}
		known := len(old) > 0 && old[0].uid == r.uid
		if known {
			r.paired = old[0].paired
		}
		holds := known && b.known.holds(old[0], r)
		if r.recalled && !holds {
			r.digest, r.octets, r.recalled = message.Digest{}, 0, false
		}
		if holds && old[0].read() && !r.read() {
			r.digest, r.octets, r.recalled = old[0].digest, old[0].octets, true
		}
	}
}

// recalled is how many messages need not be read again.
func (b *box) recalled() int {
	n := 0
	for _, r := range b.records {
		if r.recalled {
			n++
		}
	}
	return n
}
