// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"time"

	"rehome/internal/content/pim"
)

// Objects is the comparison of an account's contacts, or of its calendars. Every object of the source has one
// state, and so has every object that only the destination has.
type Objects struct {
	Source      ObjectTotals      `json:"source"`
	Destination ObjectTotals      `json:"destination"`
	States      map[pim.State]int `json:"verdicts"`
	Differences []Object          `json:"differences"` // what is changed, missing, extra or quarantined; the first ones
	Unlisted    int               `json:"unlisted,omitempty"`
	Accepted    int               `json:"accepted,omitempty"` // differences that somebody has accepted; they are in States still
	Repaired    []Object          `json:"repaired,omitempty"` // the first ones
	Collections []Collection      `json:"collections"`
	LeftOut     []LeftOut         `json:"left_out,omitempty"`

	// Remembered counts the source's objects that were not read again, because nothing has happened to them since.
	Remembered int `json:"remembered,omitempty"`
}

// ObjectTotals counts one end.
type ObjectTotals struct {
	Collections int `json:"collections"`
	Objects     int `json:"objects"`
}

// Collection is one collection of the source.
type Collection struct {
	Name        string            `json:"name"`
	Source      string            `json:"source"`      // href
	Destination string            `json:"destination"` // href of where most of it is; "" if nothing is there
	Objects     int               `json:"objects"`     // at the source
	States      map[pim.State]int `json:"verdicts"`
	Properties  []string          `json:"properties,omitempty"` // those that are others at the destination

	// The root of a collection is the SHA-256 over the SHA-256 digests of its objects in ascending order; that of an object is of
	// its normal form (pim.Digest). At the destination the objects are those that were found for this collection's, wherever they
	// are: the roots are equal unless one is missing, changed or repaired. Not at LevelCounts, nor where an object was not read.
	SourceRoot      string `json:"source_root,omitempty"`
	DestinationRoot string `json:"destination_root,omitempty"`

	// Read is the earliest time at which an object of it was read that has not changed since, so was not read again. Only at
	// LevelFull.
	Read time.Time `json:"read_at,omitzero"`
}

// Object is one object with its state. It holds no content.
type Object struct {
	State      pim.State `json:"verdict"`
	Collection string    `json:"collection"` // href at the source; at the destination if only it has the object
	Object     string    `json:"object"`     // name in the collection
	Sentence   string    `json:"sentence"`
	Escrow     string    `json:"escrow,omitempty"` // file that keeps the original

	// What it says at each end (pim.Digest), of a difference; "" where an end has nothing of it.
	SourceDigest      string `json:"source_digest,omitempty"`
	DestinationDigest string `json:"destination_digest,omitempty"`

	// Since is what has happened to it since an earlier comparison, where that is known. It makes nothing equal.
	Since *Change `json:"since,omitempty"`
}

// Total counts the objects that are not at the destination as the source has them, and those only there, but for accepted ones.
func (o *Objects) Total() int {
	if o == nil {
		return 0
	}
	n := 0
	for state, count := range o.States {
		if !state.Harmless() {
			n += count
		}
	}
	return n - o.Accepted
}

// NextStep says what a human can do about the object, as that of its state.
func (o Object) NextStep() string {
	if o.Since == nil {
		return NextStep(o.State)
	}
	return o.Since.What.nextStep()
}

// NextStep says what a human can do about a state: one clause, lower case, no full stop.
func NextStep(state pim.State) string {
	const syncAgain = `run "rehome sync" again`
	switch state {
	case pim.StateMissing:
		return syncAgain + "; the findings give the reason for what stays missing"
	case pim.StateChanged:
		return "compare both in a client: somebody may have edited it at the destination, and rehome never overwrites that"
	case pim.StateExtra:
		return "check it at the destination: what its user entered there belongs there"
	case pim.StateQuarantined:
		return "enter it at the destination by hand, or correct it at the source and " + syncAgain + "; its original is kept"
	}
	return ""
}
