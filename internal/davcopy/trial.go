// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"net/http"
	"slices"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// What rehome writes to test a server is removed at once. Where the run was interrupted, or the server did the work when
// the answer had long been given up, it is left behind: the next pass over the collection knows it by its shape and
// removes it. It is nobody's object: it is neither copied from a source nor counted.

// A test object is written down before it is sent, and stays so until it is known to be gone: a server may give it another
// name, or work on it when the answer has long been given up. A collection that may hold one is looked through whole.

// beginTrial writes down that a test object may be in a collection, and for how long it may still arrive from now on.
func (s *slice) beginTrial(ctx context.Context, c dav.Collection, uid string) error {
	t := ledger.Trial{Collection: c.Href, UID: uid, Until: time.Now().Add(arrival)}
	s.mu.Lock()
	s.trials = append(slices.DeleteFunc(s.trials, func(old ledger.Trial) bool { return old.UID == uid }), t)
	s.mu.Unlock()
	return s.engine.options.Ledger.NoteTrial(context.WithoutCancel(ctx), s.account.Address, t)
}

// suspectTrial notes that a test object of which nothing is known any more may still arrive in the collection: what is new to the
// ledger, and is there under a name that nobody but the destination would have given, was brought by a move whose ledger is lost.
// Of that nothing but a look at what is there tells, and the first one may have been too early.
func (j *collectionJob) suspectTrial(ctx context.Context, p *transfer) error {
	name := decodedName(p.found.name)
	if p.way != wayRecognise || p.before.State != "" || name == decodedName(p.row.Source) || slices.Contains(p.candidates(), name) {
		return nil
	}
	uid := "any in " + j.place.target.Href
	j.slice.mu.Lock()
	noted := slices.ContainsFunc(j.slice.trials, func(t ledger.Trial) bool { return t.UID == uid })
	j.slice.mu.Unlock()
	if noted {
		return nil
	}
	return j.slice.beginTrial(ctx, j.place.target, uid)
}

// endTrial notes that a test object is gone, and cannot arrive.
func (s *slice) endTrial(ctx context.Context, uid string) error {
	return s.forgetTrials(ctx, func(t ledger.Trial) bool { return t.UID == uid })
}

func (s *slice) forgetTrials(ctx context.Context, gone func(ledger.Trial) bool) error {
	var uids []string
	s.mu.Lock()
	s.trials = slices.DeleteFunc(s.trials, func(t ledger.Trial) bool {
		if gone(t) {
			uids = append(uids, t.UID)
		}
		return gone(t)
	})
	s.mu.Unlock()
	return s.engine.options.Ledger.ForgetTrials(context.WithoutCancel(ctx), s.account.Address, uids...)
}

// mayHoldTrial reports whether a test object may be in the collection, or may still arrive there.
func (s *slice) mayHoldTrial(c dav.Collection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.trials, func(t ledger.Trial) bool { return dav.Key(t.Collection) == dav.Key(c.Href) })
}

// sweep removes what earlier passes have left at the destination, as it was listed from begun on. As long as something is
// left the next pass looks again.
func (j *collectionJob) sweep(ctx context.Context, left []dav.Object, begun time.Time) error {
	for _, o := range left {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if j.slice.sweepOne(context.WithoutCancel(ctx), o, kindOf(j.kind)) {
			continue
		}
		j.unswept = true
		if err := j.remember(ctx, o); err != nil {
			return err
		}
	}
	if j.unswept {
		return nil
	}
	key := dav.Key(j.place.target.Href)
	return j.slice.forgetTrials(ctx, func(t ledger.Trial) bool { return dav.Key(t.Collection) == key && t.Until.Before(begun) })
}

// remember notes that a test object is left that nobody would look for under its name: each pass is to tell of it, and to try again.
func (j *collectionJob) remember(ctx context.Context, o dav.Object) error {
	object, err := pim.Inspect(o.Data)
	if err != nil || pim.IsTrialName(decodedName(o.Href)) {
		return nil //nolint:nilerr // what is no object has no UID to be noted by
	}
	j.slice.mu.Lock()
	noted := slices.ContainsFunc(j.slice.trials, func(t ledger.Trial) bool { return t.UID == object.UID })
	j.slice.mu.Unlock()
	if noted {
		return nil
	}
	return j.slice.beginTrial(ctx, j.place.target, object.UID)
}

// sweepDeleted sweeps a collection that the source has no more, and in which nothing else is looked at.
func (j *collectionJob) sweepDeleted(ctx context.Context) error {
	look := j.slice.mayHoldTrial(j.place.target)
	begun := time.Now()
	if seen(j.place.target, j.row.Target) && !look {
		return nil
	}
	left := map[string]dav.Item{} // by name
	_, err := j.slice.dst.Changes(ctx, &j.place.target, dav.Mark{}, func(item dav.Item) error {
		if !item.Removed && (look || pim.IsTrialName(decodedName(item.Href))) {
			left[decodedName(item.Href)] = item
		}
		return nil
	})
	if err != nil {
		return faultOf(err, "list at the destination", j.place.target.Href)
	}
	j.unknown = &strangers{}
	return j.readStrangers(ctx, inOrder(left), begun)
}

// sweepOne removes one test object; where that fails it is named.
func (s *slice) sweepOne(ctx context.Context, o dav.Object, kind dav.Kind) (removed bool) {
	object, err := pim.Inspect(o.Data)
	if err = s.removeTrial(ctx, o, kind, err == nil && !object.Scheduling()); err != nil {
		s.find(testObjectLeft.On(o.Href, rehome.Values{"why": err}))
	}
	return err == nil
}

// passOver counts a test object at the source for nothing: it was left there when something was moved in.
func (j *collectionJob) passOver(o dav.Object) {
	delete(j.source.items, nameBelow(j.place.source.Href, o.Href))
	j.slice.count(j.kind, func(t *Tally) { t.Objects-- })
}

// removeTrial takes a test object away again. A server that is not known to be silent would tell the people in it, unless
// it has been told before that the client sees to that.
func (s *slice) removeTrial(ctx context.Context, o dav.Object, kind dav.Kind, quiet bool) error {
	if !quiet {
		injected, _ := pim.InjectScheduleAgent(o.Data)
		upload := dav.Upload{Data: injected, Kind: kind, IfMatch: o.ETag, Overwrite: o.ETag == ""}
		if _, err := s.dst.Put(ctx, o.Href, upload); err != nil {
			return err
		}
	}
	err := s.dst.Delete(ctx, o.Href, "")
	if failed, is := errorsAs[*dav.StatusError](err); is && failed.Status >= http.StatusInternalServerError {
		_, err = s.dst.Get(ctx, o.Href, kind) // some fail and have removed it
		if err == nil {
			return failed
		}
	}
	if isGone(err) {
		return nil
	}
	return err
}

// isGone says that a server has nothing of that name.
func isGone(err error) bool {
	return dav.IsStatus(err, http.StatusNotFound) || dav.IsStatus(err, http.StatusGone)
}
