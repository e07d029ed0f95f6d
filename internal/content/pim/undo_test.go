// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"errors"
)

// undo takes fixes back and returns the original: that this can be done is what makes a repair safe. The error says that repaired is not what the fixes
// made.
func undo(fixes []Fix, repaired []byte) (original []byte, err error) {
	for end := len(fixes); end > 0; {
		from := end - 1
		for from > 0 && fixes[from-1].Step == fixes[end-1].Step {
			from--
		}
		reversed, err := reverse(editsOf(fixes[from:end]), repaired)
		if err != nil {
			return nil, err
		}
		repaired, end = applyEdits(repaired, reversed), from
	}
	return repaired, nil
}

var errNotRepaired = errors.New("these bytes are not what the repairs made")

// reverse turns the edits of one step around: their place in the text that the step made, and what stood
// there before.
func reverse(sorted []Edit, text []byte) ([]Edit, error) {
	reversed := make([]Edit, 0, len(sorted))
	moved := 0
	for _, edit := range sorted {
		at := edit.Offset + moved
		if at < 0 || at > len(text) || !bytes.HasPrefix(text[at:], edit.After) {
			return nil, errNotRepaired
		}
		reversed = append(reversed, Edit{at, edit.After, edit.Before})
		moved += len(edit.After) - len(edit.Before)
	}
	if overlap(reversed) {
		return nil, errNotRepaired
	}
	return reversed, nil
}
