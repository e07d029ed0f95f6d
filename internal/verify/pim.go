// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"context"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// Shelf is what is read of one account's contacts and calendars at one end; *endpoint.DAVSession is one,
// and so is what reads the source's database.
type Shelf interface {
	Home(kind dav.Kind) *dav.Home // nil when there is none of that kind
	Collections(ctx context.Context, kind dav.Kind) ([]dav.Collection, error)
	Changes(ctx context.Context, c *dav.Collection, since dav.Mark, each func(dav.Item) error) (dav.Listing, error)
	// Fetch reads in another way than the copier does, so that what one way loses the other shows.
	Fetch(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error
	Close()
}

// PIMOptions say where contacts and calendars are compared. All but Repairs are required.
type PIMOptions struct {
	Source, Destination func(ctx context.Context, account rehome.Account) (Shelf, error)
	Kinds               []rehome.Kind
	Repairs             pim.Needs // those that the copier offers; nil means pim.SafeNeeds
	// Exceptions returns what the copier has noted of objects that were repaired or left behind. It
	// explains a difference, and never hides one.
	Exceptions func(ctx context.Context, address string) ([]ledger.Exception, error)
}

// PIM is the comparison of an account's contacts, or of its calendars. Every object of the source has one
// verdict, and so has every object that only the destination has.
type PIM struct {
	Source      PIMTotals           `json:"source"`
	Destination PIMTotals           `json:"destination"`
	Verdicts    map[pim.Verdict]int `json:"verdicts"`
	Differences []PIMObject         `json:"differences"` // what is changed, missing, extra or quarantined; the first ones
	Unlisted    int                 `json:"unlisted,omitempty"`
	Repaired    []PIMObject         `json:"repaired,omitempty"` // the first ones
	Collections []PIMCollection     `json:"collections"`
	LeftOut     []LeftOut           `json:"left_out,omitempty"`
}

// PIMTotals counts one end.
type PIMTotals struct {
	Collections int `json:"collections"`
	Objects     int `json:"objects"`
}

// PIMCollection is one collection of the source.
type PIMCollection struct {
	Name        string              `json:"name"`
	Source      string              `json:"source"`      // href
	Destination string              `json:"destination"` // href of where most of it is; "" if nothing is there
	Objects     int                 `json:"objects"`     // at the source
	Verdicts    map[pim.Verdict]int `json:"verdicts"`
	Properties  []string            `json:"properties,omitempty"` // those that are others at the destination
}

// PIMObject is one object with its verdict. It holds no content.
type PIMObject struct {
	Verdict    pim.Verdict `json:"verdict"`
	Collection string      `json:"collection"` // href at the source; at the destination if only it has the object
	Object     string      `json:"object"`     // name in the collection
	Sentence   string      `json:"sentence"`
	Escrow     string      `json:"escrow,omitempty"` // file that keeps the original
}

// Total counts the objects that are not at the destination as the source has them, and those only there.
func (p *PIM) Total() int {
	if p == nil {
		return 0
	}
	n := 0
	for verdict, count := range p.Verdicts {
		if !verdict.Harmless() {
			n += count
		}
	}
	return n
}

// NextStep says what a human can do about a verdict: one clause, lower case, no full stop.
func NextStep(verdict pim.Verdict) string {
	const syncAgain = `run "rehome sync" again`
	switch verdict {
	case pim.VerdictMissing:
		return syncAgain + "; what stays missing is named with its reason among the findings"
	case pim.VerdictChanged:
		return "compare the two in a client: somebody may have edited it at the destination, which is never overwritten"
	case pim.VerdictExtra:
		return "look at it at the destination: what its user has entered there belongs there"
	case pim.VerdictQuarantined:
		return "enter it at the destination by hand, or correct it at the source and " + syncAgain + "; its original is kept"
	}
	return ""
}

// kinds of the wire and of content.
func davKind(kind rehome.Kind) dav.Kind {
	if kind == rehome.KindContacts {
		return dav.AddressBooks
	}
	return dav.Calendars
}

func contentKind(kind rehome.Kind) pim.Kind {
	if kind == rehome.KindContacts {
		return pim.KindContact
	}
	return pim.KindCalendar
}
