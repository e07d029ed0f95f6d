// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/pass"
	"rehome/internal/protocol/dav"
)

// collectionJob copies one collection.
type collectionJob struct {
	slice       *slice
	kind        rehome.Kind
	place       placement
	concurrency *concurrency // only the goroutine that writes looks at it

	row     *ledger.Collection
	listing dav.Listing
	actions actions
	objects int // at the source
	source  listed
	deleted bool // the source has the collection no more

	mu      sync.Mutex               // guards what follows; the ledger's rows as they are now
	unread  bool                     // the source has not served something that is new
	known   map[string]ledger.Object // by source name
	byUID   map[string]string        // source names of what is at the destination, by UID
	unknown *strangers               // what the destination has and the ledger does not know
	contest *strangers               // what stands under names that are known for nothing but conflicts
	skipped []dav.Item               // of that, what was not read, because nothing is to be recognised
	taken   map[string]bool          // names at the destination
	present map[string]bool          // of these, what it has listed in this slice

	doubtful map[string]bool   // written in this slice, and not known to be kept as it was given, by destination name
	replaced map[string][]byte // forms of what has taken the place of an older version in this slice, by destination name

	unswept bool // a test object is left at the destination, or something is unread there; only lookAtDestination writes it
	veil    veil // what the destination does not return and the ledger does not know; only the goroutine that decides looks at it
	// siblings are names at the destination that are other collections' of the source, false where the source has the
	// object there no more; not written while there are writers.
	siblings map[string]bool
	theirs   map[string][]ledger.Object // their rows, by destination name
	held     []ledger.Object            // those of what they have there, of which nobody knows another name yet

	apart       []dav.Object // changed occurrences that have a name of their own; likewise
	apartOctets int

	unserved  []dav.Object // what the source has not served under names that are known; only the goroutine that decides looks at it
	unclaimed []string     // of these and of earlier slices, the names that may be another object's by now; likewise

	failed  atomic.Int64  // answers in a row by which the server, not the object, looks broken
	probing chan struct{} // of capacity 1: one test of the server at a time, and whoever waits for it may be told to stop
}

// newJob returns a job that can write.
func (s *slice) newJob(kind rehome.Kind, place placement) *collectionJob {
	return &collectionJob{slice: s, kind: kind, place: place, probing: make(chan struct{}, 1),
		concurrency: newConcurrency(s.engine.options.Connections, s.engine.stamina.known())}
}

func (j *collectionJob) ledger() Ledger { return j.slice.engine.options.Ledger }

// content is the kind of object that the collection holds.
func (j *collectionJob) content() pim.Kind {
	if j.kind == rehome.KindContacts {
		return pim.KindContact
	}
	return pim.KindCalendar
}

// run brings the destination's collection up to date, as far as the budget allows.
func (j *collectionJob) run(ctx context.Context) error {
	err := j.prepare(ctx)
	if nowhere, is := errorsAs[*nowhereError](err); is {
		return j.leaveBehind(ctx, nowhere)
	}
	if err != nil {
		return err
	}
	if err := j.list(ctx); err != nil {
		return err
	}
	j.slice.count(j.kind, func(t *Tally) { t.Objects += j.objects })
	if err := j.handDown(ctx); err != nil {
		return err
	}
	if len(j.actions.read) > 0 || j.slice.engine.options.CopyAgain || !seen(j.place.target, j.row.Target) || j.slice.mayHoldTrial(j.place.target) ||
		j.mayTakeOver() {
		if err := j.lookAtDestination(ctx); err != nil {
			return err
		}
	}
	done, err := j.copyAll(ctx)
	if err != nil {
		return err
	}
	if !done {
		j.slice.noteMore()
		return nil
	}
	doubted, err := j.followVanished(ctx)
	if err != nil || doubted {
		return err
	}
	return j.settle(ctx)
}

// list asks the source what there is, or what has changed, and computes what to do.
func (j *collectionJob) list(ctx context.Context) error {
	var err error
	if j.known, err = j.ledger().Objects(ctx, j.row); err != nil {
		return err
	}
	source := listed{items: map[string]dav.Item{}, removed: map[string]bool{}}
	since := dav.Mark{SyncToken: j.row.State.SyncToken, CTag: j.row.State.CTag}
	j.listing, err = j.slice.src.Changes(ctx, &j.place.source, since, func(item dav.Item) error {
		name := nameBelow(j.place.source.Href, item.Href)
		delete(source.items, name)
		delete(source.removed, name)
		if item.Removed {
			source.removed[name] = true
		} else {
			source.items[name] = item
		}
		return nil
	})
	if err != nil {
		return faultOf(err, "list at the source", j.place.source.Href)
	}
	source.full = j.listing.Full
	j.source = source
	j.actions = diff(source, j.known, j.terms())
	j.objects = countObjects(source, j.known)
	return nil
}

