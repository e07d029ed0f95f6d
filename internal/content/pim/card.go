// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// singleCard are the properties that a card has once. FN and N may be repeated in vCard 4.0 with ALTID,
// which is then no mistake of this kind.
const singleCard = "VERSION UID FN N BDAY ANNIVERSARY REV PRODID GENDER KIND X-ADDRESSBOOKSERVER-KIND"

// card looks at one VCARD.
func (x *propertyExaminer) card(card *Component) {
	if card.Name != "VCARD" {
		x.report(CodeUnknownComponent, card.Begin, "an address book contains a component other than VCARD")
		return
	}
	single := names(singleCard)
	if x.doc.version() == "4.0" {
		delete(single, "FN")
	}
	x.repeated(card, single)
	x.formattedName(card)
	x.uid(card)
	for line := range card.properties() {
		switch line.Name {
		case "BDAY", "ANNIVERSARY", "DEATHDATE", "REV":
			if !strings.EqualFold(line.Param("VALUE"), "TEXT") && !isCardDate(string(line.Value)) {
				x.report(CodeInvalidDate, line, line.Name+" is not a date")
			}
		case "X-ADDRESSBOOKSERVER-KIND":
			x.report(CodeOldGroup, line, "is a group of contacts in Apple's format")
		}
	}
	for _, child := range card.Children {
		x.report(CodeUnknownComponent, child.Begin, "a contact contains another component")
	}
}

// formattedName checks FN and, in vCard 3.0, N.
func (x *propertyExaminer) formattedName(card *Component) {
	_, hasFN := card.First("FN")
	_, hasN := card.First("N")
	if !hasFN {
		const sentence = "has no FN, the display name"
		name, from := nameToShow(card)
		x.repairable(CodeMissingFN, card.Begin, sentence, "FN added from "+from, insertAtEnd(card, "FN:"+escape(name))...)
	}
	version, _ := card.First("VERSION")
	if fn, _ := card.First("FN"); !hasN && strings.TrimSpace(string(version.Value)) == "3.0" {
		const sentence = "has no N, which vCard 3.0 requires"
		if hasFN {
			x.repairable(CodeMissingN, card.Begin, sentence, "N added from FN",
				insertAtEnd(card, "N:"+escape(fn.Text())+";;;;")...)
		} else {
			x.report(CodeMissingN, card.Begin, sentence)
		}
	}
}

// nameToShow builds FN in the way of SabreDAV's own repair, so that both give the same.
func nameToShow(card *Component) (name, from string) {
	for _, source := range []string{"N", "ORG", "NICKNAME", "EMAIL", "TEL"} {
		line, ok := card.First(source)
		if !ok || len(line.Value) > longText {
			continue // a name of 64 KB is none
		}
		decoded, _ := decodeValue(line)
		parts := splitEscaped(string(toUTF8(decoded)), ';')
		name := unescape(parts[0])
		if source == "N" && len(parts) > 1 && parts[1] != "" {
			name = unescape(parts[1]) + " " + name
		}
		if name = strings.TrimSpace(name); name != "" {
			return name, source
		}
	}
	return "", "nothing, so it is empty"
}

// uid checks the UID of a contact.
func (x *propertyExaminer) uid(card *Component) {
	line, ok := card.First("UID")
	if ok {
		x.checkUID(line)
		return
	}
	x.repairable(CodeMissingUID, card.Begin, "has no UID", "UID added, made from the contact's content",
		insertAfter(card.Begin, "UID:"+x.madeUID(card))...)
}

// madeUID derives a UID from what a component means: the same object gets the same one again, also after other
// repairs, after a lost ledger, and from a server that writes it in another way.
func (x *propertyExaminer) madeUID(component *Component) string {
	n := normalizer{doc: x.doc, zones: newZones(x.doc, newBudget())}
	n.form.sequences = map[string]int{}
	sum := sha256.Sum256([]byte(n.digest(component)))
	sum[6] = sum[6]&0x0f | 0x80 // RFC 9562, version 8
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// longUID is what the uid column of a SabreDAV database holds.
const longUID = 200

func (x *propertyExaminer) checkUID(line Line) {
	uid := strings.TrimSpace(string(line.Value))
	if uid == "" || len(uid) > longUID || strings.ContainsFunc(uid, func(r rune) bool { return r < ' ' }) {
		x.report(CodeUnsafeUID, line, fmt.Sprintf("UID is empty, longer than %d octets or has control characters", longUID))
	}
}

// isCardDate reads the dates of vCard 3.0 and 4.0: complete, with or without time, and those that leave
// out the year, the day or more.
func isCardDate(value string) bool {
	value = strings.TrimSpace(value)
	if value == "" {
		return true // an empty BDAY says nothing, and every server takes it
	}
	date, _, _ := strings.Cut(strings.ToUpper(value), "T")
	if date == "" {
		return true
	}
	for _, layout := range []string{"2006-01-02", "20060102", "--0102", "--01-02", "2006-01", "2006", "--01", "---02"} {
		if at, err := time.Parse(layout, strings.TrimSuffix(date, "Z")); err == nil && (at.Year() > 0 || layout[0] == '-') {
			return true
		}
	}
	return date == "--0229" || date == "--02-29"
}
