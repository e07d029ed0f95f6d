// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"maps"
	"slices"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
)

// Preview is what a pass would do, found out without writing anything to either end or the ledger.
type Preview struct {
	Plan     mapping.Plan
	Ways     mapping.Ways // the plan, for who asks further
	Renames  []Renamed
	Vanished []Vanished
	Amount   Amount
	Held     []rehome.Finding // what would wait for somebody to confirm it
}

// Renamed is a mailbox that has another name now.
type Renamed struct {
	Was      string `json:"was"` // at the source
	Source   string `json:"source"`
	From     string `json:"from"` // at the destination; equal to Destination when nothing is to be done there
	To       string `json:"destination"`
	Obstacle string `json:"obstacle,omitempty"` // why the destination cannot follow: then everything is copied anew
}

// Vanished is a destination mailbox that holds messages which the source has no longer.
type Vanished struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Deleted     bool   `json:"mailbox_deleted,omitempty"` // the source has deleted the mailbox itself
	Messages    int    `json:"messages"`
	Removed     int    `json:"removed"` // of those, removed by the pass
	NotOurs     int    `json:"not_ours,omitempty"`
	Changed     int    `json:"changed,omitempty"`
	Absent      int    `json:"absent,omitempty"` // no longer at the destination either
}

// Plan returns what a pass over the account would do. It writes nothing.
func (e *Engine) Plan(ctx context.Context, account rehome.Account) (Preview, error) {
	run := newSlice(e, account, time.Now(), pass.DefaultBudget)
	defer run.close()
	if err := run.open(ctx, nil); err != nil {
		return Preview{}, err
	}
	view, err := run.look(ctx)
	if err != nil {
		return Preview{}, err
	}
	run.view = view
	if err := run.survey(ctx); err != nil {
		return Preview{}, err
	}
	preview := Preview{Plan: run.view.plan, Ways: e.ways(run.view), Amount: run.view.amount(run.part())}
	if err = run.preview(ctx, &preview); err == nil {
		err = run.view.checkRoom(account.Address)
	}
	return preview, err
}

func (s *slice) preview(ctx context.Context, p *Preview) error {
	if err := s.recognise(ctx); err != nil {
		return err
	}
	if s.foreign {
		p.Held = s.findings
		return nil
	}
	relocations, _, err := s.relocations(ctx)
	if err != nil {
		return err
	}
	for _, r := range relocations {
		p.Renames = append(p.Renames, Renamed{Was: r.row.Anchor.Source, Source: r.source, From: r.from, To: r.to, Obstacle: r.refused})
		if r.refused == "" { // as if it had happened
			delete(s.view.rows, r.row.Anchor.Source)
		}
	}
	for _, e := range s.view.findEmptied() {
		if e.alarm && !s.engine.options.ConfirmDeletions && !s.engine.options.CopyAgain {
			p.Held = append(p.Held, e.finding())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.view.rows)) {
		row := s.view.rows[name]
		if row.Gone, err = s.goneNow(ctx, row); err != nil {
			return err
		}
		s.view.rows[name] = row
	}
	return s.previewRemovals(ctx, p)
}

// goneNow returns which messages of a row the source has no longer.
func (s *slice) goneNow(ctx context.Context, row ledger.Mailbox) (imap.UIDSet, error) {
	entry, listed := s.view.src[row.Anchor.Source]
	switch {
	case !selectable(entry, listed):
		return row.Done, nil
	case !entry.Status.Complete() || entry.Status.UIDValidity != row.Anchor.SrcUIDValidity:
		return row.Gone, nil // renumbered: its messages will be matched by their content
	}
	opened, err := s.openFor(ctx, s.src, "open source mailbox", row.Anchor.Source)
	if err != nil || !opened { // what it holds is unknown, and nothing has vanished from it
		return row.Gone, err
	}
	all, short, err := everything(ctx, s.src)
	return listedNews(&row, refusals{}, all, short).gone, faultOf(err, "list source mailbox", row.Anchor.Source)
}

// previewRemovals decides as the pass would, with the flags that the copies have now.
func (s *slice) previewRemovals(ctx context.Context, p *Preview) error {
	mirror := s.engine.options.Deletions == rehome.DeletionsMirror
	if mirror {
		alarms, err := s.alarms(ctx)
		if err != nil {
			return err
		}
		for _, a := range alarms {
			if !s.engine.options.ConfirmDeletions {
				p.Held = append(p.Held, a.finding())
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.view.rows)) {
		row := s.view.rows[name]
		if row.Kept().Empty() {
			continue
		}
		_, atSource := s.view.src[name]
		v := Vanished{
			Source: name, Destination: row.Anchor.Destination, Deleted: !atSource,
			Messages: row.Kept().Len(), NotOurs: intersection(row.Kept(), row.Adopted).Len(),
		}
		r, err := s.previewRemoval(ctx, &row)
		if err != nil {
			return err
		}
		v.Changed = r.changed.Len() + intersection(row.Kept(), row.Changed).Minus(row.Adopted).Len()
		v.Absent = r.lost.Len()
		if mirror && len(p.Held) == 0 {
			v.Removed = r.remove.Len()
		}
		p.Vanished = append(p.Vanished, v)
	}
	return nil
}

func (s *slice) previewRemoval(ctx context.Context, row *ledger.Mailbox) (removal, error) {
	entry, listed := s.view.dst[row.Anchor.Destination]
	if row.Removable().Empty() || !selectable(entry, listed) || entry.Status == nil || entry.Status.UIDValidity != row.Anchor.DstUIDValidity {
		return removal{}, nil
	}
	// Not EXAMINE: a mailbox opened for reading only has no permanent flags (RFC 9051, section 6.3.3).
	box, err := s.dst.Select(ctx, row.Anchor.Destination)
	if imap.IsStatus(err, "NO") { // the pass removes nothing there either
		return removal{}, nil
	}
	if err != nil {
		return removal{}, faultOf(err, "open destination mailbox", row.Anchor.Destination)
	}
	items, now, err := s.copies(ctx, row, row.Removable())
	r := decideRemoval(items, now, newFlagFilter(box), imap.UIDSet{}, row.Removable())
	if !s.dst.Capabilities().Has("UIDPLUS") {
		r.remove = imap.UIDSet{}
	}
	return r, err
}
