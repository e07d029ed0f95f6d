// SPDX-License-Identifier: Apache-2.0

// Package pim looks into contacts and calendar objects: vCard 2.1, 3.0 and 4.0 and iCalendar, by line.
//
// An object travels as the bytes that its server gave; this package only looks at them. It names what
// is wrong ([Lint]), mends what can be mended without a guess ([Repair], taken back by [Undo]), says
// what a copier must know ([Inspect]), and proves that two objects mean the same ([Compare],
// [CompareOccurrences]). It writes no object anew from a model: a line that is not wrong keeps its bytes.
// It does no I/O but for the system's tz database, reads no clock, and keeps nothing between calls.
//
// A copier takes these steps: [Inspect] the object that it read; [Lint] it for the report; where the
// destination insists, [Repair] it with the destination's [Needs] and keep the list of repairs; write the
// bytes; read them back and [Compare].
//
// Time and memory are linear in the size of an object, whatever the object holds: nesting, lines,
// parameters and occurrences are bounded.
//
// The standards are RFC 6350 and RFC 2426 (vCard 4.0, 3.0), the vCard 2.1 text of 1996, RFC 5545
// (iCalendar), RFC 6868 (parameter values), RFC 4791 section 4.1 (what one calendar object may hold) and
// RFC 6638 (scheduling). They are read as leniently as twenty years of clients demand.
package pim

// Kind says what an object is.
type Kind string

// The kinds of objects.
const (
	KindUnknown  Kind = ""
	KindContact  Kind = "contact"  // a vCard
	KindCalendar Kind = "calendar" // an iCalendar object
)

// MaxSize is the largest object in octets that this package looks into.
const MaxSize = 256 << 20
