// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
)

// exceptionFindings says of every object that is not at the destination as the source has it why, and
// what can be done. Repairs are gathered: one finding for each kind of repair in a collection.
func exceptionFindings(exceptions []ledger.Exception, kinds []rehome.Kind, agentTried bool) []rehome.Finding {
	var all []rehome.Finding
	repaired := map[[2]string]int{} // by collection and code
	sentence := map[string]string{}
	held := map[[2]string]int{} // by collection and the words about a test event that could not be written
	for _, e := range exceptions {
		if !slices.Contains(kinds, e.Kind) {
			continue
		}
		switch {
		case e.Code == ledger.UpdateHeld, e.State == ledger.ObjectHeld:
			held[[2]string{e.Collection, e.Words}]++
		case e.State == ledger.ObjectQuarantined, e.State == ledger.ObjectConflict, e.Spoilt(), e.Behind(), e.Missing(), e.Reverted():
			all = append(all, exceptionFinding(e))
		}
		for _, r := range e.Repairs {
			if attachmentAtSource.Has(r.Code) {
				all = append(all, attachmentAtSource.On(hrefOf(e.Collection, e.Source), rehome.Values{"host": r.Sentence}))
			}
		}
		for _, r := range repairsOf(e.Object) {
			repaired[[2]string{e.Collection, r.Code}]++
			sentence[r.Code] = r.Sentence
		}
	}
	for key, n := range held {
		all = append(all, heldFinding(key[0], key[1], n, agentTried))
	}
	for key, n := range repaired {
		what := rehome.Values{"n": n, "collection": mapping.LastSegment(key[0]), "what": sentence[key[1]]}
		all = append(all, objectRepaired.For(key[1]).On(key[0], what))
	}
	slices.SortFunc(all, func(a, b rehome.Finding) int {
		return cmp.Or(strings.Compare(a.Object+a.Code, b.Object+b.Code), strings.Compare(a.Sentence, b.Sentence))
	})
	return all
}

func exceptionFinding(e ledger.Exception) rehome.Finding {
	why := declared(e.Code)
	if e.Escrow != "" {
		why = why.Saying(why.Sentence, why.NextStep+originalKept)
	}
	return why.On(hrefOf(e.Collection, e.Source), rehome.Values{"why": e.Words, "file": e.Escrow})
}

// declared returns the finding of a code that the ledger holds.
func declared(code string) rehome.Declared {
	all := Findings()
	if i := slices.IndexFunc(all, func(d rehome.Declared) bool { return d.Has(code) }); i >= 0 {
		return all[i]
	}
	other := objectRefused // of a ledger that another version has written
	other.Code = code
	return other
}

// heldFinding says why objects are held back: the test event was answered, or could not be written, which is no proof of
// anything.
func heldFinding(collection, words string, n int, agentTried bool) rehome.Finding {
	switch {
	case words != "":
		return invitationsUnknown.On(collection, rehome.Values{"n": n, "why": words})
	case agentTried:
		return invitationsDespiteAgent.On(collection, rehome.Values{"n": n})
	}
	return invitationsNotSilent.On(collection, rehome.Values{"n": n})
}
