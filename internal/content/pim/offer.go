// SPDX-License-Identifier: Apache-2.0

package pim

import "slices"

// Readiness says when a repair is made.
type Readiness string

// When repairs are made, the readiest first.
const (
	Always    Readiness = "always"  // even where a destination would take the object as it is
	IfNeeded  Readiness = "safe"    // without a guess, where the destination insists
	OnRequest Readiness = "request" // a guess, or a loss that somebody has to choose
)

// Offer is one repair that there is.
type Offer struct {
	Code  Code
	When  Readiness
	Finds string // what is wrong, in one line
	Does  string // what is done about it
}

// Offers returns all repairs that there are. It is the only list of them: what is made always, what is safe and what
// the docs say is taken from it.
//
// Always is what breaks XML, JSON, the clients of a shared calendar, or servers that read folded lines one by one. Safe
// is what every reader of the object understands after the repair in the way in which a lenient one understood it
// before. Everything else is done on request only.
func Offers() []Offer {
	return []Offer{
		{CodeByteOrderMark, Always, "a byte order mark at the beginning", "removed"},
		{CodeNotUTF8, Always, "text that is not UTF-8", "converted from Windows-1252"},
		{CodeControlCharacter, Always, "control characters", "removed; those in place of a line break become one, or a space"},
		{CodeSplitCharacter, Always, "a line folded in the middle of a character", "folded between characters"},
		{CodeMethod, Always, "a `METHOD`, which belongs in a message", "removed"},
		{CodeLineEnds, IfNeeded, "line ends other than CRLF", "changed to CRLF"},
		{CodeEmptyLine, IfNeeded, "empty lines, also after the end", "removed"},
		{CodeCharset, IfNeeded, "lines with a charset or transfer encoding of vCard 2.1", "decoded to UTF-8"},
		{CodeEscapedColon, IfNeeded, "a backslash before a colon or a quotation mark", "removed"},
		{CodeBareParameter, IfNeeded, "a parameter without a value", "changed to a `TYPE` in a contact, removed in an event"},
		{CodeRepeatedLine, IfNeeded, "a property twice that may occur once, with the same value", "the second removed"},
		{CodeMissingVersion, IfNeeded, "no `VERSION`", "added"},
		{CodeBase64Name, IfNeeded, "`ENCODING=BASE64` in a newer contact", "changed to `ENCODING=b`"},
		{CodeVCard21, IfNeeded, "a vCard 2.1", "converted to 3.0, with the cards of its agents"},
		{CodeMissingUID, IfNeeded, "a contact without `UID`", "one made from its content"},
		{CodeMissingFN, IfNeeded, "a contact without `FN`", "made from its name, organisation, address or number"},
		{CodeMissingN, IfNeeded, "a vCard 3.0 without `N`", "made from `FN`"},
		{CodeMissingProdID, IfNeeded, "a calendar object without `PRODID`", "added"},
		{CodeMissingDTStamp, IfNeeded, "an event without `DTSTAMP`", "made from the time of its last change, its creation or its start"},
		{CodeMissingEventUID, IfNeeded, "an event without `UID`", "that of its other parts, or one made from its content"},
		{CodeStrayLine, OnRequest, "a line without a colon", "joined to the text of the line before"},
		{CodeDoubleEncoded, OnRequest, "text that was encoded as UTF-8 twice", "decoded once"},
		{CodeJoinedCategories, OnRequest, "one category with commas, which is how old servers wrote several", "separated"},
		{CodeBadDuration, OnRequest, "a duration such as `PT1D`", "changed to `P1D`"},
		{CodeBadOffset, OnRequest, "a time zone offset without hours", "hours added"},
		{CodeLoneOverride, OnRequest, "a changed occurrence of an event that is missing", "converted to an event of its own"},
		{CodeEmailAlarm, OnRequest, "an alarm that sends email", "converted to a display alarm"},
	}
}

// AlwaysNeeds returns the repairs that are made even where a destination would take the object.
func AlwaysNeeds() Needs { return needsOf(Always) }

// SafeNeeds returns all repairs that are made without a guess.
func SafeNeeds() Needs { return needsOf(Always, IfNeeded) }

// Every returns all repairs that there are, those on request too.
func Every() Needs { return needsOf(Always, IfNeeded, OnRequest) }

func needsOf(when ...Readiness) Needs {
	needs := Needs{}
	for _, offer := range Offers() {
		if slices.Contains(when, offer.When) {
			needs[offer.Code] = true
		}
	}
	return needs
}
