// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
)

// A wave brings the little that has come to many mailboxes since the last complete pass, or that many new ones hold (see
// firstwave.go), over the first connection at each end, in a few flights instead of a few for each mailbox: all of them are opened at
// both ends, and asked what their jobs will ask (see foresight); then each job decides from the answers to its own openings; the
// intents of all are one commit; and the messages of all are sent before the first is answered.
//
// The jobs are those that work on a mailbox alone, and their rules are the same. They may only not ask anything any more, because
// another mailbox is open by then. One that has to ask is taken out of the wave, wherever it is, and begins anew alone: what it has
// booked by then is true, as after a cut.
//
// When a connection ends in a wave, any of its mailboxes may be to blame. There are no more waves in that pass.
const (
	waveMailboxes = 25
	waveMessages  = 500
	waveOctets    = 4 << 20 // the new messages of a wave are in memory
)

// rider is a job in a wave.
type rider struct {
	job     *mailboxJob
	row     ledger.Mailbox // as the slice knows it
	first   bool           // it was never copied
	began   time.Time
	news    *sourceSince
	there   listedPeek
	shut    [2]bool // the source's mailbox was refused, the destination's was
	wanted  imap.UIDSet
	batches []batch
	sent    *load // nil when there was nothing to send
	alone   bool  // it has to begin anew
	over    bool  // it is done with, or left to the next slice
}

// wavelet is a kind of work that goes in waves.
type wavelet struct {
	first  bool  // of mailboxes that were never copied
	octets int64 // of the messages of one wave

	// little says that a few messages have come to a mailbox, and nothing else is known to be the matter with it; and how many, and
	// their octets.
	little func(pair mapping.Pair, row ledger.Mailbox) (messages, octets int64, little bool)
}

// ride brings jobs in waves as far as that can be, and returns the others.
func (s *slice) ride(ctx context.Context, jobs [][]mapping.Pair) (alone [][]mapping.Pair, err error) {
	news := wavelet{octets: waveOctets, little: s.little}
	if first, _ := s.nextWave(jobs, news); len(first) == 0 || s.engine.options.Importer != nil || !s.canWave() {
		return jobs, nil
	}
	if err := s.resyncable(ctx, s.src); err != nil || !s.src.Enabled("QRESYNC") {
		return jobs, err
	}
	return s.rideAll(ctx, jobs, news)
}

// rideAll brings one wave after the other.
func (s *slice) rideAll(ctx context.Context, jobs [][]mapping.Pair, kind wavelet) (alone [][]mapping.Pair, err error) {
	t := &seat{slice: s, src: s.src, dst: s.dst, first: true}
	for s.memory.mayWave() && !s.spent() {
		riders, others := s.nextWave(jobs, kind)
		if len(riders) == 0 {
			break
		}
		jobs = others
		if err := s.wave(ctx, t, riders); err != nil {
			return nil, err
		}
		for _, r := range riders {
			if r.alone {
				s.begun[r.job.pair.Source] = true
				alone = append(alone, []mapping.Pair{r.job.pair})
			}
		}
	}
	return append(alone, jobs...), nil
}

// canWave says that the destination tells at once, and for sure, what it has stored.
func (s *slice) canWave() bool {
	caps := s.dst.Capabilities()
	return caps.Has("UIDPLUS") && caps.Has("MULTIAPPEND") && caps.Has("LITERAL+")
}

// nextWave takes the jobs of one wave.
func (s *slice) nextWave(jobs [][]mapping.Pair, kind wavelet) (riders []*rider, others [][]mapping.Pair) {
	var messages, octets int64
	for _, pairs := range jobs {
		row := s.view.rows[pairs[0].Source]
		come, size, little := kind.little(pairs[0], row)
		if len(pairs) > 1 || !little || len(riders) == waveMailboxes || messages+come > waveMessages || octets+size > kind.octets {
			others = append(others, pairs)
			continue
		}
		messages += come
		octets += size
		job := &mailboxJob{slice: s, pair: pairs[0], src: s.src, dst: s.dst, aside: true}
		riders = append(riders, &rider{job: job, row: row, first: kind.first, began: time.Now()})
	}
	return riders, others
}

// little is that of mailboxes that were complete once.
func (s *slice) little(pair mapping.Pair, row ledger.Mailbox) (messages, octets int64, little bool) {
	status := s.view.src[pair.Source].Status
	if !foreseeable(row, status) || row.State.SrcModSeq == 0 || row.State.SrcModSeq == ledger.Fallen || row.Doubted != 0 || dropped(row) ||
		row.Anchor.Destination != pair.Destination || !s.view.steadyThere(row) {
		return 0, 0, false
	}
	octets, told := arrivedOctets(row, status)
	messages = int64(status.UIDNext - row.State.SrcUIDNext)
	return messages, octets, s.unshunned(pair) && told && octets <= foreseenOctets && messages <= foreseenMessages
}

