// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"io"

	"rehome/internal/content/message"
	"rehome/internal/escrow"
	"rehome/internal/protocol/imap"
)

// A message that the destination refuses is offered again in each pass, because somebody may have raised the
// limit. Its original is in the escrow folder already, so it is read there: the source is not asked for it again.

// noteKept marks the entries whose originals are in the escrow folder. A UID proves nothing after a restore: size and
// header have to be those of the original as well.
func (j *mailboxJob) noteKept(ctx context.Context, entries []entry) error {
	var candidates []*entry
	for i := range entries {
		if refusal := j.row.Refused[entries[i].uid]; refusal.Escrow != "" && refusal.Size == entries[i].size {
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
	return f.body(&imap.Literal{UID: e.uid, Size: size, Reader: original})
}
