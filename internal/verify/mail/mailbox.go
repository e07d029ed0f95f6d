// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"errors"
	"slices"

	"rehome"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// reading is one look at a group of mailboxes that are compared with each other.
type reading struct {
	src     []*box
	dst     *box
	changed bool // an end has changed while it was read
	counts  bool // only how many messages there are was asked for

	proved    bool // it was read ahead: nothing differs, and nothing has changed meanwhile
	doubtful  bool // something differs, and was not there for long: it may only be on its way
	unsettled int  // discrepancies that may only have been on their way, see rest.go; they are not among the others

	same        []pair // messages that both ends have
	judgement   judgement
	differences []verify.Difference // the first of the discrepancies, in words
}

// patience is how many broken connections one mailbox may cost. A damaged message costs three.
const patience = 100

// look compares a group's mailboxes. One that changes meanwhile is looked at once more, and several times while something
// differs in it; what was read of its messages still holds.
func (c *check) look(ctx context.Context, g *group, level verify.Level, w *watch) (*reading, error) {
	earlier := w.before
	for losses := 0; ; {
		r := c.newReading(g)
		again, err := c.lookOnce(ctx, r, earlier, level, w)
		switch {
		case err != nil && (!broken(err) || losses == patience):
			return nil, err
		case err != nil:
			losses++
			if err := c.reconnect(ctx); err != nil {
				return nil, err
			}
		case !again:
			return r, nil
		}
		earlier = r.orEarlier(earlier)
	}
}

// lookOnce fills in a reading, and says whether the group has to be looked at once more; it waits until then. In the last one
// it leaves what is certain.
func (c *check) lookOnce(ctx context.Context, r, earlier *reading, level verify.Level, w *watch) (again bool, err error) {
	if err := c.read(ctx, r, earlier, level); err != nil {
		return false, err
	}
	uncertain := w.add(r)
	if !r.changed && uncertain > 0 && w.last {
		if err := c.stirs(ctx, r); err != nil {
			return false, err
		}
	}
	switch {
	case !r.changed, uncertain == 0 && w.looks > 1:
		r.doubtful = uncertain > 0 && !w.last
		return false, nil
	case w.looks > len(pauses()):
		r.settle(w)
		return false, nil
	case uncertain == 0:
		return true, nil // nothing differs: it is only not known whether that is still so
	}
	return true, c.options.Pause(ctx, pauses()[w.looks-1])
}

// broken says that a connection has broken by itself: what a server refuses, or wants to be slower, is
// the caller's to try again.
func broken(err error) bool {
	var connection *imap.ConnectionError
	return errors.As(err, &connection) && rehome.ClassOf(err) == rehome.ClassTemporary
}

func (c *check) newReading(g *group) *reading {
	r := &reading{}
	if g.exists {
		r.dst = &box{side: rehome.Destination, name: g.destination, known: g.known[side{rehome.Destination, g.destination}]}
	}
	for i, name := range g.sources {
		r.src = append(r.src, &box{side: rehome.Source, name: name, order: i, known: g.known[side{rehome.Source, name}]})
	}
	return r
}

// orEarlier puts the mailboxes of the look before in the place of those that a broken look has not
// come to.
func (r *reading) orEarlier(earlier *reading) *reading {
	if earlier == nil {
		return r
	}
	for i, b := range r.src {
		if b.state.UIDValidity == 0 {
			r.src[i] = earlier.src[i]
		}
	}
	if r.dst != nil && r.dst.state.UIDValidity == 0 {
		r.dst = earlier.dst
	}
	return r
}

// read fills in the reading: both ends at the same time, then what the comparison asks for, then
// the names of what differs.
func (c *check) read(ctx context.Context, r, earlier *reading, level verify.Level) error {
	var priorDst *box
	priorSrc := make([]*box, len(r.src))
	if earlier != nil {
		priorSrc = earlier.src
		priorDst = earlier.dst
	}
	err := c.both(ctx, func(ctx context.Context) error {
		for i, b := range r.src {
			if err := c.readBox(ctx, c.src, b, priorSrc[i], level); err != nil {
				return err
			}
		}
		return nil
	}, func(ctx context.Context) error {
		if r.dst == nil {
			return nil
		}
		return c.readBox(ctx, c.dst, r.dst, priorDst, level)
	})
	if err != nil || len(r.refused()) > 0 || r.dst == nil {
		return err
	}
	if level == verify.LevelCounts {
		if r.counts = len(r.src) > 0; len(r.sighted()) == 0 {
			return nil
		}
		return c.notice(ctx, r)
	}
	comparison, err := compare(ctx, level, r.sourceRecords(), r.dst.records, c)
	if err != nil {
		return err
	}
	r.same, r.judgement = comparison.same, judge(comparison, c.how.Now().Unix())
	if err := c.nameAll(ctx, r); err != nil {
		return err
	}
	return c.notice(ctx, r)
}

func (r *reading) sourceRecords() (all []*record) {
	for _, b := range r.src {
		all = append(all, b.records...)
	}
	return all
}

