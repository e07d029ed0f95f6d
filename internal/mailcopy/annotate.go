// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// annotating is the annotations of an account in one slice.
type annotating struct {
	known map[string]mailboxNotes // by source mailbox; nil where the source keeps none, or cannot be asked
	shown map[string]shownNotes   // by the source, of those that were asked
	room  int                     // octets of values that may still be held
	notes []ledger.Annotation     // to be kept
	gone  []ledger.Annotation     // to be forgotten
	due   []noteChange
}

// noteChange is one annotation that is to be written, or removed.
type noteChange struct {
	pair    mapping.Pair
	entry   string
	remove  bool
	value   string
	there   []byte             // digest of what the destination has; nil for nothing
	known   *ledger.Annotation // nil for nothing
	becomes ledger.Annotation
}

// askKnownNotes asks the source for the annotations of the mailboxes that it had last time: what is asked together with the listing
// costs no round trip.
func (s *slice) askKnownNotes(ctx context.Context) error {
	if !s.src.HasMetadata("") {
		return nil
	}
	if s.memory.muteNotes() {
		s.find(annotationsUnknown.On("", rehome.Values{"why": "the source ends the connection when it is asked for them"}))
		return nil
	}
	known, err := s.knownNotes(ctx)
	if err != nil {
		return err
	}
	s.annotating = annotating{known: known, shown: map[string]shownNotes{}, room: mostValues}
	return s.askSourceNotes(ctx, slices.Sorted(maps.Keys(known)), known)
}

// knownNotes returns what the ledger knows, by source mailbox.
func (s *slice) knownNotes(ctx context.Context) (map[string]mailboxNotes, error) {
	all, err := s.engine.options.Ledger.Annotations(ctx, s.account.Address)
	known := map[string]mailboxNotes{}
	for _, a := range all {
		if known[a.Source] == nil {
			known[a.Source] = mailboxNotes{}
		}
		if a.Entry != "" {
			known[a.Source][a.Entry] = a
		}
	}
	return known, err
}

// askSourceNotes asks for those of some mailboxes; values that are known are not held. Where that ends the connection, the pass goes
// on without.
func (s *slice) askSourceNotes(ctx context.Context, mailboxes []string, known map[string]mailboxNotes) error {
	a := &s.annotating
	mailboxes = slices.DeleteFunc(mailboxes, func(name string) bool { return !s.src.HasMetadata(name) })
	err := askNotes(ctx, s.src, mailboxes, func(name string, found imap.Annotations, told bool) {
		a.shown[name] = newShownNotes(name, found, told, known[name], &a.room)
	})
	if err != nil && ctx.Err() == nil {
		s.memory.noteMute()
		s.noteAdvance()
	}
	return faultOf(err, "read annotations of the source's mailboxes of", s.account.Address)
}

// annotate brings the annotations of all mailboxes, and of the server, in line.
func (s *slice) annotate(ctx context.Context) error {
	a := &s.annotating
	if a.known == nil {
		return nil
	}
	pairs := s.annotatable()
	if unheld := s.notesUnheld(pairs); len(unheld) > 0 {
		var err error
		if a.known, err = s.knownNotes(ctx); err != nil { // a mailbox may have another name since
			return err
		}
		if err := s.askSourceNotes(ctx, unheld, nil); err != nil {
			return err
		}
	}
	due := s.notesDue(pairs)
	there, err := s.askDestinationNotes(ctx, due)
	if err != nil {
		return err
	}
	for _, pair := range due {
		s.planNotes(pair, there[pair.Destination])
	}
	if err := s.holdNotes(ctx); err != nil {
		return err
	}
	return s.writeNotes(ctx)
}

// notesUnheld returns the mailboxes that were not asked yet, and those of which a value is due that was not held.
func (s *slice) notesUnheld(pairs []mapping.Pair) (names []string) {
	a := &s.annotating
	for _, pair := range pairs {
		shown, asked := a.shown[pair.Source]
		if !asked {
			names = append(names, pair.Source)
			a.notes = append(a.notes, ledger.Annotation{Source: pair.Source}) // it is asked with the listing from now on
		}
		for entry, digest := range shown.digests {
			_, held := shown.values[entry]
			if !held && noteDue(a.known[pair.Source].about(entry, pair.Destination, s.incarnation(pair)), digest) {
				names = append(names, pair.Source)
				break
			}
		}
	}
	return names
}

// annotatable returns the pairs whose annotations may be touched at the destination; the server goes with itself.
func (s *slice) annotatable() []mapping.Pair {
	pairs := []mapping.Pair{{}}
	for _, pair := range s.view.plan.Pairs {
		if !pair.Container && !s.isHeld(pair.Destination) && !s.barred[pair.Source] && !s.view.staysAway(pair) {
			pairs = append(pairs, pair)
		}
	}
	return slices.DeleteFunc(pairs, func(pair mapping.Pair) bool { return !s.src.HasMetadata(pair.Source) })
}

