// SPDX-License-Identifier: Apache-2.0

package objects

import "rehome/lab/simulation"

// habits are what a server is like in all of a run. The zero value is a plain server: strong etags, ctag and
// sync-token, all reports, what is put is kept to the octet.
type habits struct {
	etags      string // "" opaque and strong, "md5", "weak", "none"
	putETag    string // "" the true one, "none", "early": that of the octets before the server rewrote them
	noSync     bool   // no sync-collection
	noCTag     bool
	noTokens   bool // no sync-token among the properties of a collection
	noReports  bool // does not say which reports it knows
	noMultiget bool // and has none
	noQueries  bool
	querying   string // what becomes of a query that is about something not shown, too: "" nothing, "skips" that, "fails"
	noLength   bool   // no getcontentlength
	page       int    // objects in one answer to sync-collection, 0 for all
	poison     bool   // one missing href and all of a multiget is 404 (SabreDAV 1.x)
	absolute   bool   // hrefs are whole URLs
	encoding   int    // which of several ways of percent-encoding
	noReturns  bool   // carriage returns are lost in XML

	rewrites   string // "" nothing; "prodid", "order", "folds", "adds"
	uids       string // which UIDs must be unique: "" none, "collection", "account"
	uidAnswer  int    // how a second one is refused
	renames    bool   // the server chooses the names of objects
	noMaking   bool   // makes no collections
	noTitles   bool   // keeps no displaynames of what it makes
	noExtended bool   // knows no extended MKCOL
	noRights   bool   // does not say what may be done with a collection
	strict     bool   // refuses what lacks FN or DTSTAMP, or has METHOD
	noDefault  bool   // names no default calendar or address book

	schedules bool
	heeds     string // what keeps it silent: "header", "agent", "" nothing
}

// readingHabits draws how an end shows what it has.
func readingHabits(d *decisions, side string) habits {
	is := func(share float64, name string) bool { return d.has(share, side+" "+name) }
	h := habits{encoding: d.below(3, "encoding", side)}
	switch {
	case is(0.15, "etags are MD5s"):
		h.etags = "md5"
	case is(0.08, "etags are weak"):
		h.etags = "weak"
	case is(0.05, "has no etags"):
		h.etags = "none"
	}
	h.noSync = is(0.35, "has no sync-collection")
	h.noCTag = is(0.25, "has no ctag")
	h.noTokens = h.noSync || is(0.1, "shows no sync-token")
	h.noReports = is(0.1, "does not list its reports")
	h.noMultiget = is(0.1, "has no multiget")
	h.noQueries = is(0.15, "has no queries")
	h.querying = []string{"", "skips", "fails"}[d.below(3, "querying", side)]
	h.noLength = is(0.2, "tells no length")
	h.poison = is(0.08, "answers 404 to a multiget with a missing href")
	h.absolute = is(0.1, "writes whole URLs")
	h.noReturns = is(0.15, "loses carriage returns in XML")
	h.noDefault = is(0.3, "names no default collection")
	if is(0.2, "answers in pages") {
		h.page = 1 + d.below(3, "page", side)
	}
	return h
}

// destinationHabits draws what the destination is like.
func destinationHabits(d *decisions) habits {
	h := readingHabits(d, destination)
	is := func(share float64, name string) bool { return d.has(share, destination+" "+name) }
	switch {
	case is(0.15, "tells no etag after PUT"):
		h.putETag = "none"
	case is(0.1, "tells an etag and rewrites the object behind it"):
		h.putETag = "early"
	}
	if is(0.3, "rewrites what is put") {
		h.rewrites = simulation.Pick(d.chance("rewrites"), "prodid", "order", "folds", "adds")
	}
	switch {
	case is(0.15, "takes a UID once in a collection"):
		h.uids = "collection"
	case is(0.1, "takes a UID once in an account"):
		h.uids = "account"
	}
	h.uidAnswer = d.below(4, "uid answer")
	h.renames = is(0.05, "chooses the names of objects")
	h.noMaking = is(0.08, "makes no collections")
	h.noRights = is(0.3, "does not tell privileges")
	h.noTitles = is(0.05, "keeps no displaynames")
	h.noExtended = is(0.15, "has no extended MKCOL")
	h.strict = is(0.2, "wants clean objects")
	if is(0.3, "schedules") {
		h.schedules = true
		h.heeds = simulation.Pick(d.chance("heeds"), "header", "header", "agent", "")
	}
	return h
}
