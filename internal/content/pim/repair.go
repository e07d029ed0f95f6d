// SPDX-License-Identifier: Apache-2.0

package pim

// Needs are the problems that a destination does not put up with. The zero value repairs nothing.
type Needs map[Code]bool

// SafeNeeds returns all repairs that are made without a guess: what they change, every reader of the
// object understands in the same way as before. The others are made only if a caller adds them.
func SafeNeeds() Needs { return nil }

// Fix is one repair that was made. Edits is empty only for a fix that is not in effect.
type Fix struct {
	Code     Code
	Sentence string // for people, without content of the object
	Line     int    // of the first edit, from 1
	Step     int    // the rewriting that it was part of, from 0; [Undo] goes backwards through them
	Edits    []Edit
}

// Edit replaces Before by After at Offset of the text that its step began with.
type Edit struct {
	Offset        int
	Before, After []byte
}

// Repair removes the problems in needs from an object and nothing else. An object without such problems
// comes back as the same bytes, with no fix. [Undo] takes the fixes back. An object that cannot be read
// comes back unchanged. Repairing twice is repairing once.
func Repair(data []byte, kind Kind, needs Needs) (repaired []byte, fixes []Fix) { return data, nil }

// Undo takes fixes back and returns the original. The error says that repaired is not what the fixes
// made.
func Undo(fixes []Fix, repaired []byte) (original []byte, err error) { return repaired, nil }
