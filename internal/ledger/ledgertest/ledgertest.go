// SPDX-License-Identifier: Apache-2.0

// Package ledgertest is the contract of a ledger, for every database that keeps one.
//
// A database passes Run, or it is none for a ledger: what is written is read by every other handle as it was; a change is
// whole or not there, also among others that share its commit; a new generation knows nothing of the one before; and
// nothing is told apart or taken for the same that is not in the sense of its servers. What only one kind of database can
// do or suffer, such as a full disk under a file, is tested with that.
package ledgertest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Empty makes an empty store and returns what opens a handle on it, each as a process of its own would. A handle takes the
// time from now, and is closed at the end of the test.
type Empty func(t testing.TB) (open func(now func() time.Time) *ledger.Ledger)

// Run runs the contract.
func Run(t *testing.T, empty Empty) {
	t.Helper()
	for _, c := range contract() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, empty)
		})
	}
}

type clause struct {
	name string
	test func(t *testing.T, empty Empty)
}

// contract lists every clause: those about mail, and those about all the rest.
func contract() []clause { return slices.Concat(clausesOfMail(), otherClauses()) }

func clausesOfMail() []clause {
	return []clause{
		{"intend comes back as it was", intendComesBackAsItWas},
		{"intend for several mailboxes is one change", intendForSeveralMailboxesIsOneChange},
		{"receive fewer than intended", receiveFewerThanIntended},
		{"receive only once", receiveOnlyOnce},
		{"batch message without UID", batchMessageWithoutUID},
		{"refuse replaced then withdrawn when done", refuseReplacedThenWithdrawnWhenDone},
		{"departed is done and lost", departedIsDoneAndLost},
		{"save flags of some batches", saveFlagsOfSomeBatches},
		{"stored visitor ends it", storedVisitorEndsIt},
		{"disown leaves the others as they were", disownLeavesTheOthersAsTheyWere},
		{"disown forgets what was confirmed", disownForgetsWhatWasConfirmed},
		{"sighted ends with the generation", sightedEndsWithTheGeneration},
		{"doubt outlives the process", doubtOutlivesTheProcess},
		{"untold outlives the process", untoldOutlivesTheProcess},
		{"restored outlives the process", restoredOutlivesTheProcess},
		{"sighted is outdated by the next batch", sightedIsOutdatedByTheNextBatch},
		{"fate round trip", fateRoundTrip},
		{"fate renumbered source keeps what is ours", fateRenumberedSourceKeepsWhatIsOurs},
		{"drop then made anew", dropThenMadeAnew},
		{"forget begins a new generation and knows what was ours", forgetBeginsANewGenerationAndKnowsWhatWasOurs},
		{"former generations are known until they are booked", formerGenerationsUntilTheyAreBooked},
		{"gaps keep the mailbox open", gapsKeepTheMailboxOpen},
		{"withdrawn as long as the UIDs hold", withdrawnAsLongAsTheUIDsHold},
		{"the first identifier of a message stays", theFirstIdentifierStays},
		{"annotations follow their mailbox", annotationsFollowTheirMailbox},
		{"recover the rest stays open", recoverTheRestStaysOpen},
		{"recover what may be of others", recoverWhatMayBeOfOthers},
		{"note answered is remembered", noteAnsweredIsRemembered},
		{"revive all of the account", reviveAllOfTheAccount},
		{"mailbox intents of an earlier generation", mailboxIntentsOfAnEarlierGeneration},
		{"drop what is under way", dropWhatIsUnderWay},
		{"give up is remembered", giveUpIsRemembered},
		{"give up is remembered by later generations", giveUpIsRememberedByLaterGenerations},
		{"note doubles is remembered", noteDoublesIsRemembered},
		{"doubt lowers the floors", doubtLowersTheFloors},
		{"mailbox fresh then again", mailboxFreshThenAgain},
		{"mailbox reanchored", mailboxReanchored},
		{"mailbox rows of their own", mailboxRowsOfTheirOwn},
		{"mailboxes say what has to be opened", mailboxesSayWhatHasToBeOpened},
		{"settle with the largest mod-sequence", settleLargestModSeq},
		{"refuse time is exact", refuseTimeIsExact},
		{"forget suspects gives a new chance", forgetSuspectsGivesANewChance},
		{"mailbox theirs of the same destination", mailboxTheirsOfTheSameDestination},
		{"rename keeps the row", renameKeepsTheRow},
		{"move keeps what is given", moveKeepsWhatIsGiven},
		{"creation is ours until the mailbox is another one", creationIsOursUntilTheMailboxIsAnotherOne},
		{"relocate is one change", relocateIsOneChange},
		{"digests of what was brought", digestsOfWhatWasBrought},
		{"brought to a mailbox that is gone", broughtToAMailboxThatIsGone},
		{"unsettle opens again", unsettleOpensAgain},
		{"trust of each end", trustOfEachEnd},
		{"refused sizes of the account", refusedSizesOfTheAccount},
	}
}

