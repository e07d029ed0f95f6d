// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"fmt"
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
	held := map[[2]string]int{} // by collection and the words about a canary that could not fly
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
			if r.Code == codeLink {
				all = append(all, linkFinding(e, r.Sentence))
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
		all = append(all, rehome.Finding{
			Code: "repaired_" + key[1], Severity: rehome.SeverityInfo, Object: key[0],
			Sentence: fmt.Sprintf("repaired in %s of %s: %s", objects(n), mapping.LastSegment(key[0]), sentence[key[1]]),
		})
	}
	slices.SortFunc(all, func(a, b rehome.Finding) int { return strings.Compare(a.Object+a.Code, b.Object+b.Code) })
	return all
}

func exceptionFinding(e ledger.Exception) rehome.Finding {
	f := rehome.Finding{
		Code: e.Code, Severity: rehome.SeverityError, Object: hrefOf(e.Collection, e.Source),
		Sentence: "it was not copied: " + e.Words, NextStep: nextStep(e.Code),
	}
	switch {
	case e.Missing(), e.Reverted():
		f.Severity, f.Sentence = rehome.SeverityWarning, e.Words
	case e.Behind():
		f.Sentence = "the destination has an older version of it: " + e.Words
	case e.State == ledger.ObjectConflict:
		f.Severity, f.Sentence = rehome.SeverityWarning, "the destination's version stands: "+e.Words
	case e.Spoilt():
		f.Sentence = e.Words
	}
	if e.Escrow != "" {
		f.NextStep += "; the source's version is kept in " + e.Escrow
	}
	return f
}

// nextStep is what a human can do about an object.
func nextStep(code string) string {
	switch code {
	case ledger.CodeMissing, ledger.CodeReverted:
		return "if its user did not mean that, or the destination was put back from a backup, run sync again with --copy-again"
	case "object_too_large":
		return "raise the limit at the destination, or take the photo or attachment out at the source, and run sync again"
	case "duplicate_uid":
		return "another object has its UID and other content: delete one of the two at the source and run sync again, or enter it by hand"
	case codeApart:
		return "change this occurrence of the series anew in a client, at the source before another sync or at the destination"
	case "uid_elsewhere":
		return "copy it by hand within the destination if both collections shall have it, or remove it from one of the two at the source"
	case "object_unserved", ledger.UpdateUnreadable:
		return "run sync again; if it stays so, open it in a client at the source, save it, or look into that server's error log"
	case "object_failed", codeUnproved:
		return "run sync again; if it stays so, correct it at the source, or enter it at the destination by hand"
	case "object_unreadable", "object_spoilt":
		return "correct it at the source, or enter it at the destination by hand"
	case codeConflict, codeRemovedThere, "name_taken":
		return "compare the two in a client and keep the right one"
	}
	return "correct it at the source and run sync again, or enter it at the destination by hand"
}

// heldFinding says why objects are held back: the canary was heard, or could not fly, which is no proof of anything.
func heldFinding(collection, words string, n int, agentTried bool) rehome.Finding {
	f := rehome.Finding{
		Code: "invitations_not_silent", Severity: rehome.SeverityError, Object: collection,
		Sentence: objects(n) + " with attendees " + were(n) + " held back: the destination would send invitations to the people in them, " +
			"because a test event has shown that it does not heed the request to stay silent",
		NextStep: "have scheduling switched off at the destination during the move, or set destination.dav.schedule_agent_client: true, and run sync again",
	}
	switch {
	case words != "":
		f.Code = "invitations_unknown"
		f.Sentence = objects(n) + " with attendees " + were(n) + " held back: nobody knows whether the destination would send invitations, " +
			"because no test event with an attendee could be written there and read back: " + words
		f.NextStep = "run sync again; if it stays so, see why that fails, or have scheduling switched off there during the move"
	case agentTried:
		f.Sentence += ", nor SCHEDULE-AGENT=CLIENT in it"
		f.NextStep = "have scheduling switched off at the destination during the move, and run sync again"
	}
	return f
}

func objects(n int) string {
	if n == 1 {
		return "1 object"
	}
	return fmt.Sprintf("%d objects", n)
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
