// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"slices"
	"strings"

	"rehome"
)

// photograph is what the source holds at an instant.
type photograph struct {
	messages []*message
	names    map[*mailbox]string
}

func (w *world) photograph() photograph {
	p := photograph{names: map[*mailbox]string{}}
	w.src.mu.Lock()
	for _, name := range w.src.names() {
		p.names[w.src.boxes[name]] = name
		p.messages = append(p.messages, w.src.boxes[name].messages...)
	}
	w.src.mu.Unlock()
	return p
}

func (s *store) byMovers() []*message {
	return slices.DeleteFunc(slices.Clone(s.all), func(m *message) bool { return user(m.by) })
}

// place is a content in a mailbox of the destination.
type place struct {
	box     *mailbox
	content int
}

// mapsTo says whether a source mailbox belongs, or once belonged, to a destination mailbox, or to one in whose place that was made.
func (w *world) mapsTo(src, dst *mailbox) bool {
	for _, name := range src.names {
		if slices.Contains(dst.names, w.mapped(name)) || w.stands(dst, w.mapped(name)) || w.movesThere() && w.follows(dst, w.mapped(name)) {
			return true
		}
	}
	return slices.ContainsFunc(w.forebears(dst), func(earlier *mailbox) bool { return w.mapsTo(src, earlier) })
}

// checkPass holds what one pass has said against the models.
func (w *world) checkPass(p pass, before photograph) {
	w.checkBreaches()
	if !w.rivals { // of two, one may have copies to take back yet, see checkEnd
		w.checkTwice()
	}
	if p.killed || w.failed() {
		return
	}
	w.checkCounts(p)
	if exitCode(p) != 0 {
		return
	}
	w.checkComplete(p, before)
	for _, m := range w.dst.all {
		m.heard = m.heard || m.goneBy == ""
		m.missed = m.missed || m.goneBy != "" && m.gone.Before(p.began)
	}
	for _, box := range w.dst.ever {
		box.stirred = false
	}
	w.complete = p.began
	if w.compared.IsZero() {
		w.compared = p.began
	}
}

// mask notes what nobody can tell from the ends: a message that the destination's user has deleted between two
// looks, in a mailbox that was put back between the same two looks, is gone like all that the backup has taken.
// It comes again, and a finding says why (destination_restored). So does one above a copy that is another message since: what is put
// back looks like that.
func (w *world) mask() {
	for _, m := range w.dst.all {
		if m.goneBy == "user" && !m.missed && (m.box.putBack.After(w.complete) || w.spoiltBelow(m)) {
			m.masked = true
		}
	}
}

// spoiltBelow says that a copy with a lower UID is given out as another message.
func (w *world) spoiltBelow(m *message) bool {
	return slices.ContainsFunc(m.box.messages, func(below *message) bool {
		kind := w.habits["destination"].spoilt(below).kind
		return !user(below.by) && below.uid < m.uid && kind != "" && kind != harmWithheld
	})
}

// checkBreaches reports what the servers have noticed at once.
func (w *world) checkBreaches() {
	for _, s := range []*store{w.src, w.dst} {
		s.mu.Lock()
		broken := s.broken
		s.mu.Unlock()
		for _, b := range broken {
			w.fail(b.rule, "%s", b.detail)
		}
	}
}

// noteSpare notes the messages that a finding names as one copy too many. Where two movers write the same and the
// destination's answers are lost, nobody can know whose copy is whose: that they say so is all that can be asked. Nor can
// anybody recognise what was under way when the source has it no more: which messages may be it is all that can be said.
func (w *world) noteSpare(f rehome.Finding) {
	if f.Code == "source_restored" {
		w.mu.Lock()
		w.sourceLost = true
		w.mu.Unlock()
	}
	_, list, named := strings.Cut(f.Sentence, "(UID ")
	if f.Code != "arrived_twice" && f.Code != "arrival_unknown" || !named {
		return
	}
	list, _, _ = strings.Cut(list, ")")
	w.dst.mu.Lock()
	defer w.dst.mu.Unlock()
	w.src.mu.Lock()
	defer w.src.mu.Unlock()
	box := w.dst.mailbox(f.Object)
	if box == nil {
		return
	}
	for _, m := range box.messages {
		m.spare = m.spare || parseSet(list).has(m.uid) && (f.Code == "arrived_twice" || w.widowed(m))
	}
}