// incarnation is the UIDVALIDITY of a pair's mailbox at the destination; 0 where it is not told.
func (s *slice) incarnation(pair mapping.Pair) uint32 {
	if row, known := s.view.rows[pair.Source]; known && row.Anchor.Destination == pair.Destination {
		return row.Anchor.DstUIDValidity
	}
	if status := s.view.dst[pair.Destination].Status; status != nil {
		return status.UIDValidity
	}
	return 0
}

// notesDue returns the pairs about which the destination has to be asked. It names what stays behind of all.
func (s *slice) notesDue(pairs []mapping.Pair) (due []mapping.Pair) {
	for _, pair := range pairs {
		shown := s.annotating.shown[pair.Source]
		known := s.annotating.known[pair.Source]
		var behind, theirs []string
		for entry, digest := range shown.digests {
			note := known.about(entry, pair.Destination, s.incarnation(pair))
			switch {
			case noteDue(note, digest):
				behind = append(behind, entry)
			case note.Wrote == nil:
				theirs = append(theirs, entry)
			}
		}
		s.tellNotesLeft(pair, theirs, notesOther)
		if shown.part {
			s.find(annotationsUnknown.On(pair.Source, rehome.Values{"why": "the source has more than it shows, longer than 64 KiB or too many at once"}))
		}
		switch {
		case !s.dst.HasMetadata(pair.Destination):
			s.tellNotesLeft(pair, behind, "the destination keeps none (METADATA)")
		case len(behind)+len(s.vanishedNotes(pair)) > 0:
			due = append(due, pair)
		}
	}
	return due
}

// vanishedNotes names the annotations that we have brought and that the source shows no longer, where these go at all.
func (s *slice) vanishedNotes(pair mapping.Pair) (entries []string) {
	shown := s.annotating.shown[pair.Source]
	if !shown.told || shown.part || s.engine.options.Deletions != rehome.DeletionsMirror {
		return nil
	}
	known := s.annotating.known[pair.Source]
	for _, entry := range slices.Sorted(maps.Keys(known)) {
		note := known.about(entry, pair.Destination, s.incarnation(pair))
		if shown.digests[entry] == nil && note != nil && noteDue(note, nil) {
			entries = append(entries, entry)
		}
	}
	return entries
}

// askDestinationNotes asks the destination about pairs.
func (s *slice) askDestinationNotes(ctx context.Context, pairs []mapping.Pair) (map[string]shownNotes, error) {
	there := map[string]shownNotes{}
	names := slices.Compact(slices.Sorted(slices.Values(destinations(pairs))))
	err := askNotes(ctx, s.dst, names, func(name string, found imap.Annotations, told bool) {
		shown := shownNotes{told: told, part: found.Part, digests: map[string][]byte{}}
		for entry, value := range found.Values {
			shown.digests[entry] = digestOf(value)
		}
		there[name] = shown
	})
	return there, faultOf(err, "read annotations of the destination's mailboxes of", s.account.Address)
}

// planNotes decides about the annotations of a pair. What is to be written counts as there from then on, for other pairs that go to
// the same mailbox.
func (s *slice) planNotes(pair mapping.Pair, there shownNotes) {
	a := &s.annotating
	shown, known, validity := a.shown[pair.Source], a.known[pair.Source], s.incarnation(pair)
	var stay, untold []string
	for _, entry := range append(slices.Sorted(maps.Keys(shown.digests)), s.vanishedNotes(pair)...) {
		src := shown.digests[entry]
		note := known.about(entry, pair.Destination, validity)
		if !noteDue(note, src) {
			continue
		}
		becomes := ledger.Annotation{Source: pair.Source, Entry: entry, Destination: pair.Destination, DstUIDValidity: validity, Seen: src, Wrote: src}
		dst := there.digests[entry]
		step := decideNote(note, src, dst, there.told && (!there.part || dst != nil))
		value, held := shown.values[entry]
		switch {
		case step == noteWritten && !held:
			step = noteUncertain // too much at once
		case step == noteWritten, step == noteRemoved:
			there.digests[entry] = src
		}
		switch step {
		case noteWritten, noteRemoved:
			a.due = append(a.due, noteChange{pair, entry, step == noteRemoved, value, dst, note, becomes})
		case noteSame:
			a.notes = append(a.notes, becomes)
		case noteGone:
			a.gone = append(a.gone, becomes)
		case noteStays:
			stay = append(stay, entry)
			if becomes.Wrote = nil; src == nil {
				a.gone = append(a.gone, becomes)
			} else {
				a.notes = append(a.notes, becomes)
			}
		case noteUncertain:
			untold = append(untold, entry)
		}
	}
	s.tellNotesLeft(pair, stay, notesOther)
	s.tellNotesLeft(pair, untold, "the destination does not tell what it has, or it is too much at once")
}

