// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
)

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
func (v Verdict) Harmless() bool {
	return v == VerdictIdentical || v == VerdictEqual || v == VerdictCosmetic || v == VerdictRepaired
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
	Verdict     Verdict
	Differences []Difference // what makes it cosmetic or changed, at most 20; the first is the one to name
	Fixes       []Code       // what makes it repaired
}

// Compare compares the source's object with the destination's by their normal forms. It asks nobody what
// was done on the way: whether the destination holds the repaired object, it finds out by repairing both.
// An object that cannot be read is changed, unless the bytes are identical.
func Compare(src, dst []byte, kind Kind) Comparison {
	if bytes.Equal(src, dst) {
		return Comparison{Verdict: VerdictIdentical}
	}
	srcDoc, err := parseAs(src, kind)
	if err != nil {
		return unreadable("the source's object cannot be read: " + err.Error())
	}
	dstDoc, err := parseAs(dst, srcDoc.Kind)
	if err != nil {
		return unreadable("the destination's object cannot be read: " + err.Error())
	}
	hard, soft := differences(srcDoc, dstDoc)
	switch {
	case len(hard) == 0 && len(soft) == 0:
		return Comparison{Verdict: VerdictEqual}
	case len(hard) == 0:
		return Comparison{Verdict: VerdictCosmetic, Differences: soft}
	}
	return compareRepaired(srcDoc, dstDoc)
}

func unreadable(sentence string) Comparison {
	return Comparison{Verdict: VerdictChanged, Differences: []Difference{{Sentence: sentence}}}
}

