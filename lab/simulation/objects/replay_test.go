// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"maps"
	"testing"

	"rehome/lab/simulation"
	"rehome/lab/simulation/ledgers"
)

// A seed tells the same story whenever it is played, to the last request and its instant, however the goroutines of both
// ends and of rehome are scheduled: with crashes, several writers and both kinds at once, and hosts that fail and are asked for
// less, where both kinds wait for the same place.
func TestReplay_isTheSame(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pool := ledgers.NewPool(folder)
	restless := map[string]bool{}
	for _, fault := range []string{"crash", "destination answer cut", "destination server error", "destination busy", "source request lost"} {
		restless[fault] = true
	}
	together := map[string]bool{kindsTogether: true}
	restlessTogether := maps.Clone(restless)
	restlessTogether[kindsTogether] = true
	for _, plan := range []simulation.Plan{
		{Seed: 33000029}, {Seed: 33000097}, {Seed: 33000140, Always: together}, {Seed: 33000168, Always: together}, {Seed: 33000266},
		{Seed: 33000001, Always: restless}, {Seed: 33000002, Always: restlessTogether}, {Seed: 33000003, Always: restlessTogether},
		{Seed: 33000272, Always: restlessTogether},
	} {
		simulation.Replays(t, plan, func() (trace []string) {
			_, trace = playTraced(plan, folder, pool, true)
			return trace
		})
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
}

// Seeds that have failed once, with what was forced upon them, and the rule that the product lacked.
func TestReplay_failedOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pool := ledgers.NewPool(folder)
	for rule, plan := range map[string]simulation.Plan{
		"a name that only one collection gets tells whose it is": {Seed: 92506204,
			Always: setOf([]string{oneDisplayname, "collection refused", ledgerLost, "destination silence"})},
		"what is not shown there is asked for by its UID": {Seed: 99700004, Always: setOf([]string{"destination chooses the names of objects",
			ledgerLost, "destination unreadable object", "destination server error"})},
		"and nothing that nobody knows is written beside it": {Seed: 99720004, Always: setOf([]string{ledgerLost,
			"destination unreadable object", "destination server error", "source user renames"})},
		"the only collection that is left may be another one's": {Seed: 99710055, Always: setOf([]string{"destination keeps no displaynames",
			ledgerLost, "destination user deletes a collection"})},
		"what is back is compared anew if it was rewritten there": {Seed: 99801523},
		"what is refused may be there already": {Seed: 99775022, Always: setOf([]string{"object spoilt", "destination restored",
			"destination rewrites what is put"})},
		"what was spoilt may be mended there":                                                 {Seed: 99810457},
		"what is renamed between two listings is followed":                                    {Seed: 99870153},
		"a collection made anew under another name gets nothing again that was not asked for": {Seed: 99862791},
		"what has no place is not lost where it is to be copied again":                        {Seed: 99866096},
		"what was to be read still is read though the slice broke off":                        {Seed: 99871403},
		"a collection is known by what it holds, whatever its user calls it": {Seed: 99760025, Always: setOf([]string{ledgerLost,
			"destination user renames a collection", "collection made under another name"})},
		"a test object may arrive though the ledger is lost": {Seed: 99820027, Always: setOf([]string{"destination chooses the names of objects",
			"destination user renames"})},
		"what was refused is in the main one, and not where its user has moved one of it": {Seed: 99760107, Always: setOf([]string{ledgerLost,
			"destination user renames a collection", "collection made under another name"})},
		"a copy of a copy is what was copied":                    {Seed: 99911025},
		"the main one is still the one when it is closed":        {Seed: 99760075, Always: setOf([]string{ledgerLost, "collection closed"})},
		"a closed one is known by its name and what it holds":    {Seed: 99760078, Always: setOf([]string{ledgerLost, "collection closed"})},
		"one with a place leaves another what is named for that": {Seed: 99939991},
		"and what it has itself needs no other place":            {Seed: 99773279, Always: setOf([]string{ledgerLost})},
		"what the source has moved out of one is not theirs": {Seed: 99773279, Always: setOf([]string{ledgerLost,
			"destination user renames a collection", "collection made under another name"})},
		"what is named for one is not another's that has more of it": {Seed: 99951072, Always: setOf([]string{ledgerLost, "collection closed"})},
		"what was refused bars nothing from a closed one that is named for it": {Seed: 99962100, Always: setOf([]string{ledgerLost,
			"collection refused", "destination keeps no displaynames", "collection closed"})},
		"what is left where its server tells no etags is offered, too": {Seed: 99962119, Always: setOf([]string{ledgerLost,
			"collection refused", "destination keeps no displaynames", "collection closed"})},
		"what was changed between its listing and its reading is read again": {Seed: 99954496},
		"what a closed one does not return may be what was copied": {Seed: 99769098, Always: setOf([]string{ledgerLost, "collection closed",
			"source unreadable object", "destination unreadable object", "source user replaces", "destination user renames",
			"destination chooses the names of objects"})},
		"what was refused may be in the main one": {Seed: 99700054, Always: setOf([]string{"destination chooses the names of objects",
			ledgerLost, "destination unreadable object", "destination server error"})},
	} {
		if failure := simulation.Play(t, Kind(folder, pool), plan); failure != nil {
			t.Errorf("%s: %s: %v", plan, rule, failure)
		}
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
}