// holdNotes leaves annotations at the destination where removing them is not allowed now, as for messages.
func (s *slice) holdNotes(ctx context.Context) error {
	a := &s.annotating
	removed, all := 0, 0
	for _, change := range a.due {
		if change.remove {
			removed++
		}
	}
	if removed == 0 {
		return nil
	}
	for _, notes := range a.known {
		for _, note := range notes {
			if note.Wrote != nil {
				all++
			}
		}
	}
	held := s.takeCensus().unfinished()
	if !held && !s.engine.options.ConfirmDeletions {
		alarms, err := s.alarms(ctx)
		if err != nil {
			return err
		}
		held = len(alarms) > 0
		if alarming(removed, all) {
			held = true
			s.find(annotationRemovalsHeld.On("", rehome.Values{"lost": removed, "all": all}))
		}
	}
	if held {
		a.due = slices.DeleteFunc(a.due, func(change noteChange) bool { return change.remove })
	}
	return nil
}

// writeNotes writes what is due. What may be on its way is in the ledger before the first octet goes out, so that it is known for ours
// whatever happens in between.
func (s *slice) writeNotes(ctx context.Context) error {
	a := &s.annotating
	a.due = slices.DeleteFunc(a.due, func(change noteChange) bool {
		why, refused := s.memory.refusedNote(change.pair.Destination, change.entry)
		if refused = refused || !named(change.entry); refused {
			s.tellNotesLeft(change.pair, []string{change.entry}, cmp.Or(why, "no server takes such a name"))
		}
		return refused
	})
	for _, change := range a.due {
		if !change.remove {
			a.notes = append(a.notes, change.intent())
		}
	}
	if err := s.engine.options.Ledger.NoteAnnotations(ctx, s.account.Address, a.notes, a.gone); err != nil || len(a.due) == 0 {
		return err
	}
	var done, gone []ledger.Annotation
	steps := make([]step, len(a.due))
	for i, change := range a.due {
		steps[i] = step{pair: change.pair, send: change.send(s.dst.Client), judge: func(_ mapping.Pair, err error) error {
			refused, err := s.judgeNote(change, err)
			switch {
			case err != nil:
			case refused && change.known != nil:
				done = append(done, *change.known)
			case refused || change.remove:
				gone = append(gone, change.becomes)
			default:
				done = append(done, change.becomes)
			}
			return err
		}}
	}
	written := ahead(ctx, steps, nil)
	return errors.Join(written, s.engine.options.Ledger.NoteAnnotations(context.WithoutCancel(ctx), s.account.Address, done, gone))
}

// intent is what the ledger says while the annotation is on its way.
func (c noteChange) intent() ledger.Annotation {
	intent := c.becomes
	intent.Wrote, intent.Writing = c.there, c.becomes.Seen
	return intent
}

func (c noteChange) send(client *imap.Client) func(context.Context, string) (*imap.Answer, error) {
	return func(ctx context.Context, destination string) (*imap.Answer, error) {
		if c.remove {
			return client.RemoveMetadataAhead(ctx, destination, c.entry)
		}
		return client.SetMetadataAhead(ctx, destination, c.entry, c.value)
	}
}

// judgeNote makes a finding of an annotation that the destination does not take. BAD ends the connection: it is not sent again in this
// pass.
func (s *slice) judgeNote(change noteChange, err error) (refused bool, _ error) {
	if status, bad := ownBad(err); bad {
		s.memory.refuseNote(change.pair.Destination, change.entry, withoutTiming(status.Text))
		s.noteAdvance()
		return false, &rehome.Fault{Class: rehome.ClassTemporary, Op: "annotate mailbox", Object: change.pair.Destination, Server: status.Text, Cause: err}
	}
	var argument *imap.ArgumentError
	var status *imap.StatusError
	switch {
	case err == nil:
		return false, nil
	case errors.As(err, &argument):
		s.tellNotesLeft(change.pair, []string{change.entry}, "its value "+argument.Why)
	case errors.As(err, &status) && s.dst.Err() == nil:
		s.tellNotesLeft(change.pair, []string{change.entry}, withoutTiming(status.Text))
	default:
		return false, faultOf(err, "annotate destination mailbox", change.pair.Destination)
	}
	return true, nil
}

const notesOther = "the destination has other values, or none any more, and that stays"

// tellNotesLeft names the first few.
func (s *slice) tellNotesLeft(pair mapping.Pair, entries []string, why string) {
	const few = 5
	if len(entries) == 0 {
		return
	}
	slices.Sort(entries)
	names := strings.Join(entries[:min(len(entries), few)], ", ")
	if len(entries) > few {
		names += ", ..."
	}
	s.find(annotationsLeft.On(pair.Source, rehome.Values{"n": len(entries), "names": names, "why": why}))
}
