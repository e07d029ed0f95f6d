// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// sighting says that a mailbox of the ledger may be the one that the source has under another name now.
type sighting struct {
	row  ledger.Mailbox
	name string // at the source

	renumbered bool // with another UIDVALIDITY
}

// findSightings compares the names that the ledger misses with those that it does not know. UIDVALIDITY is a
// hint only: servers that take the time for it give mailboxes made in the same second the same one, and Courier
// gives a renamed mailbox another. Without it, the numbers have to be those of the last pass. The messages have to
// confirm it in either case.
func (v accountView) findSightings() []sighting {
	var found []sighting
	for _, name := range slices.Sorted(maps.Keys(v.src)) {
		status := v.src[name].Status
		if !status.Complete() || v.known(name, status.UIDValidity) || v.pairFor(name).Source == "" {
			continue
		}
		for _, old := range slices.Sorted(maps.Keys(v.rows)) {
			row := v.rows[old]
			if !v.vanished(row) {
				continue
			}
			same := row.Anchor.SrcUIDValidity == status.UIDValidity && status.UIDValidity != 0
			as := (row.State.SrcUIDNext == 0 || status.UIDNext == row.State.SrcUIDNext) && status.Messages.Is(row.State.SrcMessages) &&
				!row.Done.Minus(row.Gone).Empty()
			if !same && as || same && status.UIDNext >= row.State.SrcUIDNext && status.UIDNext > row.Done.Minus(row.Gone).Max() {
				found = append(found, sighting{row: row, name: name, renumbered: !same})
			}
		}
	}
	return found
}

// known says that the ledger has this very mailbox under this name.
func (v accountView) known(name string, validity uint32) bool {
	row, found := v.rows[name]
	return found && row.Anchor.SrcUIDValidity == validity && !v.displaced[row.ID]
}

// vanished says that the source lists a mailbox no longer under its name, or another one.
func (v accountView) vanished(row ledger.Mailbox) bool {
	entry, listed := v.src[row.Anchor.Source]
	if !selectable(entry, listed) || v.displaced[row.ID] {
		return true
	}
	return entry.Status != nil && entry.Status.UIDValidity != 0 && entry.Status.UIDValidity != row.Anchor.SrcUIDValidity
}

// relocation is a mailbox that has another name now.
type relocation struct {
	row      ledger.Mailbox
	source   string // its name at the source
	from, to string // what it is called at the destination, and what it is to be called
	moved    bool   // with its parent: needs no command of its own
	refused  string // why the destination's mailbox cannot follow; "" when it can
}

// renaming is one RENAME at the destination.
type renaming struct{ from, to string }

// planRelocations decides how the destination follows the confirmed renames, and in which order. It
// also notices mailboxes that were renamed at the destination: by its user, or by a pass that was
// killed before it could write that down. The source may have numbered its own anew, or have another one in its place, at the same
// time: what has that name goes where the former one went, and is looked for there.
func (v accountView) planRelocations(confirmed []sighting) ([]relocation, []renaming) {
	var all []*relocation
	renamed, taken := map[int64]bool{}, map[string]bool{}
	for _, s := range confirmed {
		if s.name == s.row.Anchor.Source {
			continue // numbered anew, and not renamed
		}
		taken[s.name] = true
		r := &relocation{row: s.row, source: s.name, from: v.whereIs(s.row), to: v.pairFor(s.name).Destination}
		switch found := v.elsewhere[s.row.ID]; {
		case dropped(s.row):
			r.from = r.to // its user has removed it there: only the name in the ledger changes
		case found != "":
			r.to = found // a rename might give it yet another UIDVALIDITY
		}
		all, renamed[s.row.ID] = append(all, r), true
	}
	for _, name := range slices.Sorted(maps.Keys(v.rows)) {
		row := v.rows[name]
		entry, listed := v.src[name]
		if renamed[row.ID] || taken[name] || !selectable(entry, listed) {
			continue
		}
		if now := v.whereIs(row); now != "" && now != row.Anchor.Destination && !v.isOfAnother(row, now) {
			all = append(all, &relocation{row: row, source: name, from: now, to: now})
		}
	}
	v.refuseForeign(all)
	for v.refuseObstructed(all) {
		// Each refusal keeps a name occupied and a mailbox below another in its place.
	}
	v.findMoved(all)
	return v.ordered(all)
}

