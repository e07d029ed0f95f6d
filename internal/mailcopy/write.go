// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"io"
	"sort"
	"time"

	"rehome/internal/content/message"
	"rehome/internal/protocol/imap"
)

// take finds the entry that a body belongs to and moves on to its batch. Bodies come in UID order,
// but some may have vanished from the source in the meantime. ok is false for a repeat, or for
// something that nobody asked for.
func (f *flow) take(uid imap.UID) (e entry, ok bool, err error) {
	target := f.current + sort.Search(len(f.transfers)-f.current, func(i int) bool { return f.transfers[f.current+i].batch.last() >= uid })
	if target == len(f.transfers) {
		return entry{}, false, nil
	}
	if err := f.advance(target); err != nil {
		return entry{}, false, err
	}
	t := f.transfers[target]
	i := t.next + sort.Search(len(t.batch)-t.next, func(i int) bool { return t.batch[t.next+i].uid >= uid })
	if i == len(t.batch) || t.batch[i].uid != uid {
		return entry{}, false, nil
	}
	t.next = i + 1
	if target == len(f.transfers)-1 && t.next == len(t.batch) {
		close(f.last)
	}
	return t.batch[i], true, nil
}

// write appends one message to the destination while it arrives.
func (f *flow) write(t *transfer, e entry, body *imap.Literal) error {
	a, err := f.appendCommand(t)
	if err != nil {
		return f.ended(t, err)
	}
	flags, dropped := f.job.filter.split(e.flags)
	f.digester.Reset()
	f.header.Reset()
	size := body.Size
	a.entries = append(a.entries, e)
	f.lane.load.rivals.send()
	date := e.date
	if !imap.KeepableDate(date) {
		date = time.Time{} // the time of the copy: verify knows that, see date_not_kept
		f.lane.undated.Add(e.uid)
	}
	if err := a.command.Message(f.ctx, flags, date, size, io.TeeReader(body, f.notes)); err != nil {
		return f.early(t, err)
	}
	f.job.slice.memory.noteOffered(f.job.pair.Source, e.uid)
	f.lane.keywords.note(e.uid, dropped)
	digest := f.digester.Sum()
	item := e.item()
	item.Size = size
	item.Digest = digest[:]
	if !f.header.Truncated() {
		if origin, known := message.OriginOf(f.header.Bytes()); known {
			item.Origin = origin[:]
		}
	}
	a.items = append(a.items, item)
	if !f.multi() {
		return f.ended(t, a.command.Finish())
	}
	return nil
}

// multi reports whether a batch is one command (RFC 3502).
func (f *flow) multi() bool { return f.lane.dst.Capabilities().Has("MULTIAPPEND") }

// appendCommand returns the command that the next message belongs to: one for the whole batch with
// MULTIAPPEND, one for each message without.
func (f *flow) appendCommand(t *transfer) (*appended, error) {
	if f.multi() && len(t.sent) > 0 {
		return t.sent[0], nil
	}
	command, err := f.lane.dst.Append(f.ctx, f.job.pair.Destination)
	if err != nil {
		return nil, err
	}
	if len(t.sent) == 0 {
		t.began = time.Now()
	}
	if t.batch[0].kept != "" { // refused before, and perhaps again: not an octet is sent in vain
		command.AskFirst()
	}
	a := &appended{command: command}
	t.sent = append(t.sent, a)
	return a, nil
}

// early takes a refusal that comes before a message was sent. With MULTIAPPEND it concerns the whole
// batch, and the rest of it need not be sent; without, the next message has its own chance.
func (f *flow) early(t *transfer, err error) error {
	if err = f.ended(t, err); !imap.IsStatus(err, "NO") || f.lane.dst.Err() != nil {
		return err
	}
	t.refused = f.multi()
	return nil
}

// end ends the last command of a transfer.
func (t *transfer) end() error {
	if len(t.sent) == 0 {
		return nil
	}
	return t.sent[len(t.sent)-1].command.Finish()
}

// ended says which batch is to blame when the destination has ended the connection with BAD before the last
// command of a transfer is written.
func (f *flow) ended(t *transfer, err error) error {
	if err == nil || f.lane.dst.Err() == nil {
		return err
	}
	for _, sent := range t.sent {
		_, answer := sent.command.Wait(f.ctx) // at once: the connection is over
		if status, bad := ownBad(answer); bad {
			return t.blame(sent, status)
		}
	}
	return err
}