// listNothing is the list of a collection that the source has no more.
func (j *collectionJob) listNothing(ctx context.Context) (err error) {
	if j.known, err = j.ledger().Objects(ctx, j.row); err == nil {
		j.actions = diff(listed{full: true}, j.known, j.terms())
	}
	return err
}

func (j *collectionJob) terms() terms {
	j.mu.Lock()
	defer j.mu.Unlock()
	return terms{
		unread: j.unread, started: j.slice.started, deleted: j.deleted,
		deletions: j.slice.engine.options.Deletions, confirmed: j.slice.engine.options.ConfirmDeletions,
		join: func(name string) dav.Item {
			return dav.Item{Href: hrefOf(j.place.source.Href, name), ETag: j.known[name].SrcETag, Size: -1}
		},
	}
}

// countObjects tells how many objects the source has.
func countObjects(source listed, known map[string]ledger.Object) int {
	objects := len(source.items)
	if !source.full {
		for name, row := range known {
			if _, again := source.items[name]; !again && !source.removed[name] && row.State != ledger.ObjectGone && !isDisplaced(name) {
				objects++
			}
		}
	}
	return objects
}

// lookAtDestination lists what is there already, and reads what the ledger does not know: after a lost
// ledger it is recognised by its UID and not written twice.
func (j *collectionJob) lookAtDestination(ctx context.Context) error {
	j.byUID = map[string]string{}
	j.unknown = &strangers{}
	j.taken = map[string]bool{}
	j.present = map[string]bool{}
	ours := map[string]bool{}
	for _, row := range j.known {
		if row.Destination == "" {
			continue
		}
		j.taken[row.Destination] = true
		if begun := row.State == ledger.ObjectIntent || row.State == ledger.ObjectQuarantined || row.State == ledger.ObjectHeld; !begun && !away(row) {
			ours[row.Destination] = true // what was but begun, or is missing, is recognised there first, by whoever it is
		}
	}
	if err := j.findSiblings(ctx); err != nil {
		return err
	}
	unknown := map[string]dav.Item{} // by name
	etags := map[string]string{}
	begun := time.Now()
	_, err := j.slice.dst.Changes(ctx, &j.place.target, dav.Mark{}, func(item dav.Item) error {
		name := nameBelow(j.place.target.Href, item.Href)
		j.taken[name], j.present[name] = true, !item.Removed
		delete(unknown, name)
		if delete(etags, name); !item.Removed {
			etags[name] = item.ETag
		}
		if !ours[name] && !j.siblings[name] && !item.Removed {
			unknown[name] = item
		}
		return nil
	})
	if err != nil {
		return faultOf(err, "list at the destination", j.place.target.Href)
	}
	strangers := inOrder(unknown)
	lost := j.lost()
	recognising := len(j.actions.read)+len(lost)+len(j.conflicts()) > 0
	if !j.slice.mayHoldTrial(j.place.target) && !recognising { // nothing but what was left behind
		j.skipped = slices.DeleteFunc(slices.Clone(strangers), isTrialItem)
		strangers = slices.DeleteFunc(strangers, func(i dav.Item) bool { return !isTrialItem(i) })
	}
	if err := j.readStrangers(ctx, strangers, begun); err != nil {
		return err
	}
	if err := j.readContested(ctx); err != nil {
		return err
	}
	if err := j.settleLost(ctx, lost); err != nil {
		return err
	}
	j.reserve()
	if err := j.settleAltered(ctx, etags); err != nil {
		return err
	}
	j.reopenConflicts()
	if j.slice.engine.options.CopyAgain {
		if err := j.bringForward(ctx, etags); err != nil {
			return err
		}
	}
	j.byUID = byTheirUID(j.known)
	j.veil.hidden = j.stillHidden()
	return nil
}

// byTheirUID are the source names of what is at the destination, by UID: of several the first, in every pass the same one.
func byTheirUID(known map[string]ledger.Object) map[string]string {
	names := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		row := known[name]
		if _, other := names[row.UID]; holds(row) && row.UID != "" && !away(row) && !other {
			names[row.UID] = name
		}
	}
	return names
}

// inOrder returns items in the order of their names.
func inOrder(items map[string]dav.Item) (all []dav.Item) {
	for _, name := range slices.Sorted(maps.Keys(items)) {
		all = append(all, items[name])
	}
	return all
}

func isTrialItem(i dav.Item) bool { return pim.IsTrialName(decodedName(i.Href)) }

