// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"bytes"
	"context"
	"math"
	"slices"

	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// A destination may confirm that it has stored a message and never show it: it changes what it stores, or moves it elsewhere at
// once; or its user deletes it before it was found, or a restore from a backup takes it, which nothing tells apart. The rule: what was
// confirmed was stored. It is not sent again, however long it is looked for in vain, because each time would leave one more of it
// there. It counts as not copied, and has a finding in each pass, until it is found, or somebody says
// --copy-again.
//
// That is about the message and not about its UID, so it is known by its digest: a source that was put back to an earlier state may
// have given the UID to another one since, which nobody has sent.
//
// Where the destination tells UIDs it shows only when its copies are looked at, and the first time it may be a
// restore from a backup, see findReplaced.

// noteAnswered notes which of some intents the destination has just confirmed.
func (j *mailboxJob) noteAnswered(ctx context.Context, intents []ledger.Intent) error {
	var answered []ledger.Intent
	for _, intent := range intents {
		if intent.Answered && intent.Alive.IsZero() {
			answered = append(answered, intent)
		}
	}
	if len(answered) == 0 {
		return nil
	}
	return j.ledger().NoteAnswered(ctx, answered...)
}

// noteOffered notes that the messages of intents that were given up, and had been confirmed, are not offered again in this pass.
func (j *mailboxJob) noteOffered(void []ledger.Intent) {
	for _, intent := range void {
		for _, item := range intent.Items {
			if intent.Answered {
				j.slice.memory.noteOffered(j.pair.Source, item.UID)
			}
		}
	}
}

// findReplaced finds out what the copies mean in whose places the destination shows other messages. They are copied again, as after
// a restore from a backup. Where that has happened before, and no number has fallen since, there was none: the destination changes
// what it stores, and would change the next copy, too.
func (j *mailboxJob) findReplaced(ctx context.Context, copies imap.UIDSet, fell bool) error {
	sources, err := j.sourcesOf(ctx, copies)
	if err != nil || sources.Empty() {
		return err
	}
	items, err := j.copiesOf(ctx, sources)
	if err != nil {
		return err
	}
	anew, again := ledger.Voided{Floor: first(copies), Replaced: true}, ledger.Voided{Floor: first(copies), Answered: true}
	for _, item := range items {
		v := &anew
		if !fell && j.replacedBefore(item) {
			v = &again
		}
		v.Sources.Add(item.UID)
		if v.Sent == nil {
			v.Sent = map[imap.UID]ledger.Item{}
		}
		v.Sent[item.UID] = ledger.Item{UID: item.UID, Flags: item.Flags, Digest: item.Digest}
	}
	j.replaced = []ledger.Voided{anew, again}
	return nil
}

// replacedBefore says that the destination has shown another message in the place of a copy of this one before.
func (j *mailboxJob) replacedBefore(item ledger.Item) bool {
	return slices.ContainsFunc(j.row.Voids, func(v ledger.Voided) bool {
		return v.Replaced && v.Sources.Contains(item.UID) && sameItem(v.Sent[item.UID], item)
	})
}

// noteReplaced notes it, once the ledger does not claim the copies any more: a pass that is killed in between copies them once more.
func (j *mailboxJob) noteReplaced(ctx context.Context) error {
	for _, v := range j.replaced {
		if v.Sources.Empty() {
			continue
		}
		if err := j.ledger().NoteDoubles(ctx, j.row, v); err != nil {
			return err
		}
	}
	return nil
}