// compareRepaired repairs both sides in every way and compares what is left.
func compareRepaired(src, dst *Document) Comparison {
	needs := Every()
	fillable := filledIn(src.Kind)
	for _, code := range fillable {
		delete(needs, code)
	}
	srcText, srcFixes := Repair(src.data, src.Kind, needs)
	if !slices.ContainsFunc(srcFixes, func(fix Fix) bool { return fix.Code == CodeDoubleEncoded }) {
		delete(needs, CodeDoubleEncoded) // only at the destination it is damage, and nobody's repair
	}
	dstText, dstFixes := Repair(dst.data, dst.Kind, needs)
	if !src.hasAgent() {
		text, fixes := RemoveScheduleAgent(dstText)
		dstText, dstFixes = text, append(dstFixes, fixes...)
	}
	srcDoc, srcErr := parseAs(srcText, src.Kind)
	dstDoc, dstErr := parseAs(dstText, src.Kind)
	if srcErr != nil || dstErr != nil {
		return unreadable("the object cannot be read after its repairs")
	}
	codes := uneven(srcFixes, dstFixes)
	hard, _ := differences(srcDoc, dstDoc)
	var rest []Difference
	for _, difference := range hard {
		code := fillable[difference.Property]
		if code == "" || difference.Line > 0 || has(srcDoc, difference) {
			rest = append(rest, difference)
		} else if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	if len(rest) == 0 {
		return Comparison{Verdict: VerdictRepaired, Fixes: codes}
	}
	return Comparison{Verdict: VerdictChanged, Differences: rest}
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
func has(doc *Document, d Difference) bool {
	return slices.ContainsFunc(normalize(doc).entries, func(e entry) bool { return e.name == d.Property && e.where == d.where })
}

// uneven returns the codes of repairs that only one side needed.
func uneven(src, dst []Fix) []Code {
	counts := map[Code]int{}
	for _, fix := range src {
		counts[fix.Code] += len(fix.Edits)
	}
	for _, fix := range dst {
		counts[fix.Code] -= len(fix.Edits)
	}
	var codes []Code
	for _, fix := range slices.Concat(src, dst) {
		if counts[fix.Code] != 0 && !slices.Contains(codes, fix.Code) {
			codes = append(codes, fix.Code)
		}
	}
	return codes
}

func (d *Document) hasAgent() bool {
	return slices.ContainsFunc(d.invited(), func(line Line) bool { return line.Param("SCHEDULE-AGENT") != "" })
}

// maxDifferences bounds a list of differences: the first ones tell the story.
const maxDifferences = 20

// differences returns what two objects do not have in common, and apart from that what servers keep for
// themselves.
func differences(src, dst *Document) (hard, soft []Difference) {
	a, b := normalize(src), normalize(dst)
	onlySrc, onlyDst := unmatched(a.entries, b.entries), unmatched(b.entries, a.entries)
	hard = describe(onlySrc, onlyDst, false)
	soft = describe(onlySrc, onlyDst, true)
	lower, higher := compareSequences(a.sequences, b.sequences)
	if lower {
		hard = append(hard, Difference{Property: "SEQUENCE", Sentence: "SEQUENCE is lower at the destination"})
	}
	if higher {
		soft = append(soft, Difference{Property: "SEQUENCE", Sentence: "SEQUENCE is higher at the destination"})
	}
	if len(hard) == 0 && (a.recurs || b.recurs) && a.zoneText != b.zoneText {
		if difference, equal := compareZones(src, dst); !equal {
			hard = append(hard, difference)
		}
	}
	return hard, soft
}

// compareSequences tells whether a SEQUENCE went down or up. None is 0.
func compareSequences(src, dst map[string]int) (lower, higher bool) {
	for where, sequence := range src {
		lower = lower || dst[where] < sequence
	}
	for where, sequence := range dst {
		higher = higher || sequence > src[where]
	}
	return lower, higher
}

// zoneYears is how far an object with another VTIMEZONE is expanded from its start.
const zoneYears = 10

func compareZones(src, dst *Document) (Difference, bool) {
	first := src.earliest()
	window := Window{From: first.AddDate(0, 0, -2), To: first.AddDate(zoneYears, 0, 0)}
	a, _ := src.occurrences(window)
	b, _ := dst.occurrences(window)
	return compareOccurrences(a, b)
}

// unmatched returns the entries of a, sorted, that have no partner in b, sorted.
func unmatched(a, b []entry) []entry {
	var rest []entry
	for _, e := range a {
		for len(b) > 0 && compareEntries(b[0], e) < 0 {
			b = b[1:]
		}
		if len(b) > 0 && compareEntries(b[0], e) == 0 {
			b = b[1:]
			continue
		}
		rest = append(rest, e)
	}
	return rest
}

// describe pairs what is left on both sides by property.
func describe(src, dst []entry, soft bool) []Difference {
	type place struct{ where, name string }
	others := map[place]int{}
	for _, e := range dst {
		if e.soft == soft {
			others[place{e.where, e.name}]++
		}
	}
	var found []Difference
	for _, e := range src {
		if e.soft != soft {
			continue
		}
		what := "is missing at the destination"
		if at := (place{e.where, e.name}); others[at] > 0 {
			others[at]--
			what = "is different at the destination"
		}
		found = append(found, e.difference(what, e.line))
	}
	for _, e := range dst {
		if at := (place{e.where, e.name}); e.soft == soft && others[at] > 0 {
			others[at]--
			found = append(found, e.difference("stands only at the destination", 0))
		}
	}
	slices.SortStableFunc(found, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(min(b.Line, 1), min(a.Line, 1)), cmp.Compare(a.Line, b.Line))
	})
	return found[:min(len(found), maxDifferences)]
}

var componentWords = map[string]string{
	"VCARD": "contact", "VCALENDAR": "calendar object", "VEVENT": "event", "VTODO": "task", "VJOURNAL": "journal entry",
}

func (e entry) difference(what string, line int) Difference {
	name := cmp.Or(e.name, "a line without colon")
	sentence := fmt.Sprintf("%s of the %s %s", name, cmp.Or(componentWords[e.component], e.component), what)
	return Difference{Component: e.component, Property: e.name, Line: line, Sentence: sentence, where: e.where}
}

// Digest is a SHA-256 of an object's normal form without its cosmetic part: two objects whose verdict is
// cosmetic or better have the same, except where only the offsets of a time zone tell them apart. ok is
// false where the object cannot be read.
func Digest(data []byte, kind Kind) (digest [32]byte, ok bool) {
	doc, err := parseAs(data, kind)
	if err != nil {
		return digest, false
	}
	hash := sha256.New()
	for _, e := range normalize(doc).entries {
		if !e.soft {
			_, _ = io.WriteString(hash, e.where+"\x00"+e.name+"\x00"+e.key+"\n")
		}
	}
	return [32]byte(hash.Sum(nil)), true
}
