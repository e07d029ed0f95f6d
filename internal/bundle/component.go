// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"

	"rehome/internal/content/pim"
)

// component is a part of an object that stands alone in a file: a VCARD, or what a VCALENDAR is made of.
type component struct {
	name string // upper-case: "VEVENT"
	text []byte // its lines, each ended by CR LF
	zone string // the TZID of a VTIMEZONE
}

// components takes an object apart; ok is false for one that cannot stand in a file with others.
func components(data []byte, kind pim.Kind) (parts []component, ok bool) {
	document, err := pim.Parse(data)
	if err != nil || document.Kind != kind || document.Encoding != pim.EncodingUTF8 {
		return nil, false
	}
	torn := func(p pim.Problem) bool {
		return p.Code == pim.CodeUnbalanced || p.Code == pim.CodeOutside || p.Code == pim.CodeTooDeep
	}
	if slices.ContainsFunc(document.Problems, torn) {
		return nil, false
	}
	whole := 0
	for _, top := range document.Components {
		if kind == pim.KindContact {
			parts = append(parts, component{name: top.Name, text: lines(data, top)})
			whole++
			continue
		}
		for _, child := range top.Children {
			part := component{name: child.Name, text: lines(data, child)}
			if child.Name == "VTIMEZONE" {
				id, _ := child.First("TZID")
				part.zone = string(id.Value)
			} else {
				whole++
			}
			parts = append(parts, part)
		}
	}
	for _, part := range parts {
		if !standsAlone(part) {
			return nil, false
		}
	}
	return parts, whole > 0
}

// standsAlone asks the reader of whole files, to which an object may look different from what the reader of objects forgives.
func standsAlone(part component) bool {
	var found []component
	err := split(bytes.NewReader(part.text), part.name == "VCARD", func(c component) error {
		found = append(found, c)
		return nil
	})
	return err == nil && len(found) == 1 && bytes.Equal(found[0].text, part.text)
}

// lines returns a component as it stands in the data, with the line ends of the standards and without empty lines.
func lines(data []byte, c *pim.Component) []byte {
	raw := data[c.Begin.Offset : c.End.Offset+len(c.End.Raw)]
	if !bytes.Contains(raw, []byte("\n")) {
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	var b bytes.Buffer
	for line := range bytes.Lines(raw) {
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			b.Write(line)
			b.WriteString("\r\n")
		}
	}
	return b.Bytes()
}

// logical yields the content lines of a text, each with the lines that continue it (RFC 5545 section 3.1), and its name.
func logical(text []byte, each func(name string, line []byte)) {
	for len(text) > 0 {
		end := 0
		for {
			i := bytes.IndexByte(text[end:], '\n')
			if i < 0 {
				end = len(text)
				break
			}
			if end += i + 1; end == len(text) || text[end] != ' ' && text[end] != '\t' {
				break
			}
		}
		line := text[:end]
		text = text[end:]
		unfolded := strings.NewReplacer("\r\n ", "", "\r\n\t", "").Replace(string(line[:min(len(line), 200)]))
		name := unfolded[:max(strings.IndexAny(unfolded, ":;"), 0)]
		each(strings.ToUpper(name), line)
	}
}

// meaning is a digest of what a time zone says: its lines without those that only tell where it is from.
func meaning(zone []byte) [32]byte {
	hash := sha256.New()
	logical(zone, func(name string, line []byte) {
		switch {
		case name == "LAST-MODIFIED", name == "TZURL", name == "COMMENT", strings.HasPrefix(name, "X-"):
		default:
			hash.Write(bytes.ReplaceAll(bytes.ReplaceAll(line, []byte("\r\n "), nil), []byte("\r\n\t"), nil))
		}
	})
	return [32]byte(hash.Sum(nil))
}

// uninvited returns a component without those whom an import could send a mail: attendees, organizer, and alarms by mail, which are
// none without an addressee.
func uninvited(text []byte) []byte {
	var b, alarm bytes.Buffer
	into, mails := &b, false
	logical(text, func(name string, line []byte) {
		value := strings.ToUpper(strings.TrimSpace(string(line)))
		if value == "BEGIN:VALARM" {
			into, mails = &alarm, false
			alarm.Reset()
		}
		switch {
		case name == "ATTENDEE", name == "ORGANIZER":
			return
		case name == "ACTION" && strings.HasSuffix(value, ":EMAIL"):
			mails = true
		}
		into.Write(line)
		if value == "END:VALARM" && into == &alarm {
			if into = &b; !mails {
				b.Write(alarm.Bytes())
			}
		}
	})
	return b.Bytes()
}