// readStrangers reads what the destination has and the ledger does not know, as it was listed from begun on.
func (j *collectionJob) readStrangers(ctx context.Context, strangers []dav.Item, begun time.Time) error {
	if len(strangers) == 0 {
		return j.sweep(ctx, nil, begun)
	}
	var trials []dav.Object
	err := j.slice.dst.Read(ctx, &j.place.target, strangers, func(o dav.Object) error {
		switch {
		case o.Err != nil: // what cannot be read cannot be recognised: writing it will tell, or the next look
			j.unswept = true
			j.unknown.hide(decodedName(o.Href), o.Err)
		case pim.IsTrial(o.Data):
			trials = append(trials, o)
		default:
			j.unknown.add(nameBelow(j.place.target.Href, o.Href), o.ETag, o.Data, j.content())
		}
		return nil
	})
	if err != nil {
		return faultOf(err, "read at the destination", j.place.target.Href)
	}
	return j.sweep(ctx, trials, begun)
}

// A chunk is what is read before it is written, and booked with one commit.
const (
	chunkObjects = 100
	chunkOctets  = 4 << 20
)

// copyAll is a row of stages: objects are read, decided about, written, and read back, each chunk while the next
// is in the stage before; done is false when the budget ended.
func (j *collectionJob) copyAll(ctx context.Context) (done bool, err error) {
	if len(j.actions.read) == 0 {
		return true, nil
	}
	j.knownFirst()
	chunks := make(chan []dav.Object, 1)
	decided := make(chan []*transfer)
	written := make(chan []*transfer, 1)
	whole := ctx // the proof of what was written goes on when reading or writing fails
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, groupCtx := pass.NewGroup(ctx, j.slice.account.Address)
	cut := false
	group.Go(func() (err error) {
		defer close(chunks)
		cut, err = j.readChunks(groupCtx, chunks)
		return err
	})
	group.Go(func() error {
		defer close(decided)
		return j.decideAll(groupCtx, chunks, decided)
	})
	group.Go(func() error {
		defer close(written)
		for transfers := range decided {
			err := j.carryAll(groupCtx, transfers)
			written <- transfers
			if err != nil {
				return err
			}
		}
		return nil
	})
	group.Go(func() (failure error) {
		for transfers := range written { // to the end, so that the writer never waits for nobody
			if err := j.proveAndBook(whole, transfers); err != nil && failure == nil {
				failure = err
				stop()
			}
		}
		return failure
	})
	err = group.Wait()
	return !cut, err
}

// decideAll decides about one chunk after the other, then about changed occurrences that are apart from their event, and about what
// was not served last.
func (j *collectionJob) decideAll(ctx context.Context, chunks <-chan []dav.Object, decided chan<- []*transfer) error {
	decide := func(chunk []dav.Object) error {
		if len(chunk) == 0 {
			return nil
		}
		transfers, err := j.decideChunk(ctx, chunk)
		if err != nil {
			return err
		}
		select {
		case decided <- transfers:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	j.unclaimed = j.stillUnread()
	for chunk := range chunks {
		if err := decide(j.holdApart(j.holdBack(chunk))); err != nil {
			return err
		}
	}
	if err := decide(j.apart); err != nil {
		return err
	}
	return decide(j.unserved)
}

// errEnough ends the reading when the budget is spent.
var errEnough = errors.New("the slice ends")

// readChunks hands over what the source serves, some objects at a time; cut says that the budget ended
// before the objects did.
func (j *collectionJob) readChunks(ctx context.Context, chunks chan<- []dav.Object) (cut bool, err error) {
	var chunk []dav.Object
	octets := 0
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		select {
		case chunks <- chunk:
			chunk = nil
			octets = 0
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err = j.slice.src.Read(ctx, &j.place.source, j.actions.read, func(o dav.Object) error {
		if j.slice.spent() && len(chunk) == 0 {
			return errEnough
		}
		chunk = append(chunk, o)
		if octets += len(o.Data); len(chunk) < chunkObjects && octets < chunkOctets {
			return nil
		}
		return flush()
	})
	if errors.Is(err, errEnough) {
		return true, nil
	}
	if err != nil {
		return false, faultOf(err, "read at the source", j.place.source.Href)
	}
	return false, flush()
}

// nameBelow is the part of an href below its collection, as it is written.
func nameBelow(collection, href string) string {
	if rest, below := strings.CutPrefix(href, collection); below && rest != "" {
		return rest
	}
	return mapping.LastSegment(href)
}

// hrefOf puts a name below a collection.
func hrefOf(collection, name string) string {
	if !strings.HasSuffix(collection, "/") {
		collection += "/"
	}
	return collection + name
}

// find raises a finding about the collection.
func (j *collectionJob) find(d rehome.Declared, values rehome.Values) {
	j.slice.find(d.On(j.place.source.Href, values))
}
