// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/verify"
	"rehome/lab/simulation"
)

// A destination may say that it has stored a message, and give out another one, or none: because it rewrites what it stores,
// because its disk decays, or because it reads a wrong file. What is spoilt is no copy any more.

// harm is how a copy is spoilt.
type harm struct {
	kind   string
	since  time.Time // after which it is given out like that
	veiled bool      // the listing shows the size that it had
}

// The ways in which a copy is spoilt.
const (
	harmChanged   = "changed"       // an octet of the body, so that the size is the same
	harmRetitled  = "retitled"      // a field of the header
	harmTruncated = "truncated"     // half of it is left
	harmReplaced  = "replaced"      // a message that nobody has written
	harmEmptied   = "emptied"       // nothing is left
	harmWithheld  = "not delivered" // listed only
)

// spoiltBy is how long after the beginning the last copy is spoilt.
const spoiltBy = 2 * time.Minute

// harmTo returns what is wrong with a copy: "" for the kind where nothing is. In some runs all copies of a content are spoilt
// whenever they are made, in others each has a fate of its own.
func (h *habits) harmTo(m *message) harm {
	if h.side != "destination" || !h.always(spoils) {
		return harm{}
	}
	key := fmt.Sprint(m.content)
	if h.chance.With(spoils, "each").With(key).Happens(0.5) {
		key += fmt.Sprint(" ", m.nth)
	}
	if !h.often(spoils, key) {
		return harm{}
	}
	c := h.chance.With(spoils, "how").With(key)
	found := harm{
		kind:   simulation.Pick(c.With("kind"), harmChanged, harmRetitled, harmTruncated, harmReplaced, harmEmptied, harmWithheld),
		veiled: c.With("veiled").Happens(0.5),
	}
	if c.With("later").Happens(0.5) {
		found.since = clockBegins().Add(c.With("since").Between(0, spoiltBy))
	}
	return found
}

// spoilt says what is wrong with a copy now.
func (h *habits) spoilt(m *message) harm {
	if found := h.harmTo(m); !found.since.After(time.Now()) {
		return found
	}
	return harm{}
}

// served is the text that is given out for a message.
func (h *habits) served(m *message) string {
	switch h.spoilt(m).kind {
	case harmChanged:
		return m.text[:len(m.text)-3] + "#\r\n"
	case harmRetitled:
		return strings.Replace(m.text, "Subject: ", "Subject: [spam] ", 1)
	case harmTruncated:
		return m.text[:len(m.text)/2]
	case harmReplaced:
		return "Message-ID: <nobody@example.net>\r\nSubject: of somebody else\r\n\r\nnothing\r\n"
	case harmEmptied:
		return ""
	}
	return m.text
}

// sizeOf is the size that is listed.
func (h *habits) sizeOf(m *message) int {
	if h.spoilt(m).veiled {
		return len(m.text)
	}
	return len(h.served(m))
}

// unseen says that something is wrong with a copy that nothing but reading it tells: it was read when it was whole.
func (h *habits) unseen(m *message) bool {
	found := h.spoilt(m)
	return found.kind != "" && !found.since.IsZero() && (found.veiled || h.sizeOf(m) == len(m.text) || found.kind == harmWithheld)
}

// octets is the size of a mailbox, as it is listed.
func (h *habits) octets(box *mailbox) (total int) {
	for _, m := range box.messages {
		total += h.sizeOf(m)
	}
	return total
}

// spoilt says that a copy at the destination is none any more.
func (w *world) spoilt(m *message) bool {
	return w.habits["destination"].spoilt(m).kind != ""
}

// ripen waits until all copies are spoilt that will be, and says whether nothing but reading all of them tells of it.
func (w *world) ripen() (unseen bool) {
	dst := w.habits["destination"]
	if !dst.always(spoils) {
		return false
	}
	time.Sleep(time.Until(clockBegins().Add(spoiltBy)) + time.Second)
	w.dst.mu.Lock()
	defer w.dst.mu.Unlock()
	return slices.ContainsFunc(w.dst.all, func(m *message) bool { return m.goneBy == "" && dst.unseen(m) })
}

// everSpoilt says that the destination spoils copies of a content.
func (w *world) everSpoilt(content int) bool {
	return slices.ContainsFunc(w.dst.all, func(m *message) bool { return m.content == content && w.spoilt(m) })
}

