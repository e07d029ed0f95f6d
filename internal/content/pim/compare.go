// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// State says how an object at the destination compares with the source's.
type State string

// The states, best first. [Compare] gives the first five; the last three are for those who look at
// collections.
const (
	StateIdentical   State = "identical"   // the same bytes
	StateEqual       State = "equal"       // the same normal form: written in another way
	StateCosmetic    State = "cosmetic"    // different in what servers keep for themselves, as PRODID
	StateRepaired    State = "repaired"    // as the source's after the listed repairs
	StateChanged     State = "changed"     // something that a user has written is different
	StateMissing     State = "missing"     // not at the destination
	StateExtra       State = "extra"       // only at the destination
	StateQuarantined State = "quarantined" // the destination does not take it
)

// Harmless reports whether the object counts as moved: identical, equal, cosmetic or repaired.
func (v State) Harmless() bool {
	return v == StateIdentical || v == StateEqual || v == StateCosmetic || v == StateRepaired
}

// Difference is one property that differs. Sentence is for people: it names the component, the property
// and what happened to it, never a value.
type Difference struct {
	Component string // "VEVENT", "VCARD"
	Property  string // upper-case, "SUMMARY"; the name of the component where it differs as a whole
	Line      int    // in the source, 0 where it stands only at the destination
	Sentence  string

	where string
}

// Comparison is what [Compare] found.
type Comparison struct {
	State       State
	Differences []Difference // what makes it cosmetic or changed, at most 20; the first is the one to name
	Fixes       []Code       // what makes it repaired
	Repairs     []string     // the same in words, without content of the object
}

// Sentence says in one sentence why the state is not identical or equal; "" where there is nothing to say.
func (c Comparison) Sentence() string {
	switch {
	case c.State == StateRepaired:
		return strings.Join(c.Repairs, "; ")
	case len(c.Differences) > 0:
		return c.Differences[0].Sentence
	}
	return ""
}

// Terms are what everybody who compares has to say alike.
type Terms struct {
	// Repairs are those that are offered to the destination; nil means [SafeNeeds]. What another repair would
	// explain is a change: a category with a comma that comes back as two is none that was asked for.
	Repairs Needs
	// Now is when it is compared. Where time zones are written in another way, recurring events are compared by
	// their occurrences from a year before to two years behind it, beside those of the first ten years.
	// Zero leaves these out.
	Now time.Time
}

// Compare is [Terms.Compare] with the safe repairs and without a time.
func Compare(src, dst []byte, kind Kind) Comparison { return Terms{}.Compare(src, dst, kind) }

// Compare says how far the destination holds what the source has. It is the one rule, for those
// who copy and those who verify: it looks at both ends' bytes and asks nobody what was done on the way.
//
//   - identical: the same bytes; equal: the same normal form; cosmetic: but for what servers keep for themselves.
//   - repaired: the destination holds what some of the offered repairs make of the source's object, in any of these
//     three ways. Only repairs that the source's object needs count: what needs a repair at the
//     destination alone, the destination has damaged.
//   - changed: all else, with what is different in words.
//
// Objects with the same normal form and time zones of the same text take place at the same times: a rule need not
// be expanded for that. Where the zones' text differs the occurrences are compared, as far as they can be
// expanded; what could not be is said in a difference that is cosmetic.
//
// An object that cannot be read is changed, unless the bytes are identical.
func (t Terms) Compare(src, dst []byte, kind Kind) Comparison {
	if bytes.Equal(src, dst) {
		return Comparison{State: StateIdentical}
	}
	a, err := read(src, kind)
	if err != nil {
		return unreadable("the source's object cannot be read: " + err.Error())
	}
	b, err := read(dst, a.kind)
	if err != nil {
		return unreadable("the destination's object cannot be read: " + err.Error())
	}
	hard, soft := t.differences(a, b)
	switch {
	case len(hard) == 0 && len(soft) == 0:
		return Comparison{State: StateEqual}
	case len(hard) > 0:
		return t.compareRepaired(a, b)
	case !slices.ContainsFunc(soft, func(d Difference) bool { return !repairedUnseen[d.Property] }):
		if repaired := t.compareRepaired(a, b); repaired.State == StateRepaired && len(repaired.Differences) == 0 {
			return repaired
		}
	}
	return Comparison{State: StateCosmetic, Differences: soft}
}

