// SPDX-License-Identifier: Apache-2.0

package pim

// Problem is something in an object that a server or a client may take amiss. Sentence is for people and
// holds no content of the object.
type Problem struct {
	Code       Code
	Sentence   string
	Line       int  // from 1; 0 where the problem is the object's
	Column     int  // from 1; 0 where unknown
	Repairable bool // [Repair] with this code in its needs removes it
}

// Lint lists what is wrong with an object, in the order of its lines. It never fails: an object that
// cannot be read is one problem of code [CodeUnreadable]. A clean object has none.
func Lint(data []byte, kind Kind) []Problem { return nil }
