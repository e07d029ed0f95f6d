// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rehome/lab/simulation"
)

// habits is the character of one server, and how often it fails.
type habits struct {
	plan   simulation.Plan
	chance simulation.Chance // of this server
	side   string
	caps   map[string]bool
	calm   *atomic.Bool // no faults any more

	announced func() string // once for all, see capabilities
}

// extensions are what servers have or have not. Each that is missing has a switch of its own.
var extensions = []string{
	"UIDPLUS", "MULTIAPPEND", "LITERAL+", "LIST-EXTENDED", "LIST-STATUS", "CONDSTORE", "QRESYNC", "UNSELECT",
	"ESEARCH", "NAMESPACE", "SPECIAL-USE", "ENABLE", "MOVE", "STATUS=SIZE",
}

// The names of everything that can be switched off, beside the extensions.
const (
	// What a server always does.
	attributesShuffled = "attributes in any order"
	answersShuffled    = "messages in any order"
	answersSplit       = "several answers for a message"
	answersRepeated    = "answers repeated"
	answersPieces      = "answers in pieces"
	chatter            = "unsolicited answers"
	sizeEstimated      = "sizes estimated"
	sizeMissing        = "sizes missing"
	dateMissing        = "dates missing"
	statusEmpty        = "status empty"
	statusPartial      = "status partial"
	statusMissing      = "status missing"
	uidnextMissing     = "uidnext missing"
	uidnextStill       = "uidnext stands still"
	validityShared     = "uidvalidity shared"
	literalMinus       = "LITERAL-"
	namesOtherwise     = "names said in other ways"
	parentsListed      = "parents listed that do not exist"
	parentsMade        = "parents made with their children"
	flagsOtherwise     = "flags said in other ways"
	fieldsOtherwise    = "header fields said in other ways"
	zones              = "dates in other zones"
	searchesSplit      = "several answers for a search"
	newsAmong          = "news among answers"
	capsAsked          = "capabilities only when asked"
	uidsSkipped        = "UIDs left out"
	uidsUntold         = "UIDs of a copy left out"
	keywordsDropped    = "keywords not kept"
	prefixed           = "mailboxes below INBOX"
	namesOdd           = "odd names"
	flat               = "no hierarchy"

	// What never works in a run.
	unreadable     = "messages unreadable"
	decays         = "messages damaged later"
	spoils         = "copies damaged"
	boxClosed      = "mailboxes that cannot be opened"
	boxReadOnly    = "mailboxes that cannot be written"
	appendRefused  = "messages refused with NO"
	appendBad      = "messages refused with BAD"
	createRefused  = "mailboxes refused"
	createExisting = "mailboxes exist unlisted"
	createRenamed  = "mailboxes renamed on the way"
	sizesLimited   = "large messages refused"

	// What fails for a while.
	listingShort   = "listings short"
	listingShorter = "listings short in every way"
	statusLies     = "status lies"
	uidnextFalls   = "uidnext falls"
	refusals       = "commands refused with NO"
	bads           = "commands refused with BAD"
	byes           = "BYE"
	hangUps        = "hang up"
	silences       = "silence"
	answersLost    = "answers lost after the work"
	slowness       = "work done late"
	cutsUp         = "cuts while sending"
	cutsDown       = "cuts while receiving"
	cutsSilent     = "cuts that nobody hears of"
	stalls         = "octets that arrive late"
	slowLines      = "slow lines"
	connectsFail   = "connections refused"
	tooMany        = "too many connections"
	quotaFull      = "account full"
	writesDenied   = "mailboxes that cannot be written for a while"
	kills          = "kill -9"
	interrupts     = "Ctrl-C"
	restoredLast   = "destination restored"
	restoredFirst  = "source restored"
	renumbered     = "mailboxes renumbered"
	restarts       = "servers restarted during a pass"
	numberedAtOnce = "mailboxes renumbered during a pass"
	restoredAtOnce = "servers restored during a pass"
	ledgersLost    = "ledger lost"
	verifiedOften  = "verified between passes"
	twoLedgers     = "two ledgers"
	mirrors        = "mirror"
	relaxed        = "several writers to a mailbox"
	sourceUsers    = "users at the source"
	lastUsers      = "users at the destination"
	usersAtOnce    = "users during a pass"
	mornings       = "mail in many mailboxes"
	marks          = "messages marked for deletion"
	renames        = "mailboxes renamed by users"
	lastRenames    = "mailboxes renamed by users at the destination"
	deletes        = "mailboxes deleted by users"
	earlierMail    = "mail at the destination before"

	// What messages are like.
	bareLineFeeds  = "bare line feeds"
	headersAlike   = "headers alike"
	headersMissing = "headers missing"
	largeMessages  = "large messages"
	copies         = "copies"
)

