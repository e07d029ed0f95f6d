// SPDX-License-Identifier: Apache-2.0

package pim

import "fmt"

// Document is an object read by line.
type Document struct {
	Kind       Kind
	Components []*Component // the VCARDs or VCALENDARs at the top, usually one
	Encoding   Encoding
	Problems   []Problem // what the reader itself had to forgive
}

// Component is what stands between a BEGIN and its END.
type Component struct {
	Name       string // upper-case, "VEVENT"
	Begin, End Line   // End is zero where the object ends too early
	Lines      []Line // the properties, in order
	Children   []*Component
}

// SyntaxError is a reason why an object cannot be read at all.
type SyntaxError struct {
	Line, Column int // from 1; 0 where no place can be named
	Reason       string
}

// Error returns the reason and the place.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// Parse reads an object. It forgives what can be forgiven and lists that in Problems; the error is a
// [*SyntaxError] and means that there is no vCard and no iCalendar object in data, or that a bound is
// exceeded. The document refers to data, which must not change while it is in use.
func Parse(data []byte) (*Document, error) { return nil, nil }

// Split returns the vCards or VCALENDARs that stand one after the other in data, each as its own bytes.
// What stands before the first, between and behind them goes with the object that follows, and at the
// end with the one before, so that the parts joined are data again.
func Split(data []byte) [][]byte { return nil }

// First returns the first property of that name (upper-case).
func (c *Component) First(name string) (Line, bool) { return Line{}, false }

// All returns the properties of that name (upper-case), in order.
func (c *Component) All(name string) []Line { return nil }
