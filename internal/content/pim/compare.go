// SPDX-License-Identifier: Apache-2.0

package pim

// Verdict says how an object at the destination compares with the source's.
type Verdict string

// The verdicts, best first. [Compare] gives the first five; the last three are for those who look at
// collections.
const (
	VerdictIdentical   Verdict = "identical"   // the same bytes
	VerdictEqual       Verdict = "equal"       // the same normal form: written in another way
	VerdictCosmetic    Verdict = "cosmetic"    // different in what servers keep for themselves, as PRODID
	VerdictRepaired    Verdict = "repaired"    // as the source's after the listed repairs
	VerdictChanged     Verdict = "changed"     // something that a user has written is different
	VerdictMissing     Verdict = "missing"     // not at the destination
	VerdictExtra       Verdict = "extra"       // only at the destination
	VerdictQuarantined Verdict = "quarantined" // the destination does not take it
)

// Harmless reports whether the object counts as moved: identical, equal, cosmetic or repaired.
func (v Verdict) Harmless() bool { return false }

// Difference is one property that differs. Sentence is for people: it names the component, the property
// and what happened to it, never a value.
type Difference struct {
	Component string // "VEVENT", "VCARD"
	Property  string // upper-case, "SUMMARY"
	Line      int    // in the source, 0 where it stands only at the destination
	Sentence  string
}

// Comparison is what [Compare] found.
type Comparison struct {
	Verdict     Verdict
	Differences []Difference // what makes it cosmetic or changed, at most 20; the first is the one to name
	Fixes       []Code       // what makes it repaired
}

// Compare compares the source's object with the destination's by their normal forms. It asks nobody what
// was done on the way: whether the destination holds the repaired object, it finds out by repairing both.
// An object that cannot be read is changed, unless the bytes are identical.
func Compare(src, dst []byte, kind Kind) Comparison { return Comparison{} }

// Digest is a SHA-256 of an object's normal form without its cosmetic part: two objects whose verdict is
// cosmetic or better have the same, except where only the offsets of a time zone tell them apart. ok is
// false where the object cannot be read.
func Digest(data []byte, kind Kind) (digest [32]byte, ok bool) { return digest, false }