// clockBegins is when each run begins, see testing/synctest.
func clockBegins() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// waiting names what is off until the product has an answer.
var waiting = map[string]string{}

func switches() []string {
	names := []string{
		attributesShuffled, answersShuffled, answersSplit, answersRepeated, answersPieces, chatter, sizeEstimated, sizeMissing,
		dateMissing, statusEmpty, statusPartial, statusMissing, uidnextMissing, uidnextStill, validityShared, literalMinus,
		namesOtherwise, parentsListed, parentsMade, flagsOtherwise, fieldsOtherwise, zones, searchesSplit, newsAmong, capsAsked,
		restarts, numberedAtOnce, uidsSkipped, uidsUntold, keywordsDropped, prefixed, namesOdd, sizesLimited, tooMany, quotaFull,
		unreadable, decays, spoils, boxClosed, appendRefused, appendBad, createRefused, createExisting, createRenamed,
		listingShort, listingShorter, statusLies, uidnextFalls, refusals, bads, byes, hangUps, silences, answersLost, slowness,
		cutsUp, cutsDown, cutsSilent, stalls, slowLines, connectsFail, kills, interrupts, restoredLast, restoredFirst, renumbered,
		ledgersLost, verifiedOften, twoLedgers, mirrors, relaxed, sourceUsers, lastUsers, usersAtOnce, mornings, marks, renames, deletes,
		earlierMail, bareLineFeeds, headersAlike, headersMissing, largeMessages, copies, boxReadOnly, writesDenied, restoredAtOnce,
		flat, lastRenames,
	}
	for _, extension := range extensions {
		names = append(names, without(extension))
	}
	return names
}

func sizes() []string {
	return []string{"passes", "events", "mailboxes", "messages", "crowd", "connections"}
}

func without(extension string) string { return "without " + extension }

func newHabits(plan simulation.Plan, side string, calm *atomic.Bool) *habits {
	h := &habits{plan: plan, chance: plan.Chance().With(side), side: side, calm: calm, caps: map[string]bool{}}
	share := 0.15
	if plan.Has("plain server", 0.1, side) {
		share = 0.8
	}
	for _, extension := range extensions {
		h.caps[extension] = !plan.Has(without(extension), share, side)
	}
	if h.caps["LITERAL+"] && plan.Has(literalMinus, 0.1, side) {
		h.caps["LITERAL+"], h.caps["LITERAL-"] = false, true
	}
	h.caps["QRESYNC"] = h.caps["QRESYNC"] && h.caps["CONDSTORE"] && h.caps["ENABLE"]
	h.caps["LIST-STATUS"] = h.caps["LIST-STATUS"] && h.caps["LIST-EXTENDED"]
	h.announced = sync.OnceValue(h.listCapabilities)
	return h
}

// capabilities is the list as it is announced.
func (h *habits) capabilities() string { return h.announced() }

func (h *habits) listCapabilities() string {
	words := []string{"IMAP4rev1", "SASL-IR", "AUTH=PLAIN"}
	for _, extension := range append([]string{"LITERAL-"}, extensions...) {
		if h.caps[extension] {
			words = append(words, extension)
		}
	}
	if h.sizeLimit() > 0 && h.chance.With("limit told").Happens(0.5) {
		words = append(words, fmt.Sprintf("APPENDLIMIT=%d", h.sizeLimit())) // RFC 7889
	}
	return strings.Join(words, " ")
}

// always says that the server has a habit in this run at all.
func (h *habits) always(name string) bool { return h.plan.Has(name, 0.08, h.side) }

// often is for habits that concern some messages and others not: those that it concerns, it always does.
func (h *habits) often(name string, keys ...string) bool {
	return h.always(name) && h.chance.With(name).With(keys...).Happens(0.3+h.chance.With(name, "share").Float()*0.7)
}

// damaged says that a content cannot be read: never, or not any more.
func (h *habits) damaged(content int) bool {
	key := fmt.Sprint(content)
	since := h.chance.With(decays, "since").With(key).Between(0, 2*time.Minute)
	return h.often(unreadable, key) || h.often(decays, key) && time.Since(clockBegins()) > since
}

// fails says that something fails now; n is how often it was tried before.
func (h *habits) fails(name string, n int, keys ...string) bool {
	if h.calm.Load() {
		return false
	}
	rate := h.plan.Rate(name, h.side)
	if rate == 1 {
		rate = 0.5 // what always fails is no fault but a habit
	}
	return rate > 0 && h.chance.With(name).With(keys...).Nth(n).Happens(rate/4)
}