func otherClauses() []clause {
	return []clause{
		{"accounts planned then saved", accountsPlannedThenSaved},
		{"save account before anything is seen", saveAccountBeforeAnythingIsSeen},
		{"verifications last one counts", verificationsLastOneCounts},
		{"verifications count what was written since", verificationsCountWhatWasWrittenSince},
		{"accepted until it is withdrawn", acceptedUntilItIsWithdrawn},
		{"proofs of the ends as they are reached", proofsOfTheEndsAsTheyAreReached},
		{"audit lines are chained", auditLinesAreChained},
		{"logins are failures until they end", loginsAreFailuresUntilTheyEnd},
		{"probes are kept until they are gone", probesAreKeptUntilTheyAreGone},
		{"looks the last one counts", looksTheLastOneCounts},
		{"cutovers move with their line", cutoversMoveWithTheirLine},
		{"probe mails are known before they go", probeMailsAreKnownBeforeTheyGo},
		{"late mail is counted once and due until brought", lateMailIsCountedOnceAndDueUntilBrought},
		{"notices move from the state that was seen", noticesMoveFromTheStateThatWasSeen},
		{"operators are replaced and removed by name", operatorsByName},
		{"tokens are added and removed by name", tokensByName},
		{"pages of accounts", pagesOfAccounts},
		{"an account is compared before its first pass", comparedBeforeAPass},
		{"pages of findings", pagesOfFindings},
		{"pages of the audit log", pagesOfTheAuditLog},
		{"the audit log behind a line", auditLogBehindALine},
		{"speeds add up and are forgotten", speedsAddUp},
		{"loads add up and are forgotten", loadsAddUp},
		{"sightings grow by their times", sightingsGrowByTheirTimes},
		{"own log-ins add up", ownLoginsAddUp},
		{"findings replaced by their origin", findingsReplacedByTheirOrigin},
		{"collection keeps what is known", collectionKeepsWhatIsKnown},
		{"collection elsewhere voids its objects", collectionElsewhereVoidsItsObjects},
		{"principals of both ends", principalsOfBothEnds},
		{"save objects later replaces earlier", saveObjectsLaterReplacesEarlier},
		{"exceptions and counts", exceptionsAndCounts},
		{"rules keeps the last of each name", rulesKeepsTheLastOfEachName},
		{"texts of any octets", textsOfAnyOctets},
		{"trials of the account", trialsOfTheAccount},
		{"turns of the accounts that are not over", turnsOfTheAccountsThatAreNotOver},
		{"passes save all or nothing", passesSaveAllOrNothing},
		{"save objects all or none", saveObjectsAllOrNone},
		{"has pre-staged after the first", hasPreStagedAfterTheFirst},
		{"two handles at once", twoHandlesAtOnce},
		{"lock held by one", lockHeldByOne},
		{"lock beside those who ask", lockBesideThoseWhoAsk},
		{"lease held by one", leaseHeldByOne},
		{"lease renewed only while it lasts", leaseRenewedOnlyWhileItLasts},
		{"lease fences who was thought dead", leaseFencesWhoWasThoughtDead},
		{"leases of many at once", leasesOfManyAtOnce},
		{"alerts are known", alertsAreKnown},
		{"lease is needed by a worker", leaseIsNeededByAWorker},
		{"lease abandoned until it is taken up", leaseAbandonedUntilItIsTakenUp},
		{"lease and lock", leaseAndLock},
		{"workers are there while they report", workersAreThereWhileTheyReport},
		{"shares count as long as they may be used", sharesCountAsLongAsTheyMayBeUsed},
		{"octets lapse with silence", octetsLapseWithSilence},
		{"shares change one at a time, and are lost for good", sharesAreLostForGood},
		{"runs have the turns that name them", runsHaveTheTurnsThatNameThem},
		{"waves turn from the state that was seen", wavesTurnFromTheStateThatWasSeen},
		{"waves have their accounts alone", wavesHaveTheirAccountsAlone},
		{"waves count from their last start", wavesCountFromTheirLastStart},
		{"leases tell of waves", leasesTellOfWaves},
		{"turns of a wave stand with it", turnsOfAWaveStandWithIt},
		{"many at once, and one that fails", manyAtOnce},
		{"cancelled context", cancelledContext},
	}
}

