// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// refusedBatch is what the destination did not take, with its words.
type refusedBatch struct {
	batch  batch
	reason *imap.StatusError
}

// isolate takes refused batches apart until every message is either stored or alone to blame. It
// stops at once when the trouble is not the message: a full account, a missing mailbox, a server
// that asks for patience.
func (j *mailboxJob) isolate(ctx context.Context, refused []refusedBatch) error {
	for len(refused) > 0 && !j.waits && !j.wound {
		r := refused[0]
		refused = refused[1:]
		fault := endpoint.Fault(r.reason, "copy to", fmt.Sprintf("%q", j.pair.Destination))
		switch {
		case rehome.ClassOf(fault) != rehome.ClassPermanent && !tooLarge(r):
			return fault
		case r.reason.Code == "TRYCREATE" || r.reason.Code == "NONEXISTENT":
			return &rehome.Fault{Class: rehome.ClassTemporary, Op: "copy to", Object: fmt.Sprintf("%q", j.pair.Destination),
				Server: r.reason.Text, Cause: r.reason, Hint: "somebody removed the mailbox at the destination in the meantime: run sync " +
					"again to create it again"}
		case len(r.batch) == 1:
			more, err := j.lastResort(ctx, r)
			if err != nil {
				return err
			}
			refused = append(refused, more...)
		default:
			a, b := r.batch.halves()
			more, _, err := j.transferGroups(ctx, [][]batch{{a, b}})
			if err != nil {
				return err
			}
			refused = append(refused, more...)
		}
	}
	return nil
}

// tooLarge reports whether a refusal is about the size of one message and not about the account:
// servers use the same words and codes for both.
func tooLarge(r refusedBatch) bool {
	if r.reason.Code == "TOOBIG" || r.reason.Code == "LIMIT" { // RFC 4469, RFC 5530
		return true
	}
	text := strings.ToLower(r.reason.Text)
	return strings.Contains(text, "too large") || strings.Contains(text, "too big") || strings.Contains(text, "maximum message size") ||
		strings.Contains(text, "max mail size")
}

// lastResort tries a refused message once more, as a NO without a reason may be of that moment, and then without its keywords, which is
// what servers most often stumble over: those are tried by themselves when the message is there, see updateFlags. A message that is refused
// all the same becomes a finding.
func (j *mailboxJob) lastResort(ctx context.Context, r refusedBatch) ([]refusedBatch, error) {
	e := r.batch[0]
	if kept := withoutKeywords(e.flags); len(kept) < len(e.flags) && !tooLarge(r) {
		if j.triedAgain.Contains(e.uid) {
			e.flags, j.flagsDue = kept, true
		}
		j.triedAgain.Add(e.uid)
		more, _, err := j.transferGroups(ctx, [][]batch{{{e}}})
		return more, err
	}
	why := refusal{kind: messageRefused, kept: messageRefusedKept, words: withoutTiming(r.reason.Text)}
	if tooLarge(r) {
		why.kind = messageTooLarge
		why.kept = messageTooLargeKept
	}
	return nil, j.refuse(ctx, e, why)
}

// refusal is why a message stays behind.
type refusal struct {
	kind  rehome.Declared
	kept  rehome.Declared // the same with the original in the escrow folder; none is put there without it
	words string
}

// unreadable is the refusal of a message that the source does not deliver.
func unreadable(words string) refusal {
	return refusal{kind: messageUnreadable, kept: messageUnreadableKept, words: words}
}

// refuse books a message that the destination does not take: a row in the ledger, the original in
// the escrow folder, and a finding.
func (j *mailboxJob) refuse(ctx context.Context, e entry, why refusal) error {
	row := ledger.Refusal{UID: e.uid, Size: e.size, Code: why.kind.Code, Words: why.words}
	messageID := ""
	if why.kept.Code != "" {
		var err error
		if row.Escrow, messageID, err = j.escrow(ctx, e, why); err != nil {
			return err
		}
		if row.Escrow != "" && row.Size == 0 {
			row.Size = j.row.Refused[e.uid].Size
		}
	}
	if err := j.ledger().Refuse(ctx, j.row, row); err != nil {
		return err
	}
	j.slice.noteAdvance()
	j.slice.find(j.refusalFinding(why, row, messageID))
	return nil
}

func (j *mailboxJob) refusalFinding(why refusal, r ledger.Refusal, messageID string) rehome.Finding {
	kind := why.kind
	if r.Escrow != "" {
		kind = why.kept
	}
	message := strings.TrimSpace("the message " + withBlank(messageID) + sizeText(r.Size))
	return kind.On(rehome.MessageObject(j.pair.Source, uint32(r.UID)), rehome.Values{"message": message, "why": r.Words, "file": r.Escrow})
}