// unshunned says that nothing has gone wrong with the mailboxes of a pair in this pass.
func (s *slice) unshunned(pair mapping.Pair) bool {
	return s.memory.mayForesee(pair.Source) && !s.memory.shuns(rehome.Source, pair.Source) &&
		!s.memory.shuns(rehome.Destination, pair.Destination)
}

// wave brings one wave.
func (s *slice) wave(ctx context.Context, t *seat, riders []*rider) error {
	if err := s.openAll(ctx, riders); err != nil {
		if ctx.Err() == nil {
			s.memory.endWaves()
			s.noteAdvance()
		}
		return endpoint.Fault(err, "look into mailboxes of", s.account.Address)
	}
	for _, r := range riders {
		if err := s.step(ctx, t, r, r.decide); err != nil {
			return err
		}
	}
	if err := s.sendAll(ctx, riders); err != nil {
		return err
	}
	if err := s.receiveAll(ctx, t, riders); err != nil {
		return err
	}
	for _, r := range riders {
		if err := s.step(ctx, t, r, r.finish); err != nil {
			return err
		}
	}
	return nil
}

// step does one thing with a rider, unless it has left the wave, and takes it out when it has to ask.
func (s *slice) step(ctx context.Context, t *seat, r *rider, do func(context.Context) error) error {
	if r.alone || r.over {
		return nil
	}
	err := do(ctx)
	if r.job.row != nil {
		s.noteCensus(r.job.pair.Source, r.job.census())
	}
	if errors.Is(err, imap.ErrAside) {
		r.alone = true
		return nil
	}
	if err != nil {
		r.over = true
		return s.endJob(ctx, t, r.job.pair, err)
	}
	return nil
}

// ask sends what the rider has to know of the source.
func (r *rider) ask(ctx context.Context) (*sourceSince, error) {
	if r.first {
		return r.job.firstAhead(ctx)
	}
	return r.job.newsAhead(ctx, r.row)
}

// openAll opens all mailboxes at both ends, each side in one flight, and leaves none open.
func (s *slice) openAll(ctx context.Context, riders []*rider) error {
	err := pass.BothEnds(s.account.Address,
		func() error { return s.openAllAtSource(ctx, riders) },
		func() error { return s.openAllAtDestination(ctx, riders) },
	)
	if err != nil { // what is under way belongs to nobody
		_ = s.src.Client.Close()
		_ = s.dst.Client.Close()
	}
	return err
}

func (s *slice) openAllAtSource(ctx context.Context, riders []*rider) (err error) {
	for i, r := range riders {
		if i > 0 { // what the server still says of the one before is no news of this one
			if err := s.src.UnselectAhead(ctx); err != nil {
				return err
			}
		}
		if r.news, err = r.ask(ctx); err != nil {
			return err
		}
	}
	for _, r := range riders {
		held, err := r.job.takeNews(ctx, r.news)
		if err != nil && !imap.IsStatus(err, "NO") {
			return err
		}
		r.shut[0] = err != nil
		r.job.src = s.src.Aside(held)
		if r.first && !r.shut[0] {
			r.job.takeListing(ctx)
		}
	}
	return s.src.UnselectAhead(ctx)
}

func (s *slice) openAllAtDestination(ctx context.Context, riders []*rider) error {
	for _, r := range riders {
		opening, err := s.dst.SelectAhead(ctx, r.job.pair.Destination)
		p, err := r.job.peekAhead(ctx, rehome.Destination, r.job.pair.Destination, opening, err)
		if err != nil {
			return err
		}
		r.there = p.list(ctx, nothingBehind)
	}
	for _, r := range riders {
		seen, err := r.there.wait(ctx)
		if err != nil && !imap.IsStatus(err, "NO") {
			return err
		}
		r.shut[1] = err != nil
		r.job.dstBox, r.job.dstNewest, r.job.there = seen.box, seen.newest, seen.all
		r.job.dst = s.dst.Aside(seen.held)
	}
	return s.dst.UnselectAhead(ctx)
}