// widowed says that the source has fewer messages than there are copies, this one among them.
func (w *world) widowed(m *message) bool {
	originals := 0
	copies := 0
	for _, original := range w.src.all {
		if original.content == m.content && original.goneBy == "" && w.mapsTo(original.box, m.box) {
			originals++
		}
	}
	for _, other := range m.box.messages {
		if other.content == m.content && !user(other.by) && !other.spare {
			copies++
		}
	}
	return copies > originals
}

// checkTwice counts what movers have put into each mailbox against what the source ever had of it.
func (w *world) checkTwice() {
	if _, detail := w.excess(); detail != "" {
		w.fail("nothing twice", "%s", detail)
	}
}

// excess returns what is there of movers beyond what the source ever had, and says of one of it how often it is.
func (w *world) excess() (all []*message, detail string) {
	w.dst.mu.Lock()
	defer w.dst.mu.Unlock()
	w.src.mu.Lock()
	defer w.src.mu.Unlock()
	w.mask()
	written := map[place][]*message{}
	for _, m := range w.dst.byMovers() {
		// Nobody who comes after it knows what a process with another ledger had under way, if it arrives later still.
		if lost := w.forgotten[m.by]; !lost.IsZero() && m.since.After(lost) {
			continue
		}
		// Nobody can know of what its user deletes before the mover has heard that it was stored. Another mover
		// does not know of it at all.
		if m.goneBy == "backup" || m.goneBy == "user" && (w.lost || w.rivals || m.masked || !m.heard) {
			continue
		}
		// Nor can anybody find it again in a mailbox that has another name and another UIDVALIDITY since.
		if m.box.moved && m.dumb {
			continue
		}
		if w.rivals && (m.spare || m.withdrawn() || w.bereft(m)) || w.cameBack(m) {
			continue
		}
		// What is spoilt is no copy any more, whoever has to bring one. Where one cannot be read, of two movers neither can tell which
		// copies are whose: that the mailbox is unfinished is all that can be said.
		if w.spoilt(m) || w.rivals && w.darkIn(m.box.name) {
			continue
		}
		at := place{w.origin(m.box), m.content}
		written[at] = append(written[at], m)
	}
	for at, messages := range written {
		allowed := 0
		for _, m := range w.src.all {
			if m.content == at.content && w.belongs(m.box, at.box) {
				allowed++
			}
		}
		earlier := w.earlier(at)
		if n, room := len(messages), max(allowed-earlier, 0); n > room {
			all = append(all, messages[room:]...)
			detail = fmt.Sprintf("content %d was put %d times into %s, the source had it %d times, and %d were there before",
				at.content, n, at.box.name, allowed, earlier)
		}
	}
	return all, detail
}

// bereft says that a message has arrived when the source had no message of its content in such a mailbox any more. Where
// another mover has brought it, too, nobody can tell what the late one is: there is nothing left to compare it with.
func (w *world) bereft(m *message) bool {
	return !slices.ContainsFunc(w.src.all, func(original *message) bool {
		return original.content == m.content && w.mapsTo(original.box, m.box) && (original.goneBy == "" || original.gone.After(m.since))
	})
}

// earlier counts the copies of a content that were in a mailbox of the destination before the move, and always since:
// they do for as many of the source. What comes to the source once both ends were compared is looked for among them by size and date:
// where sizes are estimated, only what was there before is sure to be found.
func (w *world) earlier(at place) int {
	n, early := 0, 0
	for _, m := range at.box.messages {
		if m.content == at.content && m.by == "seed" && !m.undone && !w.spoilt(m) {
			n++
		}
	}
	if w.compared.IsZero() || !w.habits["source"].always(sizeEstimated) && !w.habits["destination"].always(sizeEstimated) {
		return n
	}
	for _, m := range w.src.all {
		if m.content == at.content && w.belongs(m.box, at.box) && m.since.Before(w.compared) {
			early++
		}
	}
	return min(n, early)
}