// Form is what an object means, without its octets: what is kept of one that is too large to be held.
type Form struct {
	reading reading
	clean   bool // there is nothing to repair
}

// Form reads an object; the error is that of [Parse].
func (t Terms) Form(data []byte, kind Kind) (*Form, error) {
	r, err := read(data, kind)
	if err != nil {
		return nil, err
	}
	_, fixes := Repair(data, r.kind, t.offered())
	r.data = nil
	return &Form{*r, len(fixes) == 0}, nil
}

// CompareForms compares as [Terms.Compare] does, as far as the forms alone can tell that the two are equal or cosmetic; ok is
// false where the octets have to be looked at.
func (t Terms) CompareForms(src, dst *Form) (found Comparison, ok bool) {
	a, b := &src.reading, &dst.reading
	if (a.form.recurs || b.form.recurs) && a.form.zoneText != b.form.zoneText {
		return Comparison{}, false
	}
	hard, soft := t.differences(a, b)
	switch {
	case len(hard) > 0:
		return Comparison{}, false
	case len(soft) == 0:
		return Comparison{State: StateEqual}, true
	}
	return Comparison{State: StateCosmetic, Differences: soft},
		src.clean || slices.ContainsFunc(soft, func(d Difference) bool { return !repairedUnseen[d.Property] })
}

// reading is one version of an object as it is compared: its octets and what they mean, without their unfolded text, which
// is as large once more. Where that is needed it is read again.
type reading struct {
	data []byte
	kind Kind
	form *normalForm
}

func read(data []byte, kind Kind) (*reading, error) {
	doc, err := parseAs(data, kind)
	if err != nil {
		return nil, err
	}
	return &reading{data: data, kind: doc.Kind, form: normalize(doc)}, nil
}

// document reads it again; that it can be read is known.
func (r *reading) document() *Document {
	doc, err := parseAs(r.data, r.kind)
	if err != nil {
		return &Document{Kind: r.kind, data: r.data}
	}
	return doc
}

// repairedUnseen are properties of which a repair makes a cosmetic difference.
var repairedUnseen = names("METHOD DTSTAMP PRODID VERSION")

// offered returns the repairs that are offered, for the caller to change.
func (t Terms) offered() Needs {
	if t.Repairs == nil {
		return SafeNeeds()
	}
	return maps.Clone(t.Repairs)
}

func unreadable(sentence string) Comparison {
	return Comparison{State: StateChanged, Differences: []Difference{{Sentence: sentence}}}
}

// compareRepaired looks for a way from the source's object to the destination's by offered repairs: all of them as
// they are made here, or without those that a server makes in a way of its own. Of an object that is changed all the
// same it tells what differs after those that leave less.
func (t Terms) compareRepaired(src, dst *reading) Comparison {
	needs := t.offered()
	found := t.compareBy(src, dst, needs)
	if found.State == StateChanged {
		for _, code := range filledIn(src.kind) {
			delete(needs, code)
		}
		if other := t.compareBy(src, dst, needs); other.State != StateChanged || len(other.Differences) < len(found.Differences) {
			return other // a UID that was made at another time is no loss
		}
	}
	return found
}

// compareBy makes repairs at the source, makes those that were needed there at the destination too, where some of
// them may not have been made, and compares what is left. The differences of a repaired object are the cosmetic ones.
func (t Terms) compareBy(src, dst *reading, needs Needs) Comparison {
	srcText, srcFixes := Repair(src.data, src.kind, needs)
	needed := Needs{}
	for _, fix := range srcFixes {
		needed[fix.Code] = true
	}
	dstText, dstFixes := Repair(dst.data, dst.kind, needed)
	found := t.compareFilled(src.as(srcText), dst.as(dstText))
	if found.State == StateChanged {
		if silenced, fixes := t.compareSilenced(src, srcText, dstText); silenced.State == StateRepaired {
			found, srcFixes = silenced, append(srcFixes, fixes...)
		}
	}
	if found.State != StateRepaired {
		return found
	}
	for _, fix := range uneven(srcFixes, dstFixes) {
		found.repaired(fix.Code, fix.Sentence)
	}
	if len(found.Fixes) == 0 {
		found.State = StateCosmetic
	}
	return found
}

func (c *Comparison) repaired(code Code, sentence string) {
	c.Fixes, c.Repairs = append(c.Fixes, code), append(c.Repairs, fmt.Sprintf("%s (%s)", sentence, code))
}

