// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/dav"
)

// slice is one RunSlice under way.
type slice struct {
	engine  *Engine
	account rehome.Account
	started time.Time // of the pass
	meter   *pass.Meter
	src     Reader
	dst     *endpoint.DAVSession

	mu       sync.Mutex
	more     bool
	advanced bool
	looked   bool
	tallies  map[rehome.Kind]*Tally
	findings []rehome.Finding
	homeless map[rehome.Kind][]homeless
	holdings map[holder]map[string]int
	trials   []ledger.Trial // test objects that may be at the destination

	calendars []placement // where calendars go, as it was planned; not written while there are jobs
}

func newSlice(e *Engine, account rehome.Account, started time.Time, budget pass.Budget) *slice {
	s := &slice{engine: e, account: account, started: started, meter: budget.Begin(),
		tallies: map[rehome.Kind]*Tally{}, homeless: map[rehome.Kind][]homeless{},
		holdings: map[holder]map[string]int{}}
	for _, kind := range e.options.Kinds {
		s.tallies[kind] = &Tally{}
	}
	return s
}

func (s *slice) close() {
	if s.src != nil {
		s.src.Close()
	}
	if s.dst != nil {
		s.dst.Close()
	}
}

// open logs in at both ends at the same time. The source's error comes first.
func (s *slice) open(ctx context.Context) error {
	return pass.BothEnds(s.account.Address,
		func() error {
			reader, err := s.engine.options.Source(ctx, s.account)
			if err == nil { // an interface that holds a nil session is not nil
				s.src = reader
			}
			return err
		},
		func() (err error) {
			s.dst, err = s.engine.options.Destination(ctx, s.account)
			return err
		},
	)
}

// do runs the slice: one kind after the other, collection by collection.
func (s *slice) do(ctx context.Context) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	known, err := s.engine.options.Ledger.Collections(ctx, s.account.Address)
	if err != nil {
		return err
	}
	if s.trials, err = s.engine.options.Ledger.Trials(ctx, s.account.Address); err != nil {
		return err
	}
	plans := map[rehome.Kind]plan{}
	var t troubles
	ends := s.listAll(ctx)
	for _, kind := range s.engine.options.Kinds {
		made, err := s.look(ctx, kind, ends[kind], known, s.engine.options.Ledger.RenameCollection)
		if err := t.add(ctx, s, kind, err); err != nil {
			return err
		}
		plans[kind] = made
		for _, err := range made.unshown {
			if err := t.add(ctx, s, kind, err); err != nil {
				return err
			}
		}
		for _, left := range made.left {
			s.find(collectionLeftOut.On(left.Collection.Href, rehome.Values{"why": left.Reason, "hint": left.NextStep}))
		}
	}
	s.looked = true
	s.calendars = plans[rehome.KindCalendars].placements
	if err := s.runKinds(ctx, plans, known, &t); err != nil {
		return err
	}
	return t.err()
}

// runKinds brings all kinds up to date, at the same time where the source can be read by several: no kind touches anything of
// another one's, and contacts that wait for their server need not keep calendars waiting.
func (s *slice) runKinds(ctx context.Context, plans map[rehome.Kind]plan, known map[string]ledger.Collection, t *troubles) error {
	kinds := s.engine.options.Kinds
	_, several := s.src.(*endpoint.DAVSession)
	several = several && !s.engine.options.InTurn
	own, failed := make([]troubles, len(kinds)), make([]error, len(kinds))
	var running sync.WaitGroup
	for i, kind := range kinds {
		run := func() {
			failed[i] = rehome.Guarded(s.account.Address, func() error { return s.runKind(ctx, kind, plans[kind], known, &own[i]) })
		}
		if several {
			running.Go(run)
		} else if run(); failed[i] != nil {
			return failed[i]
		}
	}
	running.Wait()
	for _, one := range own {
		t.all = append(t.all, one.all...)
	}
	return cmp.Or(failed...)
}

// runKind brings the collections of one kind up to date, the main one first: those that are refused go where it goes. What is in
// the way of one does not stop the others.
func (s *slice) runKind(ctx context.Context, kind rehome.Kind, p plan, known map[string]ledger.Collection, t *troubles) error {
	for _, place := range slices.SortedStableFunc(slices.Values(p.placements), mainFirst) {
		if err := t.add(ctx, s, kind, s.runCollection(ctx, kind, place, known[place.source.Href])); err != nil {
			return err
		}
	}
	for _, place := range p.deleted {
		if err := t.add(ctx, s, kind, s.runDeleted(ctx, kind, place, known[place.source.Href])); err != nil {
			return err
		}
	}
	for _, place := range p.nowhere {
		if err := t.add(ctx, s, kind, s.forget(ctx, kind, place, known[place.source.Href])); err != nil {
			return err
		}
	}
	return t.add(ctx, s, kind, s.followMoves(ctx, kind))
}