// whereIs returns what a row's destination mailbox is called now, "" when it is not to be found. Under
// another name it counts only if its UIDVALIDITY leaves no doubt: mailboxes that were made in one second may share one.
// There is none while one of the row's own name does not tell which it is, or nothing of ours can: that is the row's. Nor is there one where
// a mailbox that another row fills had that UIDVALIDITY, too, and no message of ours tells which it is.
func (v accountView) whereIs(row ledger.Mailbox) string {
	if name := v.elsewhere[row.ID]; name != "" {
		return name
	}
	is := func(name string) bool {
		entry, listed := v.dst[name]
		return selectable(entry, listed) && entry.Status != nil && row.Anchor.DstUIDValidity != 0 &&
			entry.Status.UIDValidity == row.Anchor.DstUIDValidity
	}
	if is(row.Anchor.Destination) {
		return row.Anchor.Destination
	}
	found := ""
	own, listed := v.dst[row.Anchor.Destination]
	inItsPlace := selectable(own, listed) && (row.Live().Empty() || own.Status == nil || own.Status.UIDValidity == 0)
	if v.strayed[row.ID] || inItsPlace || row.Live().Empty() && v.sharesValidity(row) {
		return ""
	}
	for name := range v.dst {
		if !is(name) || v.isDestination(name) {
			continue
		}
		if found != "" {
			return ""
		}
		found = name
	}
	return found
}

// isOfAnother says that a mailbox of the destination is as well, by all that can be seen, that of a row which went somewhere else.
func (v accountView) isOfAnother(row ledger.Mailbox, now string) bool {
	for _, other := range v.rows {
		if other.Anchor.Destination != row.Anchor.Destination && v.whereIs(other) == now {
			return true
		}
	}
	return false
}

// sharesValidity says that the destination's mailbox of another row had the UIDVALIDITY of this one's, and is not in its place either.
func (v accountView) sharesValidity(row ledger.Mailbox) bool {
	for _, other := range v.rows {
		shared := other.Anchor.DstUIDValidity == row.Anchor.DstUIDValidity && other.Anchor.Destination != row.Anchor.Destination
		if shared && !v.isDestination(other.Anchor.Destination) {
			return true
		}
	}
	return false
}

// isDestination says that a mailbox is, by name and UIDVALIDITY, the one that some row fills.
func (v accountView) isDestination(name string) bool {
	for _, row := range v.rows {
		if status := v.dst[name].Status; row.Anchor.Destination == name && status != nil && status.UIDValidity == row.Anchor.DstUIDValidity {
			return true
		}
	}
	return false
}

// refuseForeign refuses what is not ours alone to rename.
func (v accountView) refuseForeign(all []*relocation) {
	for _, r := range all {
		switch {
		case r.from == "":
			r.refused = "the mailbox is gone from the destination, or another one has its name"
		case r.from == r.to:
		case r.to == "":
			r.refused = "the mailbox rules leave it out"
		case r.from == "INBOX" || !r.row.Created:
			r.refused = "the destination had its mailbox before the move"
		case v.sharedDestination(r.row):
			r.refused = "other mailboxes of the source are copied into the same mailbox"
		}
	}
}

// refuseObstructed refuses new names that a mailbox has which stays where it is, and names that would
// take others with them. It reports whether it has refused anything.
func (v accountView) refuseObstructed(all []*relocation) bool {
	leaving := map[string]bool{}
	for _, r := range all {
		if r.follows() {
			leaving[r.from] = true
		}
	}
	refused := false
	for _, r := range all {
		_, taken := v.dst[r.to]
		switch {
		case !r.follows():
			continue
		case taken && !leaving[r.to]:
			r.refused = "another mailbox at the destination already has the new name"
		case v.hasStrangers(r, all):
			r.refused = "its mailbox at the destination contains others that were not renamed with it"
		default:
			continue
		}
		refused = true
	}
	return refused
}

// follows says that the destination's mailbox is to be renamed.
func (r *relocation) follows() bool { return r.refused == "" && r.from != r.to }

