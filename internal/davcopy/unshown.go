// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"slices"

	"rehome"
	"rehome/internal/protocol/dav"
)

// A collection that an end lists and does not show is unknown: neither empty nor deleted, nor a place where nothing is
// yet. It stays as it is, the others go on, and the account does not count as complete.

// setApart takes the trouble with single collections out of an error.
func setApart(err error) (*dav.UnshownError, error) {
	if hidden, is := errorsAs[*dav.UnshownError](err); is {
		return hidden, nil
	}
	return nil, err
}

// shown reports whether a listing has been answered.
func shown(err error) bool {
	_, err = setApart(err)
	return err == nil
}

// withhold takes out of the plan what would go into a collection that the destination does not show.
func (p *plan) withhold(hidden map[string]bool) {
	there := func(one placement) bool { return hidden[dav.Key(one.destination)] }
	p.placements = slices.DeleteFunc(p.placements, there)
	p.nowhere = slices.DeleteFunc(p.nowhere, there)
}

// tellUnshown names the collections, and keeps why the account is not complete.
func (s *slice) tellUnshown(p *plan, side rehome.Side, hidden *dav.UnshownError) {
	if hidden == nil {
		return
	}
	p.unshown = append(p.unshown, faultOf(hidden, "look at the "+string(side)+" at the collection", hidden.Hrefs[0]))
	for _, href := range hidden.Hrefs {
		s.find(collectionUnshown.On(href, rehome.Values{"side": side, "why": hidden.Err}))
	}
}
