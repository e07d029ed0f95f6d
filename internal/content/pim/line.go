// SPDX-License-Identifier: Apache-2.0

package pim

// Line is a content line: one property, unfolded.
type Line struct {
	Raw    []byte // as it stands in the object, with folds and line end
	Offset int    // of Raw in the object
	Number int    // of its first physical line, from 1
	Group  string // "item1" of "item1.TEL", as written
	Name   string // upper-case
	Params []Param
	Value  []byte // unfolded, still escaped and encoded
}

// Param is a parameter with its values, unquoted and with RFC 6868 undone. A bare word of vCard 2.1
// ("TEL;CELL") is a value of TYPE or ENCODING.
type Param struct {
	Name   string // upper-case
	Values []string
}

// Param returns the first value of the parameter of that name (upper-case), or "".
func (l Line) Param(name string) string { return "" }

// Text returns the value as text: charset and transfer encoding undone, backslashes resolved.
func (l Line) Text() string { return "" }