func (v accountView) sharedDestination(row ledger.Mailbox) bool {
	for _, other := range v.rows {
		if other.ID != row.ID && other.Anchor.Destination == row.Anchor.Destination && !other.Done.Empty() {
			return true
		}
	}
	return false
}

// hasStrangers says that mailboxes below r.from exist that do not go where RENAME would take them
// (RFC 9051, section 6.3.6: inferior names are renamed too).
func (v accountView) hasStrangers(r *relocation, all []*relocation) bool {
	going := map[string]string{}
	for _, other := range all {
		if other.refused == "" {
			going[other.from] = other.to
		}
	}
	for name := range v.dst {
		if rest, below := v.below(r.from, name); below && going[name] != r.to+rest {
			return true
		}
	}
	return false
}

// below returns what name has behind parent, separator included.
func (v accountView) below(parent, name string) (rest string, below bool) {
	rest, found := strings.CutPrefix(name, parent)
	delimiter := cmp.Or(v.dst[parent].Delimiter, v.dstEnd.Delimiter)
	return rest, found && delimiter != "" && strings.HasPrefix(rest, delimiter)
}

// findMoved marks what follows a mailbox above it and needs no command.
func (v accountView) findMoved(all []*relocation) {
	for _, r := range all {
		for _, parent := range all {
			rest, below := v.below(parent.from, r.from)
			if below && parent.follows() && r.follows() && r.to == parent.to+rest {
				r.moved = true
			}
		}
	}
}

// ordered returns the relocations and the commands for them, each into a name that is free by then with
// all below it, and not below one that has yet to move and would take it along. Names that go round in a circle are
// broken up by a temporary one.
func (v accountView) ordered(all []*relocation) ([]relocation, []renaming) {
	var waiting []*relocation
	result := make([]relocation, 0, len(all))
	for _, r := range all {
		result = append(result, *r)
		if r.follows() && !r.moved {
			waiting = append(waiting, &relocation{row: r.row, from: r.from, to: r.to})
		}
	}
	slices.SortStableFunc(waiting, func(a, b *relocation) int { return cmp.Compare(len(a.from), len(b.from)) })
	blocked := func(r *relocation) bool {
		return slices.ContainsFunc(waiting, func(other *relocation) bool {
			_, carried := v.below(other.from, r.to)
			_, inside := v.below(r.to, other.from)
			return other.from == r.to || carried || inside && other != r
		})
	}
	var steps []renaming
	for len(waiting) > 0 {
		at := slices.IndexFunc(waiting, func(r *relocation) bool { return !blocked(r) })
		if at >= 0 {
			steps = append(steps, renaming{waiting[at].from, waiting[at].to})
			waiting = slices.Delete(waiting, at, at+1)
			continue
		}
		at = slices.IndexFunc(waiting, func(r *relocation) bool { return r.from != v.aside(r) })
		steps = append(steps, renaming{waiting[at].from, v.aside(waiting[at])})
		waiting[at].from = v.aside(waiting[at])
	}
	return result, steps
}

// aside is the temporary name of a mailbox that stands in the way.
func (v accountView) aside(r *relocation) string {
	return v.dstEnd.Prefix + "rehome-" + strconv.FormatInt(r.row.ID, 10)
}

// sample is how many messages have to confirm that a mailbox is the one that the ledger means.
const sample = 500

// confirms says that the messages of a source mailbox are those that the ledger knows of a row: those
// with the same UIDs have the same sizes, and enough are there at all. sizes are of the row's last
// messages; an empty row has nothing that could speak against it.
func confirms(sizes map[imap.UID]int64, entries []entry) bool {
	common := 0
	for _, e := range entries {
		size, known := sizes[e.uid]
		if known && size > 0 && e.size > 0 && size != e.size {
			return false
		}
		if known {
			common++
		}
	}
	return len(sizes) == 0 || common*4 >= len(sizes) // users delete, too
}

// unambiguous keeps the sightings that name each row and each mailbox once.
func unambiguous(all []sighting) []sighting {
	rows := map[int64]int{}
	names := map[string]int{}
	for _, s := range all {
		rows[s.row.ID]++
		names[s.name]++
	}
	return slices.DeleteFunc(slices.Clone(all), func(s sighting) bool { return rows[s.row.ID] > 1 || names[s.name] > 1 })
}
