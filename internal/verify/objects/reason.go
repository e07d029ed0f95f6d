// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"context"

	"rehome/internal/protocol/dav"
)

// Explainer says why objects are not at the destination as they are at the source: what the copier has noted of those with
// which it had trouble. It is asked after nothing else.
//
// Whatever is told here is a lie that copier and verifier could both believe, so that the rule is: what is told can name the
// reason of a difference, or make one where both ends look equal, and can never make a difference equal. Each field of
// Reason says which of the two it does. That something was copied, repaired, or merged with another object is not told:
// the first is what has to be proved, and the others are seen at the ends.
type Explainer interface {
	// Reasons returns those of an account. Of one object there is at most one.
	Reasons(ctx context.Context, address string) ([]Reason, error)
}

// Reason is what is known of one object.
type Reason struct {
	Collection string // href at the source
	Object     string // its name there
	Target     string // href of the collection at the destination to which Collection goes
	Trouble    Trouble
	Words      string // a clause that stands as the difference's sentence; the server's own words where there are some
	Escrow     string // file that keeps the original; named with the object, and not looked into
}

// Trouble is the kind of a reason.
type Trouble string

// The kinds. A lie in one of them costs a wrong word for a difference that is there.
const (
	// Refused: the destination did not take it. What is missing or other is called quarantined. If all that there is of it
	// is in another collection than Target, it is called other although its content is the same.
	Refused Trouble = "refused"
	// Damaged: the destination took it and keeps something else. What is other is called quarantined.
	Damaged Trouble = "damaged"
	// Lost: it was at the destination and is there no more. As Refused; what is missing stays missing. Of several that are
	// the same it is the one that is missing.
	Lost Trouble = "lost"
	// Diverged: the destination has a version of its own: one that was edited there, or put back. What is other gets the words.
	Diverged Trouble = "diverged"
	// Older: the destination has an older version, the newer one waits. What is other gets the words.
	Older Trouble = "older"
	// Waiting: it is held back, or there is but something to be said of it. What is missing gets the words.
	Waiting Trouble = "waiting"
	// Vanished: it was copied and has vanished at the source since. Object is its name at the destination, in Target. What
	// is extra is called so.
	Vanished Trouble = "vanished"
)

// reasons are those of one account, by where the objects are.
type reasons struct {
	source   map[place]Reason
	vanished map[place]bool // by the destination's
}

// place is an object's collection and name, decoded.
type place struct{ collection, name string }

func explained(ctx context.Context, explainer Explainer, address string) (reasons, error) {
	known := reasons{map[place]Reason{}, map[place]bool{}}
	if explainer == nil {
		return known, nil
	}
	all, err := explainer.Reasons(ctx, address)
	for _, r := range all {
		if r.Trouble == Vanished {
			known.vanished[place{dav.Key(r.Target), lastName(r.Object)}] = true
		} else {
			known.source[place{r.Collection, lastName(r.Object)}] = r
		}
	}
	return known, err
}

// misplaced reports whether an object that the copier could not bring to its place, or that was lost there, is somewhere
// else. It may be all that there is of its collection, and is not where that goes.
func (r Reason) misplaced(target string) bool {
	return (r.Trouble == Refused || r.Trouble == Lost) && dav.Key(target) != dav.Key(r.Target)
}