// decide finds out what has to be sent.
func (r *rider) decide(ctx context.Context) (err error) {
	j := r.job
	if r.shut[0] || r.shut[1] || r.first && j.listing == nil || j.slice.spent() { // the job alone tells of what was refused
		r.alone = true
		return nil
	}
	j.slice.log(j.pair).Info("mailbox begins")
	if err := j.opened(ctx); err != nil {
		return err
	}
	var ready bool
	if r.wanted, ready, err = j.prepare(ctx); err != nil || !ready {
		r.over = err == nil
		return err
	}
	rest, suspects := j.setSuspectsAside(r.wanted)
	window := j.undone(rest)
	if len(suspects) > 0 || !j.slice.memory.accusalsOf(j.pair.Source).all().Empty() || window.Len() > foreseenMessages {
		return imap.ErrAside
	}
	if window.Empty() {
		return nil
	}
	entries, err := j.sift(ctx, window)
	if err != nil {
		return err
	}
	atSource, kept := splitKept(entries)
	if len(kept) > 0 || !j.foreseen.holds(uidsOf(atSource)) {
		return imap.ErrAside
	}
	r.batches = planBatches(atSource, j.batchLimits())
	if groups, _ := takeGroups(r.batches, j.slice.meter.Left(), j.growth()); len(groups) > 1 || len(r.batches) > answersAhead {
		return imap.ErrAside
	}
	return nil
}

// sendAll writes the intents of all riders, and sends their messages one behind the other. After the first that cannot be
// sent to its end, nothing of the others is.
func (s *slice) sendAll(ctx context.Context, riders []*rider) error {
	var sending []*rider
	var intended []ledger.Beginning
	for _, r := range riders {
		if !r.alone && !r.over && len(r.batches) > 0 {
			sending = append(sending, r)
			intended = append(intended, ledger.Beginning{Mailbox: r.job.row, Floor: r.job.floor(), Batches: itemsOf(r.batches)})
		}
	}
	if len(sending) == 0 {
		return nil
	}
	ids, err := s.engine.options.Ledger.IntendAll(ctx, intended...)
	if err != nil {
		return err
	}
	var unsent []int64
	broken := false
	for i, r := range sending {
		if broken || s.stopping() {
			unsent = append(unsent, ids[i]...)
			r.over = true
			continue
		}
		aside := r.job.dst
		r.job.dst = s.dst
		r.sent = r.job.beginGroups(ctx, [][]batch{r.batches}, ids[i])
		broken = r.sent.own.unsent != nil
		r.job.dst = aside
	}
	if len(unsent) == 0 {
		return nil
	}
	s.noteMore()
	return s.engine.options.Ledger.Void(context.WithoutCancel(ctx), unsent...)
}

// receiveAll waits for what was sent. What ends the connection is the trouble of the first that is not answered; of the others
// nothing is known but that they may be stored, and the next slice looks.
func (s *slice) receiveAll(ctx context.Context, t *seat, riders []*rider) error {
	var failed *rider
	var reason error
	for _, r := range riders {
		if r.sent == nil {
			continue
		}
		err := r.receive(ctx)
		switch {
		case err == nil:
		case errors.Is(err, imap.ErrAside):
			r.alone = true
		case failed == nil:
			failed, reason, r.over = r, err, true
		default:
			r.over = true
			s.noteMore()
		}
		s.noteCensus(r.job.pair.Source, r.job.census())
	}
	if failed == nil {
		return nil
	}
	s.memory.endWaves()
	return s.endJob(ctx, t, failed.job.pair, reason)
}

// receive waits for the answers to one rider.
func (r *rider) receive(ctx context.Context) error {
	j := r.job
	refused, left, err := j.endGroups(ctx, r.sent)
	j.tellCopied()
	switch {
	case err != nil:
		return err
	case j.wound || j.waits:
		r.over = true
		if !j.waits {
			j.slice.noteMore()
		}
	case len(refused) > 0 || len(left) > 0:
		return imap.ErrAside
	}
	return nil
}

// finish ends a job of which all is sent.
func (r *rider) finish(ctx context.Context) error {
	j := r.job
	done, err := j.checkLeftovers(ctx, r.wanted)
	if err != nil {
		return err
	}
	if !done {
		j.slice.noteMore()
		return nil
	}
	if r.sent == nil {
		j.tellCopied()
	}
	j.dst = j.slice.dst // whatever asks the destination now opens the mailbox first
	if err := j.finish(ctx); err != nil {
		return err
	}
	j.slice.memory.acquit(j.pair.Source)
	j.logEnd(r.began)
	return nil
}

// mayWave says that nothing has gone wrong in a wave of this pass.
func (m *memory) mayWave() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.calm
}

func (m *memory) endWaves() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calm = true
}