// dark says that the destination lists a message and does not deliver it. Nobody can know whether it will the next time that it
// is asked: what hangs on it, and a finding names, may be worth another pass.
func (w *world) dark() bool { return slices.ContainsFunc(w.dst.names(), w.darkIn) }

// darkIn says that of one mailbox.
func (w *world) darkIn(name string) bool {
	dst, box := w.habits["destination"], w.dst.boxes[name]
	return box != nil && slices.ContainsFunc(box.messages, func(m *message) bool { return dst.spoilt(m).kind == harmWithheld })
}

// veiled says that what is missing may be a message that the destination lists and does not deliver, as far as the listing tells: it
// is not sent then, as it might be there twice. Two bodies of which one has twice the octets of the other, and a kilobyte more, are
// not the same. What has come while movers were at work, or where the destination tells no UIDs, may be held against all that they
// have written meanwhile: then the whole mailbox may wait for it. One that hangs up, and answers in any order, does not tell at which
// message: then others of its own are blamed for it, too.
func (w *world) veiled(l lack) bool {
	src, dst := w.habits["source"], w.habits["destination"]
	vague := w.rivals || !dst.tellsUIDs() || dst.always(answersShuffled)
	for _, h := range []*habits{src, dst} {
		vague = vague || h.always(sizeEstimated) || h.always(sizeMissing)
	}
	size := len(w.books.texts[l.content])
	return slices.ContainsFunc(w.homes(l.box), func(box *mailbox) bool {
		return slices.ContainsFunc(box.messages, func(m *message) bool {
			there := dst.sizeOf(m)
			like := (there-1024)/2 <= size+octetsChanged && size-octetsChanged <= 2*there+1024
			return dst.spoilt(m).kind == harmWithheld && (vague || m.by != "seed" || like)
		})
	})
}

// octetsChanged is by how much servers may make a text longer: they complete line ends.
const octetsChanged = 600

// neverFound says that the destination's user, or a restore, has taken a copy away before its mover has found it. Where the
// destination tells no UIDs, what it has confirmed and does not show is unknown: nobody can tell that from a copy that it has changed
// or moved. It is not sent again, and named.
func (w *world) neverFound(content int) bool {
	return !w.habits["destination"].tellsUIDs() && slices.ContainsFunc(w.dst.all, func(m *message) bool {
		return m.content == content && !user(m.by) && user(m.goneBy) && !m.heard
	})
}

// unfound says that a pass names such a copy.
func (w *world) unfound(last pass) bool {
	named := slices.ContainsFunc(last.outcome.Findings, func(f rehome.Finding) bool { return f.Code == "message_altered" })
	return named && slices.ContainsFunc(w.dst.all, func(m *message) bool { return w.neverFound(m.content) })
}

// checkSpoilt holds what the verifier has said against what is spoilt: it names each mailbox that has such a copy.
func (w *world) checkSpoilt(result verify.Account) {
	for _, name := range w.dst.names() {
		box := w.dst.boxes[name]
		named := func(d verify.Difference) bool { return d.Mailbox == name || w.mapped(d.Mailbox) == name }
		if !hidden(box) && slices.ContainsFunc(box.messages, w.spoilt) && !slices.ContainsFunc(result.Mail.Differences, named) {
			w.fail("verify names what is spoilt", "a copy in %s is, and no difference is named there: %v", name, result.Mail.Differences)
		}
	}
}

// checkSeen is the promise of exit code 0 where a pass has read what it wrote: the destination gives no UIDs for what it
// stores, so that each copy is recognised by what it is.
func (w *world) checkSeen(last pass) {
	dst := w.habits["destination"]
	if dst.caps["UIDPLUS"] || exitCode(last) != 0 {
		return
	}
	for _, m := range w.dst.byMovers() {
		born := dst.spoilt(m).kind != "" && dst.spoilt(m).since.IsZero()
		if m.goneBy != "" || !born || w.lost || w.rivals || !w.adoptable(m) {
			continue
		}
		whole := func(other *message) bool {
			return other.goneBy == "" && other.box == m.box && other.content == m.content && !w.spoilt(other)
		}
		wanted := func(original *message) bool {
			return original.goneBy == "" && original.content == m.content && w.mapsTo(original.box, m.box)
		}
		if slices.ContainsFunc(w.src.all, wanted) && !slices.ContainsFunc(w.dst.all, whole) {
			w.fail("what was seen to be spoilt is not complete", "%s ends with 0, and all that %s has of content %d is spoilt", last.process,
				m.box.name, m.content)
			return
		}
	}
}