// handle is an open store. What it writes is read again by another handle: see load and its like.
type handle struct {
	*ledger.Ledger

	again *ledger.Ledger   // on the same store, as another process has it
	now   func() time.Time // of both
}

// create makes an empty store and opens it.
func create(t testing.TB, empty Empty) *handle {
	t.Helper()
	open := empty(t)
	h := &handle{now: time.Now}
	now := func() time.Time { return h.now() }
	h.Ledger, h.again = open(now), open(now)
	return h
}

// must ends the test at an error that is not the subject of it.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// inbox is the anchor of most tests.
func inbox() ledger.Anchor {
	return ledger.Anchor{Address: "anna@example.test", Source: "INBOX", Destination: "INBOX", SrcUIDValidity: 1, DstUIDValidity: 2}
}

// load opens the row of anchor.
func load(t testing.TB, l *handle, anchor ledger.Anchor) *ledger.Mailbox {
	t.Helper()
	m, err := l.again.Mail.Mailbox(t.Context(), anchor)
	must(t, err)
	return m
}

// intend writes one intent and returns its id.
func intend(t testing.TB, l *handle, m *ledger.Mailbox, items ...ledger.Item) int64 {
	t.Helper()
	ids, err := l.Mail.Intend(t.Context(), m, 7, items)
	must(t, err)
	return ids[0]
}

// messages returns items with the UIDs, the destination's a hundred higher.
func messages(uids ...imap.UID) []ledger.Item {
	items := make([]ledger.Item, len(uids))
	for i, uid := range uids {
		items[i] = ledger.Item{UID: uid, DstUID: uid + 100, Size: int64(uid) * 1000, Flags: []string{`\Seen`}}
	}
	return items
}

// sourceUIDs are those of items.
func sourceUIDs(items []ledger.Item) imap.UIDSet {
	var set imap.UIDSet
	for _, item := range items {
		set.Add(item.UID)
	}
	return set
}

// queued returns the turns of accounts that nothing is in the way of, one behind the other.
func queued(addresses ...string) []ledger.Turn {
	var queue []ledger.Turn
	for i, address := range addresses {
		queue = append(queue, ledger.Turn{Address: address, Pass: rehome.PassPreStage, State: ledger.TurnQueued, Place: int64(i + 1)})
	}
	return queue
}

// addresses are the accounts that have a row.
func addresses(t testing.TB, l *handle) string {
	t.Helper()
	accounts, err := l.again.Accounts.All(t.Context())
	must(t, err)
	var all []string
	for _, a := range accounts {
		all = append(all, a.Address)
	}
	return strings.Join(all, " ")
}

// wantOperator proves that err is an operator's fault, says words, and hints at the way out.
func wantOperator(t testing.TB, err error, words, hint string) {
	t.Helper()
	if rehome.ClassOf(err) != rehome.ClassOperator || !strings.Contains(err.Error(), words) || !strings.Contains(rehome.HintOf(err), hint) {
		t.Errorf("%s %v, hint %q; want class operator, %q and the hint %q", rehome.ClassOf(err), err, rehome.HintOf(err), words, hint)
	}
}