// bothEnds are the collections of one kind that the ends list, and what they hide.
type bothEnds struct {
	src, dst             []dav.Collection
	srcHidden, dstHidden *dav.UnshownError
	err                  error // a fault
}

// listAll lists the collections of all kinds at both ends, all at the same time.
func (s *slice) listAll(ctx context.Context) map[rehome.Kind]*bothEnds {
	all := map[rehome.Kind]*bothEnds{}
	var listing sync.WaitGroup
	for _, kind := range s.engine.options.Kinds {
		one := &bothEnds{}
		all[kind] = one
		listing.Go(func() { one.err = rehome.Guarded(s.account.Address, func() error { return s.list(ctx, kind, one) }) })
	}
	listing.Wait()
	return all
}

func (s *slice) list(ctx context.Context, kind rehome.Kind, into *bothEnds) error {
	return pass.BothEnds(s.account.Address,
		func() (err error) {
			into.src, err = s.src.Collections(ctx, kindOf(kind))
			into.srcHidden, err = setApart(err)
			return faultOf(err, "list at the source the "+string(kind)+" of", s.account.Address)
		},
		func() (err error) {
			into.dst, err = s.dst.Collections(ctx, kindOf(kind))
			into.dstHidden, err = setApart(err)
			return faultOf(err, "list at the destination the "+string(kind)+" of", s.account.Address)
		},
	)
}

// look plans where each of the collections of one kind goes. A collection that has another href by now gets it in known, and by
// rename in the ledger.
func (s *slice) look(ctx context.Context, kind rehome.Kind, seen *bothEnds, known map[string]ledger.Collection,
	rename func(ctx context.Context, c *ledger.Collection, href string) error,
) (plan, error) {
	if seen.err != nil {
		return plan{}, seen.err
	}
	v := view{kind: kindOf(kind), src: seen.src, dst: seen.dst, srcHome: s.src.Home(kindOf(kind)), dstHome: s.dst.Home(kindOf(kind)),
		known: map[string]string{}, hidden: seen.srcHidden.Keys()}
	for href, row := range known {
		if row.Kind == kind {
			v.known[href] = row.Destination
		}
	}
	for old, href := range v.moved() {
		row := known[old]
		if err := rename(ctx, &row, href); err != nil {
			return plan{}, err
		}
		delete(known, old)
		delete(v.known, old)
		known[href], v.known[href] = row, row.Destination
	}
	made := v.plan()
	made.withhold(seen.dstHidden.Keys())
	s.tellUnshown(&made, rehome.Source, seen.srcHidden)
	s.tellUnshown(&made, rehome.Destination, seen.dstHidden)
	if v.dstHome == nil && len(made.placements) > 0 {
		err := s.leaveKindBehind(ctx, kind, made.placements)
		made.placements = nil
		return made, err
	}
	return made, nil
}

// runCollection brings one collection up to date, unless the source says that nothing has happened.
func (s *slice) runCollection(ctx context.Context, kind rehome.Kind, p placement, known ledger.Collection) error {
	if s.untouched(p, known) {
		s.count(kind, func(t *Tally) { t.Objects += int(known.State.Objects) })
		return nil
	}
	if s.spent() {
		s.noteMore()
		return nil
	}
	job := s.newJob(kind, p)
	err := job.runLogged(ctx)
	if countErr := job.countRemaining(context.WithoutCancel(ctx)); err == nil {
		err = countErr
	}
	if dav.IsStatus(err, http.StatusNotFound) {
		return &rehome.Fault{Class: rehome.ClassTemporary, Op: "copy the collection", Object: p.source.Href, Cause: err,
			Hint: "somebody removed it in the meantime: run sync again"}
	}
	return err
}

// runDeleted follows the source where it has deleted a whole collection.
func (s *slice) runDeleted(ctx context.Context, kind rehome.Kind, p placement, known ledger.Collection) error {
	if err := s.forgetState(ctx, &known); err != nil {
		return err
	}
	job := &collectionJob{slice: s, kind: kind, place: p, row: &known, deleted: true}
	if err := job.sweepDeleted(ctx); err != nil {
		return err
	}
	if err := job.listNothing(ctx); err != nil {
		return err
	}
	doubted, err := job.followVanished(ctx)
	if err != nil || doubted {
		return err
	}
	return job.settle(ctx)
}

