// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// entry is one property in the normal form: what means the same has the same key.
type entry struct {
	component string // "VEVENT"
	where     string // tells the components of one object apart
	name      string
	key       string
	soft      bool // a server may change it for itself
	line      int
}

// normalForm is what an object means.
type normalForm struct {
	entries   []entry
	sequences map[string]int // SEQUENCE by where
	zoneText  [32]byte       // over the VTIMEZONEs, to see whether they need a closer look
	recurs    bool
}

// normalizer makes the normal form of one object.
type normalizer struct {
	doc    *Document
	zones  *zones
	labels map[string]string // of the component at hand
	form   normalForm
}

func normalize(doc *Document) *normalForm {
	n := &normalizer{doc: doc, zones: newZones(doc, newBudget())}
	n.form.sequences = map[string]int{}
	for i, top := range doc.Components {
		n.component(top, top.Name+" "+strconv.Itoa(i))
	}
	slices.SortFunc(n.form.entries, compareEntries)
	n.form.entries = slices.CompactFunc(n.form.entries, func(a, b entry) bool { return sets[a.name] && compareEntries(a, b) == 0 })
	form := n.form // a pointer into the normalizer would hold the whole document
	return &form
}

// sets are properties of which the same item twice says no more than once.
var sets = names("CATEGORIES RESOURCES NICKNAME EXDATE RDATE")

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.where, b.where), cmp.Compare(a.name, b.name), cmp.Compare(a.key, b.key))
}

// component adds the properties of a VCARD or VCALENDAR and those of the components in it.
func (n *normalizer) component(top *Component, where string) {
	n.form.entries = append(n.form.entries, n.properties(top, where)...)
	zoneText := sha256.New()
	_, _ = io.WriteString(zoneText, where) // so that the same zones of two calendars do not cancel each other out
	byUID := severalUIDs(top)
	for _, child := range top.Children {
		if child.Name == "VTIMEZONE" {
			n.hashText(zoneText, child)
			continue
		}
		place := where + "/" + child.Name
		if id, ok := child.First("RECURRENCE-ID"); ok {
			place += " " + n.moments(id)
		}
		if uid, _ := child.First("UID"); byUID {
			place += " " + string(uid.Value)
		}
		if _, recurs := child.First("RRULE"); recurs {
			n.form.recurs = true
		}
		n.form.entries = append(n.form.entries, n.properties(child, place)...)
		for _, inner := range child.Children {
			n.form.entries = append(n.form.entries, n.nested(child, inner, place))
		}
	}
	sum := zoneText.Sum(nil)
	for i := range sum {
		n.form.zoneText[i] ^= sum[i]
	}
}

// severalUIDs reports whether UIDs tell the components of a calendar apart. Where one has none it may get
// one, so that they do not.
func severalUIDs(calendar *Component) bool {
	seen := map[string]bool{}
	for _, child := range calendar.Children {
		uid, ok := child.First("UID")
		if !takesPlace(child.Name) {
			continue
		}
		if !ok {
			return false
		}
		seen[string(uid.Value)] = true
	}
	return len(seen) > 1
}

// hashText takes a component in as it is written, without its folds.
func (n *normalizer) hashText(hash io.Writer, component *Component) {
	for line := range component.properties() {
		_, _ = hash.Write(append(line.content[:len(line.content):len(line.content)], '\n'))
	}
	for _, child := range component.Children {
		_, _ = io.WriteString(hash, child.Name+"\n")
		n.hashText(hash, child)
	}
}

// nested makes one entry of an alarm, or of whatever else stands in an event.
func (n *normalizer) nested(parent, inner *Component, where string) entry {
	return entry{
		component: parent.Name, where: where, name: inner.Name,
		key: n.digest(inner), line: inner.Begin.Number,
	}
}

func (n *normalizer) digest(component *Component) string {
	entries := n.properties(component, "")
	for _, child := range component.Children {
		entries = append(entries, n.nested(component, child, ""))
	}
	slices.SortFunc(entries, compareEntries)
	hash := sha256.New()
	for _, e := range entries {
		if !e.soft {
			_, _ = io.WriteString(hash, e.name+"\x00"+e.key+"\n")
		}
	}
	return string(hash.Sum(nil))
}

// properties makes the entries of a component's own properties.
func (n *normalizer) properties(component *Component, where string) []entry {
	var entries []entry
	n.labels = groupLabels(component)
	for line := range component.properties() {
		if line.Name == "SEQUENCE" {
			n.form.sequences[where], _ = strconv.Atoi(strings.TrimSpace(string(line.Value)))
			continue
		}
		for _, property := range n.property(component, line) {
			if label := n.labels[line.Group]; label != "" && !strings.HasPrefix(line.Name, "X-AB") {
				property.value += "\x00" + label
			}
			entries = append(entries, entry{
				component: component.Name, where: where, name: property.name,
				key: shorten(property.params + "\x00" + property.value), soft: n.isSoft(line), line: line.Number,
			})
		}
		if blanks := n.blanksAround(line); blanks != "" {
			entries = append(entries, entry{
				component: component.Name, where: where, name: "white space around " + line.Name, key: blanks, soft: true, line: line.Number,
			})
		}
	}
	return entries
}

// rawly returns text for comparing that is not clean: as it is, or the hash of a long one.
func rawly(content []byte) string {
	if len(content) <= longText {
		return string(content)
	}
	return fmt.Sprintf("long %x", sha256.Sum256(content))
}

