// SPDX-License-Identifier: Apache-2.0

package objects

import "slices"

// passing are the faults that end when the world calms down; the others are a server's own nature.
func passing() []string {
	all := []string{"crash", "user at work meanwhile", restoredAtOnce}
	for _, side := range []string{source, destination} {
		for _, fault := range []string{
			"busy", "server error", "log-in refused", "request lost", "silence", "work done late", "slow", "answer cut",
			"token forgotten", "multiget leaves one out", "multiget refuses one",
		} {
			all = append(all, side+" "+fault)
		}
	}
	return all
}

const (
	verifiedBetween = "verified between passes"
	restoredAtOnce  = "restored while rehome is at work"
	copiedAgain     = "the operator has lost objects copied again"
	ledgerLost      = "the ledger is lost"
)

// lasting are the faults that stay, and what people and administrators do.
func lasting() []string {
	all := []string{
		"object refused", "object refused for lack of room", "object refused as a server error", "object spoilt", "removal refused",
		"collection refused", "collection made under another name", "property refused",
		"the user had copied it before", "contacts without FN", "contacts without UID", "events with METHOD", "events without DTSTAMP",
		changesApart, eventMissing,
		verifiedBetween, copiedAgain, ledgerLost, "meetings of the account", "meetings of others", "odd names",
		"source user adds", "source user edits", "source user deletes", "source user renames", "source user moves", "source user copies",
		"source user copies within a collection", "source user deletes a collection", "source user makes a collection", "source user replaces",
		"destination user adds", "destination user edits", "destination user deletes", "destination user moves", "destination user renames",
		"destination user replaces", "destination user copies", "destination user deletes a collection",
		"source user renames a collection", "destination user renames a collection", "collection closed at first", "collection closed", "collection opened",
	}
	for _, side := range []string{source, destination} {
		all = append(all, side+" unreadable object", side+" restored", side+" renews all etags")
	}
	return all
}

// natures are the habits of both ends.
func natures() []string {
	all := []string{
		"the destination lacks a main collection", oneDisplayname,
		"destination tells no etag after PUT", "destination tells an etag and rewrites the object behind it", "destination rewrites what is put",
		"destination takes a UID once in a collection", "destination takes a UID once in an account", "destination chooses the names of objects",
		"destination makes no collections", "destination has no extended MKCOL", "destination wants clean objects", "destination schedules",
		"destination keeps no displaynames", "destination does not tell privileges",
	}
	for _, side := range []string{source, destination} {
		for _, habit := range []string{
			"etags are MD5s", "etags are weak", "has no etags", "has no sync-collection", "has no ctag", "shows no sync-token",
			"does not list its reports", "has no multiget", "has no queries", "tells no length", "answers 404 to a multiget with a missing href",
			"writes whole URLs", "loses carriage returns in XML", "names no default collection", "answers in pages",
		} {
			all = append(all, side+" "+habit)
		}
	}
	return all
}

// switches are all of them.
func switches() []string { return slices.Concat(passing(), lasting(), natures()) }

// sizes are the numbers that can be made smaller.
func sizes() []string {
	all := []string{"rounds"}
	for _, kind := range []kindOfObjects{contacts, calendars} {
		all = append(all, "collections of "+string(kind))
		for _, name := range collectionNames(kind) {
			all = append(all, "objects of "+homeOf(kind)+name+"/", "objects before in "+homeOf(kind)+name+"/")
		}
	}
	return all
}

// setOf is a list as a set.
func setOf(all []string) map[string]bool {
	set := make(map[string]bool, len(all))
	for _, one := range all {
		set[one] = true
	}
	return set
}
