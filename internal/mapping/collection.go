// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"slices"
	"strings"

	"rehome/internal/protocol/dav"
)

// LeftCollection is a collection of the source that does not move.
type LeftCollection struct {
	Collection dav.Collection
	Reason     string
	NextStep   string // "" for nothing to do
}

// generated are names under which servers show what they make themselves.
func generated() []string {
	return []string{"contact_birthdays", "z-app-generated", "z-server-generated", "system"}
}

// SplitCollections sorts an account's collections into those that move and those that do not: what is
// subscribed, generated or somebody else's is no data of the account. principal is the account's own, ""
// when it is not known.
func SplitCollections(all []dav.Collection, principal string) (moving []dav.Collection, left []LeftCollection) {
	for _, c := range all {
		if reason, nextStep := staysBecause(c, principal); reason != "" {
			left = append(left, LeftCollection{Collection: c, Reason: reason, NextStep: nextStep})
			continue
		}
		moving = append(moving, c)
	}
	return moving, left
}

func staysBecause(c dav.Collection, principal string) (reason, nextStep string) {
	name := LastSegment(c.Href)
	switch {
	case c.Is("subscribed"), c.Source != "":
		return "it is a subscription to a calendar published elsewhere", "subscribe to it again at the destination"
	case c.Is("shared"), c.Owner != "" && principal != "" && dav.Key(c.Owner) != dav.Key(principal):
		return "it belongs to another user and is copied with that account", "share it again at the destination"
	case slices.ContainsFunc(generated(), func(prefix string) bool { return strings.HasPrefix(name, prefix) }):
		return "the server generates it from other data", ""
	case c.Owner == "" && !c.Writable(): // a source that is frozen for the move lets its owners write nothing either
		return "its own user cannot write to it: it is generated, or belongs to somebody else", ""
	}
	return "", ""
}

// LastSegment returns the last part of an href, as it is written there.
func LastSegment(href string) string {
	href = strings.TrimRight(href, "/")
	return href[strings.LastIndex(href, "/")+1:]
}