// escrow keeps the original of a message and returns the file and the Message-ID. No path means that the
// source does not hand the message out, and did not when it was refused before.
func (j *mailboxJob) escrow(ctx context.Context, e entry, why refusal) (path, messageID string, err error) {
	if e.kept != "" {
		kept, err := j.keptHeader(e.kept)
		return e.kept, message.MessageID(kept), err
	}
	if why.kind.Code == messageUnreadable.Code || j.row.Suspects[e.uid] >= maxSuspicions { // the source breaks off at it each time
		path, messageID = j.keptEarlier(e)
		return path, messageID, nil
	}
	header := message.NewHeader(headerLimit)
	label := fmt.Sprintf("%s %d %d", j.pair.Source, j.srcBox.UIDValidity, e.uid)
	path, err = j.originals().Keep(j.slice.account.Address, label, ".eml", func(w io.Writer) error {
		return j.download(ctx, e.uid, io.MultiWriter(w, header))
	})
	if errors.Is(err, errNoOriginal) {
		path, messageID = j.keptEarlier(e)
		return path, messageID, nil
	}
	return path, message.MessageID(header.Bytes()), err
}

// keptEarlier returns the original of a message that was kept when it was refused in an earlier pass, and its Message-ID. The
// source does not show any more whether that is still the message, so that it is not offered again; but it may be the only copy
// that there is, and its owner gets it.
func (j *mailboxJob) keptEarlier(e entry) (path, messageID string) {
	earlier := j.row.Refused[e.uid]
	if earlier.Escrow == "" || e.size != 0 && e.size != earlier.Size {
		return "", ""
	}
	header, err := j.keptHeader(earlier.Escrow)
	if err != nil { // the file is gone, or was changed
		return "", ""
	}
	return earlier.Escrow, message.MessageID(header)
}

// errNoOriginal says that the source answered without the message.
var errNoOriginal = errors.New("the source does not hand the message out")

// download streams one message of the source into w. That the source says NO to it concerns no other message, see unread.
func (j *mailboxJob) download(ctx context.Context, uid imap.UID, w io.Writer) error {
	came := false
	command, err := j.src.Fetch(ctx, imap.NewUIDSet(uid), imap.FetchItems{Body: true}, imap.FetchHandler{
		Literal: func(l *imap.Literal) error {
			if came || l.UID != uid { // a server may say it twice, and tell of another one (RFC 9051, section 7)
				return nil
			}
			came = true
			_, err := io.Copy(w, l)
			return err
		},
	})
	if err == nil {
		err = command.Wait(ctx)
	}
	fault := faultOf(err, "read source mailbox", j.pair.Source)
	switch {
	case j.src.Err() != nil && err != nil:
		return faultOf(&readError{uid: uid, err: err}, "read source mailbox", j.pair.Source)
	case imap.IsStatus(err, "NO") && rehome.ClassOf(fault) == rehome.ClassPermanent:
		fault = nil
	}
	if fault == nil && !came {
		return errNoOriginal
	}
	return fault
}

// refuseOversize takes out what is above the destination's announced limit (RFC 7889), before a
// single octet of it is sent. A listed size may be an estimate: the message itself tells.
func (j *mailboxJob) refuseOversize(ctx context.Context, entries []entry) ([]entry, error) {
	limit, known := j.dst.Capabilities().AppendLimit()
	if !known {
		return entries, nil
	}
	kept := entries[:0]
	for _, e := range entries {
		if e.size > limit {
			size, err := j.trueSize(ctx, e)
			if err != nil {
				return nil, err
			}
			if size <= limit {
				e.size = size
			}
		}
		if e.size <= limit {
			kept = append(kept, e)
			continue
		}
		words := fmt.Sprintf("the destination accepts no message larger than %s (APPENDLIMIT)", octetText(limit))
		if err := j.refuse(ctx, e, refusal{kind: messageTooLarge, kept: messageTooLargeKept, words: words}); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// trueSize reads how large a message of the source is; 0 where the source does not deliver it.
func (j *mailboxJob) trueSize(ctx context.Context, e entry) (int64, error) {
	if e.kept != "" {
		original, size, err := j.originals().Open(e.kept)
		if err != nil {
			return 0, err
		}
		return size, original.Close()
	}
	var read octetCounter
	err := j.download(ctx, e.uid, &read)
	if errors.Is(err, errNoOriginal) {
		return 0, nil
	}
	return int64(read), err
}

// octetCounter counts the octets that are written to it.
type octetCounter int64

func (c *octetCounter) Write(p []byte) (int, error) {
	*c += octetCounter(len(p))
	return len(p), nil
}