// shorten keeps what is compared small.
func shorten(key string) string {
	if len(key) <= 64 {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return string(sum[:])
}

// groupLabels returns what Apple's labels say about the properties of a group, by group: the group's own
// name means nothing and may change.
func groupLabels(component *Component) map[string]string {
	labels := map[string]string{}
	for line := range component.properties() {
		if line.Group != "" && line.Name == "X-ABLABEL" && labels[line.Group] == "" {
			labels[line.Group] = line.Text()
		}
	}
	return labels
}

// isSoft reports whether servers change the property for themselves.
func (n *normalizer) isSoft(line Line) bool {
	switch line.Name {
	case "PRODID", "CALSCALE", "METHOD", "DTSTAMP", "LAST-MODIFIED", "CREATED", "REV",
		"X-WR-CALNAME", "X-RADICALE-NAME", "X-MOZ-LASTACK", "X-MOZ-GENERATION":
		return true
	case "VERSION":
		return n.doc.Kind == KindCalendar || strings.TrimSpace(string(line.Value)) != "2.1"
	}
	return strings.HasPrefix(line.Name, "X-EVOLUTION-")
}

// property is a line in the normal form.
type property struct{ name, params, value string }

// property returns what a line means: nothing if it only states a default, one property an item if it is
// a list. A line that is not clean text is kept as it stands, for the repairs to clean it.
func (n *normalizer) property(component *Component, line Line) []property {
	if line.Name == "" || !utf8.Valid(line.content) || hasControls(line.content) {
		return []property{{line.Name, "raw", rawly(line.content)}}
	}
	if n.doc.Kind == KindContact {
		return n.cardProperty(line)
	}
	return n.calendarProperty(component, line)
}

func hasControls(content []byte) bool {
	return slices.ContainsFunc(content, func(b byte) bool { return b < ' ' && b != '\t' })
}

// params writes the parameters in one order without those that say what goes without saying.
func (n *normalizer) params(line Line, drop ...string) string {
	written := make([]string, 0, len(line.Params))
	for _, param := range line.Params {
		if slices.Contains(drop, param.Name) || unsaid[param.Name] {
			continue
		}
		if param.Name == "TYPE" {
			written = append(written, typeParams(line.Name, param.Values)...)
			continue
		}
		value := normalParam(param)
		if value == "" {
			continue // it says nothing, and servers leave it out
		}
		if value == defaultParams[param.Name] {
			continue
		}
		written = append(written, param.Name+"="+value)
	}
	slices.Sort(written)
	return strings.Join(slices.Compact(written), ";")
}

// normalParam writes the values of a parameter by their type (RFC 5545 section 3.2). The order of several addresses
// means nothing.
func normalParam(param Param) string {
	values := slices.Clone(param.Values)
	for i, value := range values {
		switch {
		case upperParams[param.Name]:
			values[i] = strings.ToUpper(value)
		case lowerParams[param.Name]:
			values[i] = strings.ToLower(value)
		case strings.Contains(value, ":"):
			values[i] = reference(value)
		case param.Name == "PREF" || param.Name == "INDEX":
			values[i] = integer(value)
		}
	}
	if len(values) > 1 && (param.Name == "MEMBER" || strings.HasPrefix(param.Name, "DELEGATED-")) {
		slices.Sort(values)
	}
	return strings.Join(values, ",")
}

// unsaid are parameters about how a value is written, which the value itself shows, and what a server
// that schedules notes.
var unsaid = names("VALUE ENCODING CHARSET SCHEDULE-STATUS SCHEDULE-FORCE-SEND X-RADICALE-NAME")

var upperParams = names("ROLE PARTSTAT CUTYPE RSVP RELATED RELTYPE FBTYPE SCHEDULE-AGENT RANGE")

// lowerParams are language tags (RFC 5646 section 2.1.1) and names of media types (RFC 2045 section 5.1).
var lowerParams = names("LANGUAGE FMTTYPE MEDIATYPE CALSCALE LEVEL")

var defaultParams = map[string]string{
	"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "CUTYPE": "INDIVIDUAL", "RSVP": "FALSE",
	"RELATED": "START", "RELTYPE": "PARENT", "FBTYPE": "BUSY", "SCHEDULE-AGENT": "SERVER",
	"CALSCALE": "gregorian",
}

// typeParams makes TYPE a set: "TYPE=home,pref" is TYPE=home and PREF=1.
func typeParams(property string, values []string) []string {
	var written []string
	for _, value := range values {
		for item := range strings.SplitSeq(strings.ToLower(value), ",") {
			switch {
			case item == "" || property == "EMAIL" && item == "internet" || property == "TEL" && item == "voice":
			case item == "pref":
				written = append(written, "PREF=1")
			default:
				written = append(written, "TYPE="+item)
			}
		}
	}
	return written
}

// address writes a calendar user address in one way: scheme and domain in lower case.
func address(value string) string {
	value = strings.TrimSpace(value)
	scheme, rest, found := strings.Cut(value, ":")
	if !found || !strings.EqualFold(scheme, "mailto") {
		return value
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[:at] + strings.ToLower(rest[at:])
	}
	return "mailto:" + rest
}

// digestInline hashes inline data by its bytes, so that its spelling does not matter.
func digestInline(line Line) (string, bool) {
	value, ok := inlineBytes(line)
	if !ok {
		return "", false
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, base64Reader(value)); err != nil {
		return "", false
	}
	return string(hash.Sum(nil)), true
}
