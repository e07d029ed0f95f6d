// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"io"
	"slices"

	"rehome/internal/content/message"
	"rehome/internal/escrow"
	"rehome/internal/protocol/imap"
)

// A message that the destination refuses is offered again in each pass, because somebody may have raised the
// limit. Its original is in the escrow folder already: as long as it is refused, neither is the source asked for it again, nor is
// an octet of it sent. Once the destination wants it, the source is asked whether it is still the message: nothing else than its
// content tells, as a source that was put back gives its UID to another one, which may have the same size and header.

// noteKept marks the entries whose originals are in the escrow folder. A UID proves nothing after a restore: size and
// header have to be those of the original as well.
func (j *mailboxJob) noteKept(ctx context.Context, entries []entry) error {
	var candidates []*entry
	for i := range entries {
		refusal := j.row.Refused[entries[i].uid]
		if refusal.Escrow != "" && refusal.Size == entries[i].size && !j.slice.memory.isNotKept(refusal.Escrow) {
			candidates = append(candidates, &entries[i])
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	source := reader{j.src}
	if err := source.judge(candidates, headerSeen, fingerprints(ctx, j.src, candidates)); err != nil {
		return faultOf(err, "read source mailbox", j.pair.Source)
	}
	for _, e := range candidates {
		file := j.row.Refused[e.uid].Escrow
		header, err := j.keptHeader(file)
		if err != nil { // the file is gone, or was changed: the source has the message
			continue
		}
		if original, weak := message.FingerprintOf(header); e.seen && !weak && original == e.fingerprint {
			e.kept = file
		}
	}
	return nil
}

// keptHeader returns the header of an original in the escrow folder, as far as messages are recognised by it.
func (j *mailboxJob) keptHeader(file string) ([]byte, error) {
	original, _, err := j.originals().Open(file)
	if err != nil {
		return nil, err
	}
	defer original.Close()
	header := message.NewHeader(headerLimit)
	_, err = io.Copy(header, io.LimitReader(original, headerLimit))
	return header.Bytes(), err
}

func (j *mailboxJob) originals() escrow.Folder { return escrow.New(j.slice.engine.options.EscrowDir) }

// offerKept offers each message whose original was kept, alone; done is false when the budget ended.
func (j *mailboxJob) offerKept(ctx context.Context, kept []entry) (done bool, err error) {
	for _, e := range kept {
		if done, err := j.transferAll(ctx, []batch{{e}}); err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

// splitKept parts entries by where they are read: at the source, or in the escrow folder.
func splitKept(entries []entry) (atSource, kept []entry) {
	if !slices.ContainsFunc(entries, func(e entry) bool { return e.kept != "" }) {
		return entries, nil
	}
	for _, e := range entries {
		if e.kept == "" {
			atSource = append(atSource, e)
		} else {
			kept = append(kept, e)
		}
	}
	return atSource, kept
}

// replay hands out the kept original of a flow of one message, as the source's reader would.
func (f *flow) replay(e entry) error {
	original, size, err := f.job.originals().Open(e.kept)
	if err != nil {
		return err
	}
	defer original.Close()
	proven := &provenReader{Reader: original, left: size, prove: func() error { return f.job.proveKept(f.ctx, e) }}
	return f.body(&imap.Literal{UID: e.uid, Size: size, Reader: proven})
}

// provenReader hands out the last octets once it is proved what they belong to. Without them nothing is stored, and they are read
// after the destination has asked for the message, see appendCommand.
type provenReader struct {
	io.Reader
	left  int64
	prove func() error
}

func (r *provenReader) Read(p []byte) (int, error) {
	if r.left > 0 && r.left <= int64(len(p)) {
		if err := r.prove(); err != nil {
			return 0, err
		}
	}
	n, err := r.Reader.Read(p)
	r.left -= int64(n)
	return n, err
}

var errNotKept = errors.New("the source has another message now than the one that was kept when it was refused")

// proveKept reads a message at the source, whose connection nobody uses at that time, and holds it against its original that was
// kept. One that is another by now, or is not delivered, is treated like any other message from then on.
func (j *mailboxJob) proveKept(ctx context.Context, e entry) error {
	now := entry{uid: e.uid}
	if err := (reader{j.src}).bodies(ctx, []*entry{&now}, bodySeen); err != nil {
		return err
	}
	original, _, err := j.originals().Open(e.kept)
	if err != nil {
		return err
	}
	defer original.Close()
	kept := message.NewDigester()
	if _, err := io.Copy(kept, original); err != nil {
		return err
	}
	if bodySeen(&now) && now.digest == kept.Sum() {
		return nil
	}
	j.slice.memory.noteNotKept(e.kept)
	return errNotKept
}
