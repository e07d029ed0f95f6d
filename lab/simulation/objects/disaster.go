// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"context"

	"rehome/lab/simulation"
)

// So that a run has an end.
const (
	mostCrashes  = 8  // deaths of rehome in a run
	mostRestores = 4  // while rehome is at work
	mostAtWork   = 60 // how often users are at work while rehome is: a move cannot overtake those who never rest
)

// watch is told of every request before it is worked on: the moment for a crash of rehome, or for a user who is
// at work meanwhile. It says whether the request comes to nothing for now.
func (r *run) watch(q question) bool {
	if r.d.happens("user at work meanwhile", 0.1*q.weight(), q.name...) && r.atWork.Add(1) <= mostAtWork {
		r.live("w" + number(r.d.below(1000, q.name...)))
	}
	if r.d.happens(restoredAtOnce, 0.1*q.weight(), q.name...) && r.restores.Add(1) <= mostRestores {
		r.restoreOne(q)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.killed || r.crashes == mostCrashes || !r.d.happens("crash", 0.15*q.weight(), q.name...) {
		return false
	}
	r.crashes++
	r.crash()
	return true
}

// restoreOne keeps a copy of one of the ends, or puts it back to the one that there is, while rehome is at work.
func (r *run) restoreOne(q question) {
	e := simulation.Pick(r.d.chance("restored end").With(q.name...), r.src, r.dst)
	e.mu.Lock()
	defer e.mu.Unlock()
	r.mu.Lock()
	b, there := r.backups[e]
	r.mu.Unlock()
	if there {
		r.d.tell("the %s is put back while rehome is at work", e.side)
		r.lost(e, b)
		e.restore(b)
		return
	}
	b = e.backUp()
	r.mu.Lock()
	r.backups[e] = b
	r.mu.Unlock()
}

// crash ends rehome as kill -9 does; r.mu is held. What it has committed stays, what it has sent arrives.
func (r *run) crash() {
	r.killed = true
	r.store.Kill()
	r.network.Kill("rehome "+number(r.process), r.kill)
}

// disasters are what administrators do between two passes: backups, and putting them back.
func (r *run) disasters(round string) {
	for _, e := range []*end{r.src, r.dst} {
		e.mu.Lock()
		if b, there := r.backups[e]; there && r.d.happens(e.side+" restored", 0.5, round) {
			r.lost(e, b)
			e.restore(b)
		}
		if r.d.chance("backup", e.side, round).Happens(0.7) {
			r.backups[e] = e.backUp()
		}
		if r.d.happens(e.side+" renews all etags", 0.4, round) {
			e.renew()
		}
		e.mu.Unlock()
	}
}

// loseLedger lets rehome begin with an empty ledger: all that it knows from then on is what both ends show. Where the
// source has deleted a collection, they do not show what belongs together.
func (r *run) loseLedger(round string) error {
	r.src.mu.Lock()
	defer r.src.mu.Unlock()
	r.dst.mu.Lock()
	defer r.dst.mu.Unlock()
	if len(r.src.ended) > 0 || !r.d.happens(ledgerLost, 0.4, round) {
		return nil
	}
	r.truth.forget()
	return r.store.Empty(context.Background())
}

// lost notes what goes with a restore.
func (r *run) lost(e *end, b backup) {
	for _, c := range e.all() {
		for _, name := range c.names() {
			o := c.objects[name]
			if e == r.src && !b.keeps(c.path, o) {
				r.truth.left(o.data)
			}
		}
	}
}

// keeps says whether the backup has an object under its name, in any version.
func (b backup) keeps(path string, o *object) bool {
	c := b.collections[path]
	return c != nil && c.objects[o.name] != nil && markOf(c.objects[o.name].data) == markOf(o.data)
}

// renew gives every object another etag, as a server does that has moved.
func (e *end) renew() {
	e.epoch++
	for _, c := range e.all() {
		for _, name := range c.names() {
			e.serial++
			o := c.objects[name]
			o.etag = e.newETag(o.data)
			o.version = c.note(name)
		}
	}
}