func (c *check) readBox(ctx context.Context, e *end, b, earlier *box, level verify.Level) error {
	if err := e.examine(ctx, b); err != nil || b.refusal != "" {
		return err
	}
	if level == verify.LevelCounts {
		return e.countAll(ctx, b)
	}
	if err := c.sweep(ctx, e, b, earlier); err != nil {
		return err
	}
	if e == c.src && (earlier == nil || !earlier.swept) {
		c.observeListed(b, level)
	}
	if level == verify.LevelFull {
		return c.fetch(ctx, e, b.records, newBodies(c.watch(e)))
	}
	return nil
}

// observeListed tells of the messages that a listing is enough for.
func (c *check) observeListed(b *box, level verify.Level) {
	if level == verify.LevelFull {
		c.observe(b.recalled(), 0)
	} else {
		c.observe(len(b.records), 0)
	}
}

// sweep lists b and takes over what an earlier look has found out about its messages.
func (c *check) sweep(ctx context.Context, e *end, b, earlier *box) (err error) {
	if earlier != nil && !earlier.swept {
		err = e.sweepWarily(ctx, b, earlier, c.options.RangeOctets)
	} else if err = e.sweep(ctx, b); err == nil {
		b.inherit(earlier)
	}
	if err == nil {
		err = e.listRest(ctx, b)
	}
	if b.swept = err == nil; b.swept {
		b.recall(e.session.Capabilities().Has("CONDSTORE"))
	}
	return err
}

// refused returns the mailboxes that an end does not open.
func (r *reading) refused() []*box {
	var refused []*box
	for _, b := range r.boxes() {
		if b.refusal != "" {
			refused = append(refused, b)
		}
	}
	return refused
}

// shortened returns the mailboxes that hold more messages than they show, or do not say how many they hold.
func (r *reading) shortened() []*box {
	var shortened []*box
	for _, b := range r.boxes() {
		if b.refusal == "" && !b.short.Is(0) {
			shortened = append(shortened, b)
		}
	}
	return shortened
}

func (r *reading) boxes() []*box {
	if r.dst == nil {
		return r.src
	}
	return append(slices.Clone(r.src), r.dst)
}

// counted is how many messages mailboxes show.
func counted(boxes ...*box) int64 {
	n := int64(0)
	for _, b := range boxes {
		n += b.count
	}
	return n
}

// nameAll puts the discrepancies into words that can still be listed.
func (c *check) nameAll(ctx context.Context, r *reading) error {
	listed := r.judgement.discrepancies[:min(len(r.judgement.discrepancies), c.room())]
	var src, dst []*record
	for _, d := range listed {
		if d.src != nil && !d.src.unreadable() {
			src = append(src, d.src)
		} else if d.dst != nil {
			dst = append(dst, d.dst)
		}
	}
	if err := c.headers(ctx, src, dst); err != nil {
		return err
	}
	for _, d := range listed {
		r.differences = append(r.differences, d.difference())
	}
	return nil
}

// notice finds out whether the mailboxes have changed since they were opened.
func (c *check) notice(ctx context.Context, r *reading) error {
	srcSame := true
	dstSame := true
	err := c.both(ctx, func(ctx context.Context) error {
		for _, b := range r.src {
			same, err := c.src.unchanged(ctx, b)
			if err != nil {
				return err
			}
			srcSame = srcSame && same
		}
		return nil
	}, func(ctx context.Context) (err error) {
		dstSame, err = c.dst.unchanged(ctx, r.dst)
		return err
	})
	r.changed = !srcSame || !dstSame
	return err
}

// headers implements asker.
func (c *check) headers(ctx context.Context, src, dst []*record) error {
	return c.both(ctx, func(ctx context.Context) error { return c.fetch(ctx, c.src, src, newHeaders()) },
		func(ctx context.Context) error { return c.fetch(ctx, c.dst, dst, newHeaders()) })
}

// bodies implements asker.
func (c *check) bodies(ctx context.Context, src, dst []*record) error {
	return c.both(ctx, func(ctx context.Context) error { return c.fetch(ctx, c.src, src, newBodies(nil)) },
		func(ctx context.Context) error { return c.fetch(ctx, c.dst, dst, newBodies(nil)) })
}

// fetch reads what is wanted of records, which are of any of the group's mailboxes at one end.
func (c *check) fetch(ctx context.Context, e *end, records []*record, t taker) error {
	records, _ = split(records, func(r *record) bool { return !r.unreadable() && t.wants(r) })
	slices.SortFunc(records, byPlace)
	records = slices.Compact(records)
	for len(records) > 0 {
		b := records[0].box
		n := 1
		for n < len(records) && records[n].box == b {
			n++
		}
		if err := e.fetch(ctx, b, records[:n], c.options.RangeOctets, t); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

// both does something at both ends at the same time; an error of one ends the other.
func (c *check) both(ctx context.Context, src, dst func(context.Context) error) error {
	group, ctx := pass.NewGroup(ctx, c.account.Address)
	group.Go(func() error { return src(ctx) })
	group.Go(func() error { return dst(ctx) })
	return group.Wait()
}

// root returns the root of a mailbox, or "" when not all of it could be read.
func root(boxes ...*box) string {
	var digests [][]byte
	for _, b := range boxes {
		for _, r := range b.records {
			if !r.read() {
				return ""
			}
			digests = append(digests, r.digest[:])
		}
	}
	return verify.Root(digests)
}
