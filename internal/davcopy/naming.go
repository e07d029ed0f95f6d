// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"errors"
	"net/http"
	"time"

	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// A server may give what is put a name of its own (RFC 5995 section 3; the Location of the answer tells it). Then no
// precondition keeps a request that arrives late from being a second object: what was sent and never answered is written
// again only when it has not been seen for a while and cannot arrive any more, and until then nobody knows.

// arrival is how long a server may still work on what it has not answered.
const arrival = 5 * time.Minute

// unanswered says that a request may have been carried out, or may still be: no answer came, or a gateway gave it.
func unanswered(err error) bool {
	refused, is := errorsAs[*dav.StatusError](err)
	if is {
		return refused.Status == http.StatusBadGateway || refused.Status == http.StatusGatewayTimeout
	}
	return err != nil && !errors.Is(err, context.Canceled)
}

// learnNaming notes whether the destination has left a new object the name that it was given.
func (e *Engine) learnNaming(target, asked, given string) {
	e.naming.Lock()
	defer e.naming.Unlock()
	e.renames[dav.Key(target)] = given != "" && dav.Key(given) != dav.Key(asked)
}

// renames reports whether the destination gives new objects names of its own: as it has answered in this run, or as a test
// shows. Where nothing shows it, it may. What is known to be there under the name that we would have given it proves nothing:
// its user may have put it there.
func (j *collectionJob) renames(ctx context.Context) bool {
	known := func() (renames, is bool) {
		e := j.slice.engine
		e.naming.Lock()
		defer e.naming.Unlock()
		renames, is = e.renames[dav.Key(j.place.target.Href)]
		return renames, is
	}
	if renames, is := known(); is {
		return renames
	}
	j.takesGood(ctx)
	renames, is := known()
	return renames || !is
}

// giveUID gives a new object without UID one where the destination gives it a name of its own, which an answer that is lost
// does not tell: by nothing else it would be known there should the server have changed it.
func (j *collectionJob) giveUID(ctx context.Context, p *transfer) {
	if p.way != wayWrite || p.object.UID != "" || p.before.State.There() || !j.renames(ctx) {
		return
	}
	if p.repair(uidNeeds()) {
		p.reform()
	}
}

// uidNeeds is the repair that gives a UID, and nothing else.
func uidNeeds() pim.Needs { return pim.Needs{pim.CodeMissingUID: true, pim.CodeMissingEventUID: true} }

// awaits reports whether the object has to wait because an earlier request may still arrive, and names it then.
func (j *collectionJob) awaits(ctx context.Context, p *transfer) bool {
	unserved := objectUnserved.Has(p.before.Code) || objectUnreadable.Has(p.before.Code) // by the source since
	sent := (p.before.State == ledger.ObjectIntent || p.before.State == ledger.ObjectHeld || unserved) && len(p.before.Tried) > 0
	over := time.Since(p.before.Updated) >= arrival
	if p.way != wayWrite || !sent || over && len(j.veil.hidden) == 0 || !j.renames(ctx) || over && j.behindVeil(ctx, p) == veiledNot {
		return false
	}
	p.way, p.row = wayAwait, p.before
	j.tellAwaited(p)
	return true
}

func (j *collectionJob) tellAwaited(p *transfer) {
	href := hrefOf(j.place.source.Href, p.row.Source)
	if len(j.veil.hidden) > 0 {
		j.slice.find(objectHidden.On(href, nil))
		return
	}
	j.slice.find(objectAwaited.On(href, nil))
}