// cameBack says that a message is gone whose original was deleted, too, before the source was put back to a state that
// has it again: a mover has removed it, as it had vanished there, or its user at either end. What the destination's user
// meant by that while the source did not have it either nobody can know, and what the source has is brought.
func (w *world) cameBack(m *message) bool {
	byMover := m.goneBy != "" && !user(m.goneBy)
	return slices.ContainsFunc(w.src.all, func(original *message) bool {
		back := original.content == m.content && w.mapsTo(original.box, m.box) && original.box.putBack.After(m.gone)
		return back && (byMover || m.goneBy == "user" && original.undone)
	})
}

// forgive lets the copies be that two movers have made, and that one of them would have taken back: with a ledger,
// or with the UIDs, went what says that there are two and which is whose. verify still has to see them.
func (w *world) forgive() {
	spare, _ := w.excess()
	for _, m := range spare {
		m.spare = true
	}
}

// checkComplete is the promise of exit code 0: what the source had when the pass began, and still has,
// is at the destination, or its user has taken it away there.
func (w *world) checkComplete(p pass, before photograph) {
	w.src.mu.Lock()
	defer w.src.mu.Unlock()
	w.dst.mu.Lock()
	defer w.dst.mu.Unlock()
	stayed := slices.DeleteFunc(before.messages, func(m *message) bool { return before.names[m.box] != m.box.name })
	for _, missing := range w.missing(stayed, p.process) {
		if missing.there+missing.taken < missing.wanted {
			w.fail("exit 0 means that all is there",
				"%s ends with 0, and content %d of %s is %d times at the source and %d times at the destination (taken away there: %d)", p.process,
				missing.content, missing.box.name, missing.wanted, missing.there, missing.taken)
			return
		}
	}
}

// lack is a content of a source mailbox of which the destination has fewer.
type lack struct {
	box                  *mailbox // at the source
	content              int
	wanted, there, taken int
}

// missing compares messages of the source that are still there with the destination. Both stores are locked. For the
// mover of a process, if one is given, what another one has removed was taken away there: it cannot see by whom, and says so.
func (w *world) missing(messages []*message, process string) []lack {
	takenAway := func(m *message) bool {
		if process != "" && w.putBackSince(m) {
			return true
		}
		other := w.rivals && process != "" && m.goneBy != "" && !user(m.goneBy) && moverOf(m.goneBy) != moverOf(process)
		return other || m.goneBy == "user" || m.goneBy == "backup" && w.disguised(m)
	}
	wanted := map[place]int{}
	var order []place
	for _, m := range messages {
		if m.goneBy == "" && w.src.boxes[m.box.name] == m.box {
			if wanted[place{m.box, m.content}] == 0 {
				order = append(order, place{m.box, m.content})
			}
			wanted[place{m.box, m.content}]++
		}
	}
	var all []lack
	for _, at := range order {
		l := lack{box: at.box, content: at.content, wanted: wanted[at]}
		box := w.dst.boxes[w.mapped(at.box.name)]
		for _, m := range w.dst.all {
			switch {
			case m.content != at.content:
			case m.goneBy == "" && (m.box == box || w.stands(m.box, w.mapped(at.box.name)) || w.elsewhere(m.box) && w.mapsTo(at.box, m.box)):
				l.there++
			case w.mapsTo(at.box, m.box) && takenAway(m):
				l.taken++
			}
		}
		if l.there < l.wanted {
			all = append(all, l)
		}
	}
	return all
}

// putBackSince says that a backup has taken a message while the pass at work was at it: what a pass has looked at is as it was then.
func (w *world) putBackSince(m *message) bool {
	return m.goneBy == "backup" && !m.gone.Before(w.passFrom) && !m.box.putBack.Before(w.passFrom)
}

// broughtBackSince says that a backup has brought a message back while the pass at work was at it, or behind it: when that has looked, it
// may have been taken away.
func (w *world) broughtBackSince(m *message) bool {
	return m.undone && !m.box.putBack.Before(w.passFrom)
}

// disguised says that what a backup has taken looks as if its user had deleted it: the UIDs of its mailbox say nothing any more, or the
// whole mailbox is gone and no other one tells of the restore, by what it has lost and a UIDNEXT that is told.
func (w *world) disguised(m *message) bool {
	box, habits := m.box, w.habits["destination"]
	if box.shift > 0 || len(box.names) > 1 {
		return true
	}
	return box.goneBy != "" && (habits.always(uidnextMissing) || habits.always(uidnextStill) ||
		!slices.ContainsFunc(w.dst.all, func(other *message) bool {
			told := other.goneBy == "backup" && other.gone.Equal(m.gone) && !user(other.by) && other.heard
			return told && other.box.goneBy == "" && other.box.shift == 0 && len(other.box.names) == 1
		}))
}