// forget drops what is known of a collection that neither end has any more: there is nothing left that could be told of it.
func (s *slice) forget(ctx context.Context, kind rehome.Kind, p placement, known ledger.Collection) error {
	if err := s.forgetState(ctx, &known); err != nil {
		return err
	}
	rows, err := s.engine.options.Ledger.Objects(ctx, &known)
	if err != nil {
		return err
	}
	return s.forgetGone(ctx, kind, p.destination, &known, rows)
}

// forgetGone drops rows of what the source has no more if the destination does not have its collection any more either.
func (s *slice) forgetGone(ctx context.Context, kind rehome.Kind, there string, c *ledger.Collection, rows map[string]ledger.Object) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := s.dst.Collection(ctx, there, kindOf(kind)); !isGone(err) { // a listing alone proves nothing
		return faultOf(err, "look at the collection", there)
	}
	return s.engine.options.Ledger.DropObjects(ctx, c, slices.Collect(maps.Keys(rows))...)
}

// forgetState makes what the source has said of a collection count no more that it has no more: one that is made anew under
// its name begins to count anew, and may say the same of other objects.
func (s *slice) forgetState(ctx context.Context, known *ledger.Collection) error {
	if known.State.SyncToken == "" && known.State.CTag == "" {
		return nil
	}
	return s.engine.options.Ledger.SettleCollection(ctx, known, ledger.CollectionState{Objects: known.State.Objects}, known.Target)
}

// untouched says that a complete pass has seen the collection as it is now at both ends, and nothing is open.
func (s *slice) untouched(p placement, known ledger.Collection) bool {
	return !s.engine.options.CopyAgain && seen(p.target, known.Target) && !s.mayHoldTrial(p.target) && s.followed(p, known)
}

// followed says that a complete pass has seen the collection as it is at the source, and nothing is open.
func (s *slice) followed(p placement, known ledger.Collection) bool {
	if s.engine.options.Deletions == rehome.DeletionsMirror && known.Removable > 0 {
		return false
	}
	return p.exists && known.ID != 0 && known.Destination == p.destination && known.Pending == 0 && known.Properties == propertiesOf(p.source) &&
		(known.State.SyncToken != "" && known.State.SyncToken == p.source.SyncToken || known.State.CTag != "" && known.State.CTag == p.source.CTag)
}

// spent reports whether the budget is used up.
func (s *slice) spent() bool { return s.meter.Over() }

func (s *slice) noteMore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.more = true
}

func (s *slice) find(findings ...rehome.Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range findings {
		f.Account = s.account.Address
		s.findings = append(s.findings, f)
	}
}

func (s *slice) count(kind rehome.Kind, add func(*Tally)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	add(s.tallies[kind])
}

func (s *slice) noteAdvance() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advanced = true
}

// findStanding makes findings of what the ledger says is not as it should be, whichever pass saw it.
func (s *slice) findStanding(ctx context.Context) error {
	if !s.looked {
		return nil
	}
	exceptions, err := s.engine.options.Ledger.Exceptions(ctx, s.account.Address)
	if err != nil {
		return err
	}
	for _, e := range exceptions {
		tally := s.tallies[e.Kind]
		if tally == nil {
			continue // a kind that this pass leaves alone
		}
		if isFailed(e.Object) && !mayPass(e.Object) {
			tally.Lasting++
		}
		switch {
		case e.Missing(), e.Reverted():
			tally.Deserted++
		case e.Code == ledger.UpdateHeld:
			tally.Held++
		case e.State == ledger.ObjectQuarantined, e.Spoilt(), e.Behind():
			tally.Quarantined++
		case e.State == ledger.ObjectConflict:
			tally.Conflicts++
		case e.State == ledger.ObjectHeld:
			tally.Held++
		}
	}
	s.find(exceptionFindings(exceptions, s.engine.options.Kinds, s.engine.options.ScheduleAgent)...)
	return nil
}

func (s *slice) result() pass.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := pass.Result{More: s.more, Advanced: s.advanced, Looked: s.looked, Findings: s.findings, Blocked: pass.Blocked(s.account.Address, s.findings)}
	if s.looked {
		counts := Counts{}
		for kind, tally := range s.tallies {
			counts[kind] = *tally
		}
		r.Counts = counts
	}
	return r
}

func errorsAs[T error](err error) (target T, ok bool) {
	ok = errors.As(err, &target)
	return target, ok
}