// compareSilenced compares with what goes to a server that would send invitations: with SCHEDULE-AGENT=CLIENT on
// everybody invited. Where the source has none at all it is no matter on whom the server has kept it.
func (t Terms) compareSilenced(src *reading, srcText, dstText []byte) (Comparison, []Fix) {
	injected, fixes := InjectScheduleAgent(srcText)
	if len(fixes) == 0 {
		return Comparison{}, nil
	}
	if src.document().hasAgent() {
		return t.compareFilled(src.as(injected), src.as(dstText)), fixes
	}
	removed, _ := RemoveScheduleAgent(dstText)
	return t.compareFilled(src.as(srcText), src.as(removed)), fixes
}

// as reads another version of an object, and nothing if it is the same one; nil where it cannot be read.
func (r *reading) as(text []byte) *reading {
	if bytes.Equal(text, r.data) {
		return r
	}
	other, err := read(text, r.kind)
	if err != nil {
		return nil
	}
	return other
}

// compareFilled compares two objects that were repaired in the same way. Where the source has none of the
// properties that are filled in, any value will do.
func (t Terms) compareFilled(src, dst *reading) Comparison {
	if src == nil || dst == nil {
		return unreadable("the object cannot be read after its repairs")
	}
	hard, soft := t.differences(src, dst)
	found := Comparison{State: StateRepaired, Differences: soft}
	fillable := filledIn(src.kind)
	var rest []Difference
	for _, difference := range hard {
		code := fillable[difference.Property]
		if code == "" || difference.Line > 0 || has(src, difference) {
			rest = append(rest, difference)
		} else if !slices.Contains(found.Fixes, code) {
			found.repaired(code, difference.Property+" added")
		}
	}
	if len(rest) > 0 {
		return Comparison{State: StateChanged, Differences: rest}
	}
	return found
}

// filledIn returns the properties that a server or a copier fills in each in its own way: where the source
// has none, any value will do.
func filledIn(kind Kind) map[string]Code {
	if kind == KindCalendar {
		return map[string]Code{"UID": CodeMissingEventUID}
	}
	return map[string]Code{"UID": CodeMissingUID, "FN": CodeMissingFN, "N": CodeMissingN}
}

// has reports whether the object has a property where the difference was found.
func has(object *reading, d Difference) bool {
	return slices.ContainsFunc(object.form.entries, func(e entry) bool { return e.name == d.Property && e.where == d.where })
}

// uneven returns the repairs that only the source needed, or needed more often.
func uneven(src, dst []Fix) []Fix {
	counts := map[Code]int{}
	for _, fix := range src {
		counts[fix.Code] += len(fix.Edits)
	}
	for _, fix := range dst {
		counts[fix.Code] -= len(fix.Edits)
	}
	var made []Fix
	for _, fix := range src {
		if counts[fix.Code] != 0 {
			made = append(made, fix)
			counts[fix.Code] = 0
		}
	}
	return made
}

func (d *Document) hasAgent() bool {
	return slices.ContainsFunc(d.invited(), func(line Line) bool { return line.Param("SCHEDULE-AGENT") != "" })
}

// Digest is a SHA-256 of an object's normal form without its cosmetic part: two objects whose verdict is
// cosmetic or better have the same, except where only the offsets of a time zone tell them apart. ok is
// false where the object cannot be read.
func Digest(data []byte, kind Kind) (digest [32]byte, ok bool) {
	doc, err := parseAs(data, kind)
	if err != nil {
		return digest, false
	}
	return doc.digest(), true
}

// DigestOver is [Digest], and unfolds the object over its own octets: they are spoilt, and no memory is needed for a second
// copy of a photo.
func DigestOver(data []byte, kind Kind) (digest [32]byte, ok bool) {
	if len(data) > MaxSize {
		return digest, false
	}
	reader := newLineReader(data)
	reader.over = true
	doc, err := parse(reader)
	if doc, err = ofKind(doc, kind, err); err != nil {
		return digest, false
	}
	return doc.digest(), true
}

func (d *Document) digest() [32]byte {
	hash := sha256.New()
	for _, e := range normalize(d).entries {
		if !e.soft {
			_, _ = io.WriteString(hash, e.where+"\x00"+e.name+"\x00"+e.key+"\n")
		}
	}
	return [32]byte(hash.Sum(nil))
}