// checkCounts holds the figures of a pass against the books.
func (w *world) checkCounts(p pass) {
	w.src.mu.Lock()
	defer w.src.mu.Unlock()
	w.dst.mu.Lock()
	defer w.dst.mu.Unlock()
	movers := w.dst.byMovers()
	taken := 0
	for _, m := range movers {
		// What another mover has taken back is, for this one, deleted at the destination: nothing there tells by whom.
		others := w.rivals && m.goneBy != "" && moverOf(m.goneBy) != moverOf(p.process)
		if m.goneBy == "user" || m.goneBy == "backup" || others || m.box.moved || w.broughtBackSince(m) {
			taken++
		}
	}
	for _, m := range w.dst.all {
		if user(m.by) && (m.goneBy != "" || w.broughtBackSince(m)) && w.adoptable(m) {
			taken++
		}
	}
	t := p.outcome.Tally
	if t.Deserted > taken {
		w.fail("the counts are true",
			"%s says that %d messages were deleted at the destination, and its user has deleted %d", p.process, t.Deserted, taken)
	}
	if t.Removed > len(w.dst.victims) {
		w.fail("the counts are true", "%s says that it has removed %d messages, and %d were removed", p.process, t.Removed, len(w.dst.victims))
	}
	if all := len(movers); t.Copied > all {
		w.fail("the counts are true", "%s says that it has copied %d messages, and %d were ever stored", p.process, t.Copied, all)
	}
	if o := p.outcome; exitCode(p) == 0 && o.Census.There+o.Census.Deserted != o.Census.Messages() {
		w.fail("the counts are true", "%s ends with 0 and says %+v", p.process, o.Census)
	}
}

// adoptable says that a message of the destination's own may have been taken for a copy: the source has had the same.
func (w *world) adoptable(m *message) bool {
	return slices.ContainsFunc(w.src.all, func(s *message) bool { return s.content == m.content && w.mapsTo(s.box, m.box) })
}

// checkEnd is what has to be true when all is calm and done: nothing is missing but what cannot be had,
// and that is named.
func (w *world) checkEnd(last pass) {
	w.checkTwice()
	w.src.mu.Lock()
	defer w.src.mu.Unlock()
	w.dst.mu.Lock()
	defer w.dst.mu.Unlock()
	w.checkRest(last)
	w.checkSeen(last)
	w.checkMarks(last)
	var present []*message
	for _, name := range w.src.names() {
		present = append(present, w.src.boxes[name].messages...)
	}
	complete := true
	for _, l := range w.missing(present, "") {
		complete = complete && l.there+l.taken >= l.wanted
		switch {
		case l.there+l.taken >= l.wanted:
		case !w.hopeless(l):
			w.fail("nothing is lost",
				"content %d of %s is %d times at the source and %d times at the destination, and nothing keeps it back; exit code %d",
				l.content, l.box.name, l.wanted, l.there, exitCode(last))
		case !w.named(last, l):
			w.fail("what is left has a name", "content %d of %s is not at the destination, and no finding says so; exit code %d",
				l.content, l.box.name, exitCode(last))
		}
	}
	switch code := exitCode(last); {
	case complete && w.healthy() && code != 0 && !w.unfound(last):
		w.fail("a calm end of a complete move is 0", "all is there, nothing is beyond reach, and %s ends with %d", last.process, code)
	case code == 5 && !w.dark():
		w.fail("what repeating does not mend is 6", "the servers are calm, nothing more is done, and %s ends with 5", last.process)
	}
}

