// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome/internal/verify"
)

// checkVerify asks the verifier, and holds its verdict against the models'.
func (w *world) checkVerify(m *mover) error {
	unseen := w.ripen()
	result, err := m.verify(unseen)
	if err == nil && !unseen {
		err = w.checkProof(m, result)
	}
	if err != nil {
		if w.healthy() {
			w.fail("verify says equal exactly when it is", "it cannot say anything: %v", err)
		}
		return nil
	}
	w.tell("verify says %s", result.Verdict)
	for _, d := range result.Mail.Differences {
		w.tell("  difference: %s", d.Sentence)
	}
	w.src.mu.Lock()
	defer w.src.mu.Unlock()
	w.dst.mu.Lock()
	defer w.dst.mu.Unlock()
	w.checkSpoilt(result)
	difference, exact := w.compare()
	if marks := w.differingMarks(); difference == "" && marks != "" && result.Verdict == verify.Equal {
		difference = marks
	}
	switch {
	case result.Verdict == verify.Equal && difference != "":
		w.fail("verify says equal exactly when it is", "it says equal, and %s", difference)
	case result.Verdict != verify.Equal && exact && w.healthy():
		w.fail("verify says equal exactly when it is", "it says %s, and both ends are equal", result.Verdict)
	}
	return nil
}

// checkProof reads everything again: what is remembered must prove neither more nor less. Where a server loses messages that it
// goes on listing as they were, nothing but to read them tells.
func (w *world) checkProof(m *mover, remembered verify.Account) error {
	for _, side := range []string{"source", "destination"} {
		if w.habits[side].always(decays) {
			return nil
		}
	}
	anew, err := m.verify(true)
	if err != nil {
		return err
	}
	roots := func(a verify.Account) (all []string) {
		for _, box := range a.Mail.Mailboxes {
			all = append(all, fmt.Sprintf("%s %d %s %s", box.Destination, box.Messages, box.SourceRoot, box.DestinationRoot))
		}
		return all
	}
	if a, b := roots(remembered), roots(anew); remembered.Verdict != anew.Verdict || !slices.Equal(a, b) {
		w.fail("what is remembered proves as much as what is read", "%s %v, read anew %s %v", remembered.Verdict, a, anew.Verdict, b)
	}
	if remembered.Mail.Remembered > 0 {
		w.tell("%d messages were not read again", remembered.Mail.Remembered)
	}
	return nil
}

// verifyBetween verifies between two passes, in most of the runs that do: the answer is of no interest, only what is remembered of
// it.
func (w *world) verifyBetween(m *mover, n int) {
	if w.chance.With(verifiedOften).Nth(n).Happens(w.plan.Rate(verifiedOften)) {
		result, err := m.verify(false)
		w.tell("verify says %s, error %v", result.Verdict, err)
	}
}

// healthy says that nothing in this run is for ever beyond reach.
func (w *world) healthy() bool {
	for _, s := range []string{"source", "destination"} {
		h := w.habits[s]
		// Where a server does not say a date, the verifier cannot call it equal.
		for _, name := range []string{
			unreadable, decays, spoils, boxClosed, appendRefused, appendBad, createRefused, createRenamed, createExisting, dateMissing,
			sizesLimited, keywordsDropped, boxReadOnly,
		} {
			if h.always(name) {
				return false
			}
		}
	}
	return true
}

// compare says what of the contents differs, and whether everything else is the same, too.
func (w *world) compare() (difference string, exact bool) {
	exact = true
	used := map[string]bool{}
	for _, name := range w.src.names() {
		src, dst := w.src.boxes[name], w.dst.boxes[w.mapped(name)]
		used[w.mapped(name)] = true
		if dst == nil {
			if len(src.messages) > 0 {
				return fmt.Sprintf("mailbox %s is missing", name), false
			}
			exact = false
			continue
		}
		if a, b := w.contents(src, false), w.contents(dst, false); !slices.Equal(a, b) {
			return fmt.Sprintf("mailbox %s holds %v at the source and %v at the destination", name, a, b), false
		}
		exact = exact && slices.Equal(w.contents(src, true), w.contents(dst, true)) && (!src.subscribed || dst.subscribed)
	}
	for _, name := range w.dst.names() {
		if hidden(w.dst.boxes[name]) {
			continue // neither end shows its name: there is nothing to ask for
		}
		if !used[name] && len(w.dst.boxes[name].messages) > 0 {
			return fmt.Sprintf("mailbox %s is only at the destination", name), false
		}
	}
	return "", exact
}

// contents lists what a mailbox holds, in a form that can be compared.
func (w *world) contents(box *mailbox, all bool) []string {
	var list []string
	dst := w.habits["destination"]
	for _, m := range box.messages {
		item := fmt.Sprint(m.content)
		if w.dst.boxes[box.name] == box && w.spoilt(m) {
			item += " spoilt"
		}
		if all {
			item += " " + strings.Join(dst.keeps(m.flags), ",") + " " + m.date.UTC().Format(time.RFC3339)
		}
		list = append(list, item)
	}
	slices.Sort(list)
	return list
}
