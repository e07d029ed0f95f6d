// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"cmp"
	"slices"
)

// Needs are the problems that a destination does not put up with. The zero value repairs nothing.
type Needs map[Code]bool

// Fix is one repair that was made.
type Fix struct {
	Code     Code
	Sentence string // for people, without content of the object
	Line     int    // of the problem, from 1; 0 where it is the object's
	Step     int    // the rewriting that it was part of, from 0; [Undo] goes backwards through them
	Edits    []Edit
}

// Edit replaces Before by After at Offset of the text that its step began with.
type Edit struct {
	Offset        int
	Before, After []byte
}

// maxRounds bounds how often an object is rewritten: fixes that touch the same bytes follow one another in
// rounds, and a fix of one phase may make room for one of an earlier phase.
const maxRounds = 8

// maxRepairSize is the size in octets of the largest object that is repaired: each step needs the object once more.
const maxRepairSize = 40 << 20

// Repair removes the problems in needs from an object and nothing else. An object without such problems
// comes back as the same bytes, with no fix. [Undo] takes the fixes back. An object that cannot be read,
// or is larger than 40 MB, comes back unchanged. Repairing twice is repairing once.
func Repair(data []byte, kind Kind, needs Needs) (repaired []byte, fixes []Fix) {
	if len(needs) == 0 || len(data) > maxRepairSize {
		return data, nil
	}
	doc, err := parseAs(data, kind)
	if err != nil {
		return data, nil
	}
	for range maxRounds {
		before := len(fixes)
		for _, phase := range phases() {
			doc, fixes = repairPhase(doc, phase, needs, fixes)
		}
		if len(fixes) == before {
			break
		}
	}
	return doc.data, fixes
}

// repairPhase applies the fixes of one examination until it finds none.
func repairPhase(doc *Document, phase func(*Document) []defect, needs Needs, fixes []Fix) (*Document, []Fix) {
	for range maxRounds {
		made := selectFixes(phase(doc), needs, nextStep(fixes))
		if len(made) == 0 {
			break
		}
		edits := editsOf(made)
		if overlap(edits) {
			break // rather left as it is than written over itself
		}
		rewritten, err := parseAs(applyEdits(doc.data, edits), doc.Kind)
		if err != nil {
			break
		}
		doc, fixes = rewritten, append(fixes, made...)
	}
	return doc, fixes
}

func nextStep(fixes []Fix) int {
	if len(fixes) == 0 {
		return 0
	}
	return fixes[len(fixes)-1].Step + 1
}

// defect is a problem together with what removes it.
type defect struct {
	Problem
	done  string // the sentence of the fix
	edits []Edit
}

// phases returns the examinations in the order in which their repairs build on each other.
func phases() []func(*Document) []defect {
	return []func(*Document) []defect{examineBytes, examineCharset, examineProperties}
}

// owned is an edit with the place of its defect among those of an examination.
type owned struct {
	Edit
	owner int
}

// selectFixes takes the wanted defects whose edits do not touch each other's bytes. Of two that do, the
// later one waits for the next round.
func selectFixes(defects []defect, needs Needs, step int) []Fix {
	var all []owned
	for i, found := range defects {
		if !needs[found.Code] {
			continue
		}
		for _, edit := range found.edits {
			all = append(all, owned{edit, i})
		}
	}
	slices.SortStableFunc(all, func(a, b owned) int { return compareEdits(a.Edit, b.Edit) })
	waits := map[int]bool{}
	for more := true; more; { // two edits below a third that waits may touch as well
		all = slices.DeleteFunc(all, func(edit owned) bool { return waits[edit.owner] })
		more = touching(all, waits)
	}
	var made []Fix
	for i, found := range defects {
		if needs[found.Code] && len(found.edits) > 0 && !waits[i] {
			made = append(made, Fix{found.Code, found.done, found.Line, step, found.edits})
		}
	}
	return made
}

// touching adds to waits the later of owners whose edits touch, and reports whether there were any.
func touching(sorted []owned, waits map[int]bool) bool {
	end := 0
	owner := 0
	some := false
	for _, edit := range sorted {
		if edit.Offset < end && edit.owner != owner {
			waits[max(edit.owner, owner)], some = true, true
		}
		if stop := edit.Offset + len(edit.Before); stop >= end {
			end, owner = stop, edit.owner
		}
	}
	return some
}

func editsOf(fixes []Fix) []Edit {
	var edits []Edit
	for _, fix := range fixes {
		edits = append(edits, fix.Edits...)
	}
	sortEdits(edits)
	return edits
}

// sortEdits puts insertions before the replacement of what follows them.
func sortEdits(edits []Edit) {
	slices.SortStableFunc(edits, compareEdits)
}

func compareEdits(a, b Edit) int {
	return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(min(len(a.Before), 1), min(len(b.Before), 1)))
}

func overlap(sorted []Edit) bool {
	end := 0
	for _, edit := range sorted {
		if edit.Offset < end {
			return true
		}
		end = edit.Offset + len(edit.Before)
	}
	return false
}

func applyEdits(text []byte, sorted []Edit) []byte {
	size := len(text)
	for _, edit := range sorted {
		size += len(edit.After) - len(edit.Before)
	}
	result := make([]byte, 0, size)
	from := 0
	for _, edit := range sorted {
		result = append(result, text[from:edit.Offset]...)
		result = append(result, edit.After...)
		from = edit.Offset + len(edit.Before)
	}
	return append(result, text[from:]...)
}