// checkRest is what has to be said of copies whose originals have gone: each counts as kept, or a finding names it. Whoever
// has lost what was known of the destination, or shares it with another mover, cannot tell. What a source has lost that was
// put back, or looks as if it was, is told once, when it is found (source_restored): nobody has deleted it. A pass that breaks
// off right there has told it to nobody. A source looks like that whose UIDNEXT falls or stands still. What a mailbox still has
// that cannot be opened nobody can see: that it cannot be is all that can be said.
func (w *world) checkRest(last pass) {
	restored := slices.ContainsFunc(slices.Concat(w.src.ever, w.dst.ever), func(box *mailbox) bool { return !box.putBack.IsZero() })
	restored = restored || w.plan.Rate(uidnextFalls, "source") > 0 || w.habits["source"].always(uidnextStill)
	if w.rivals || w.lost || restored || w.sourceLost || last.outcome.Err != nil || held(last) {
		return
	}
	rest := map[place]int{}
	spare := 0
	for _, m := range w.dst.byMovers() {
		switch {
		case m.goneBy != "", w.shut(last, m.box), w.darkIn(m.box.name), m.box.moved:
		case w.spoilt(m): // nobody recognises it, but where the destination has told its UID
		case m.spare:
			spare++
		default:
			rest[place{m.box, m.content}]++
		}
	}
	left := 0
	for at, n := range rest {
		for _, m := range w.src.all {
			if m.content == at.content && m.goneBy == "" && w.mapsTo(m.box, at.box) {
				n--
			}
		}
		left += max(n, 0)
	}
	if kept := last.outcome.Tally.Kept + unsaid(last); left > kept {
		w.fail("what has lost its original is told",
			"%d messages at the destination have no original any more, %d are said to be kept, and %d are named",
			left, kept, spare)
	}
}

// unsaid counts the copies of which a pass names that it cannot tell whether they have lost their originals: the source does
// not show all of a mailbox that it has renumbered, or does not deliver it, and what it keeps back may be what they were.
func unsaid(last pass) (n int) {
	for _, f := range last.outcome.Findings {
		var of int
		if _, err := fmt.Sscanf(f.Sentence, "%d message", &of); err == nil && f.Code == "former_unknown" {
			n += of
		}
	}
	return n
}

// shut says that the source's mailbox that belongs to one of the destination cannot be opened, and that a finding says so.
func (w *world) shut(last pass, at *mailbox) bool {
	src := w.habits["source"]
	return slices.ContainsFunc(w.src.names(), func(name string) bool {
		box := w.src.boxes[name]
		closed := w.mapped(name) == at.name && name != "INBOX" && src.often(boxClosed, box.names[0])
		return closed && slices.ContainsFunc(last.outcome.Findings, func(f rehome.Finding) bool {
			return f.Code == "mailbox_unfinished" && f.Object == name
		})
	})
}

// hopeless says that the servers of this run never let a message through.
func (w *world) hopeless(l lack) bool {
	src, dst := w.habits["source"], w.habits["destination"]
	key := fmt.Sprint(l.content)
	refused := dst.often(appendRefused, key) || dst.often(appendBad, key) || dst.tooBig(len(w.books.texts[l.content]))
	return refused || src.damaged(l.content) || l.box.name != "INBOX" && src.often(boxClosed, l.box.names[0]) ||
		w.everSpoilt(l.content) || w.veiled(l) || w.neverFound(l.content) ||
		slices.ContainsFunc(w.targets(l.box), func(target string) bool {
			return w.sealedEver(target) || target != "INBOX" && (dst.often(boxClosed, target) || dst.often(createRefused, target) ||
				dst.often(createRenamed, target) || dst.often(createExisting, target))
		})
}

// targets are the names that a mailbox of the source may be made under: its own and, where the destination's user has renamed what it
// went to and a restore has taken that, those that the user has chosen.
func (w *world) targets(src *mailbox) []string {
	names := []string{w.mapped(src.name)}
	for _, box := range w.dst.ever {
		if box.moved && w.mapsTo(src, box) {
			names = append(names, box.names...)
		}
	}
	return names
}

// named says that what is missing can be found in what the pass has said, under the name of either end.
func (w *world) named(p pass, l lack) bool {
	said := func(text string) bool {
		return strings.Contains(text, l.box.name) || strings.Contains(text, w.mapped(l.box.name))
	}
	if p.outcome.Err != nil && said(p.outcome.Err.Error()) {
		return true
	}
	return slices.ContainsFunc(p.outcome.Findings, func(f rehome.Finding) bool { return said(f.Object + " " + f.Sentence) })
}
