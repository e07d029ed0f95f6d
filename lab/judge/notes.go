// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// notes reads the annotations of a mailbox, of the account for "" (RFC 5464): all below the roots, and then each by its name, which must
// say the same. It returns nil where the server tells none.
func (s *session) notes(raw string) (map[string]string, error) {
	if !s.offers["METADATA"] {
		return nil, nil
	}
	below := "(/private /shared)"
	if raw == "" { // Dovecot lists nothing below the roots of the account
		below = "(/private/comment /private/vendor)"
	}
	all, err := s.metadata(text("GETMETADATA"), text("(DEPTH infinity)"), quoted(raw), text(below))
	if errors.Is(err, errRefused) {
		return nil, nil //nolint:nilnil // a server may announce them and have no place for them
	}
	if err != nil {
		return nil, err
	}
	for _, entry := range slices.Sorted(maps.Keys(all)) {
		one, err := s.metadata(text("GETMETADATA"), quoted(raw), quoted(entry))
		if err != nil {
			return nil, err
		}
		if one[entry] != all[entry] && !serversOwn(entry) {
			return nil, fmt.Errorf("it tells two values of %s", entry)
		}
	}
	return all, nil
}

func (s *session) metadata(words ...word) (map[string]string, error) {
	found := map[string]string{}
	err := s.do(func(a answer) error {
		if a.word != "METADATA" || len(a.items) < 2 {
			return nil
		}
		list := a.items[1].list
		for i := 0; i+1 < len(list); i += 2 {
			if !list[i+1].isNil() {
				found[strings.ToLower(list[i].text)] = list[i+1].text
			}
		}
		return nil
	}, words...)
	return found, err
}

// serversOwn says that a server keeps the entry for itself, or that it is a special use, which the terms have.
func serversOwn(entry string) bool {
	for _, part := range []string{"/specialuse", "/vendor/cmu/", "/vendor/vendor.dovecot/"} {
		if strings.Contains(entry, part) {
			return true
		}
	}
	return false
}

// notes compares annotations where both ends tell them. What only the destination has is its own.
func (c *mailComparison) notes(place, there string, want, got map[string]string) {
	if want == nil || got == nil {
		return
	}
	for _, entry := range slices.Sorted(maps.Keys(want)) {
		value, has := got[entry]
		if serversOwn(entry) || place == "" && strings.HasPrefix(entry, "/shared/") || has && value == want[entry] {
			continue
		}
		d := Difference{Kind: NoteDiffers, Place: place, What: entry, Source: "there", Destination: fmt.Sprintf("none in %q", there)}
		if has {
			d.Destination = fmt.Sprintf("another value in %q", there)
		}
		c.add(d)
	}
}