// leaveAltered refuses those of entries that were confirmed and are not to be found, and returns the others.
func (j *mailboxJob) leaveAltered(ctx context.Context, entries []entry) ([]entry, error) {
	kept := entries[:0]
	for _, e := range entries {
		earlier, refused := j.row.Refused[e.uid]
		refused = refused && earlier.Code == messageAltered.Code
		confirmed, err := j.wasConfirmed(ctx, &e)
		if err != nil {
			return nil, err
		}
		stays := refused && confirmed != isAnother || confirmed == isConfirmed
		if stays && !j.slice.memory.wasOffered(j.pair.Source, e.uid) {
			again, err := j.isOfferedAgain(ctx, e, refused && j.isUnlike(e, earlier))
			if err != nil {
				return nil, err
			}
			stays = !again
		}
		if !stays {
			kept = append(kept, e)
			continue
		}
		if err := j.refuse(ctx, e, refusal{kind: messageAltered, kept: messageAlteredKept}); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// isOfferedAgain says that a message that was confirmed once is sent once more, in each pass until it is found.
func (j *mailboxJob) isOfferedAgain(ctx context.Context, e entry, unlike bool) (bool, error) {
	if j.slice.engine.options.CopyAgain || unlike || !j.mayBeThere() {
		return true, nil
	}
	return j.foundForOthers(ctx, e)
}

// confirmation is what is known of a message of the source among what was confirmed under its UID.
type confirmation int

const (
	isNotNamed  confirmation = iota // nothing was
	isConfirmed                     // it was, or nothing tells that it is another one
	isAnother                       // what was confirmed under its UID is another message
)

// wasConfirmed holds a message against what the destination has confirmed under its UID. It is read for that.
func (j *mailboxJob) wasConfirmed(ctx context.Context, e *entry) (confirmation, error) {
	is := isNotNamed
	for _, v := range j.row.Voids {
		if !v.Answered || !v.Sources.Contains(e.uid) {
			continue
		}
		digest := v.Sent[e.uid].Digest
		if digest == nil {
			return isConfirmed, nil
		}
		if err := (reader{j.src}).bodies(ctx, []*entry{e}, bodySeen); err != nil {
			return is, faultOf(err, "read source mailbox", j.pair.Source)
		}
		if is = isAnother; !bodySeen(e) || bytes.Equal(digest, e.digest[:]) {
			return isConfirmed, nil
		}
	}
	return is, nil
}

// mayBeThere says that the destination holds messages that nobody knows. Where it holds none, the copy is not there in any form: its
// user has deleted it, or a restore has taken it. So it is sent once more in each pass.
func (j *mailboxJob) mayBeThere() bool { return len(j.unknown) > 0 }

// foundForOthers says that the copies of a message that the destination has confirmed were found, and adopted for others of the same
// content: as many were adopted as were confirmed. A message at which the source breaks off is not looked for, and its copy may be
// taken for that of its twin. So it is sent once more.
func (j *mailboxJob) foundForOthers(ctx context.Context, e entry) (bool, error) {
	confirmed := 0
	floor := imap.UID(math.MaxUint32)
	for _, v := range j.row.Voids {
		if !v.Answered || !bodySeen(&e) {
			continue
		}
		for _, sent := range v.Sent {
			if bytes.Equal(sent.Digest, e.digest[:]) {
				confirmed++
				floor = min(floor, v.Floor)
			}
		}
	}
	if confirmed == 0 {
		return false, nil
	}
	adopted, err := j.itemsOf(ctx, intersection(j.row.Adopted, j.row.Live()))
	for _, item := range adopted {
		if item.DstUID >= floor && bytes.Equal(item.Digest, e.digest[:]) {
			confirmed--
		}
	}
	return confirmed <= 0, err
}

// isUnlike says that a message is not the one that was refused under its UID: the source was put back. Its original in the
// escrow folder tells, if it is there still, see noteKept.
func (j *mailboxJob) isUnlike(e entry, earlier ledger.Refusal) bool {
	if e.size != 0 && earlier.Size != 0 && e.size != earlier.Size {
		return true
	}
	if earlier.Escrow == "" || !e.seen {
		return false
	}
	header, err := j.keptHeader(earlier.Escrow)
	original, _ := message.FingerprintOf(header)
	return err == nil && original != e.fingerprint
}
