// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"strings"
)

// cardNames maps what vCard 3.0 had to say by extensions to the properties of 4.0.
var cardNames = map[string]string{
	"X-ADDRESSBOOKSERVER-KIND": "KIND", "X-ADDRESSBOOKSERVER-MEMBER": "MEMBER", "X-ANNIVERSARY": "ANNIVERSARY",
}

// anniversaryLabel is how Apple marks a date of vCard 3.0 that is ANNIVERSARY in 4.0.
const anniversaryLabel = "_$!<Anniversary>!$_"

// cardProperty normalizes a line of a vCard.
func (n *normalizer) cardProperty(line Line) []property {
	name := line.Name
	if mapped := cardNames[name]; mapped != "" {
		name = mapped
	}
	switch name {
	case "PHOTO", "LOGO", "SOUND", "KEY":
		if digest, ok := digestInline(line); ok {
			return []property{{name, n.params(line, "TYPE", "MEDIATYPE"), digest}}
		}
		return []property{{name, n.params(line), reference(plainly(line))}}
	case "GEO":
		return []property{{name, n.params(line), position(string(line.Value))}}
	case "TZ":
		return []property{{name, n.params(line), utcOffset(line.Text())}}
	case "URL", "FBURL", "CALURI", "CALADRURI", "SOURCE", "IMPP", "ORG-DIRECTORY":
		return []property{{name, n.params(line), reference(line.Text())}}
	case "LANG", "CLASS":
		return []property{{name, n.params(line), strings.ToLower(strings.TrimSpace(line.Text()))}}
	case "N", "ADR", "ORG", "GENDER", "CLIENTPIDMAP":
		return []property{{name, n.params(line), n.structured(line)}}
	case "CATEGORIES", "NICKNAME":
		return n.items(name, line)
	case "BDAY", "ANNIVERSARY", "DEATHDATE":
		return []property{{name, n.params(line, "X-APPLE-OMIT-YEAR", "CALSCALE"), cardDate(line)}}
	case "X-ABDATE", "X-ABLABEL":
		return n.labelled(line)
	case "X-ABSHOWAS":
		if strings.EqualFold(line.Text(), "COMPANY") {
			return []property{{"KIND", "", "org"}}
		}
	case "KIND":
		if kind := strings.ToLower(strings.TrimSpace(line.Text())); kind != "individual" {
			return []property{{name, "", kind}}
		}
		return nil
	}
	return []property{{name, n.params(line), typed(line, withoutScheme(name, plainly(line)))}}
}

// withoutScheme undoes the URIs that vCard 4.0 puts where 3.0 has text.
func withoutScheme(name, value string) string {
	prefix := map[string]string{"UID": "urn:uuid:", "MEMBER": "urn:uuid:", "RELATED": "urn:uuid:", "TEL": "tel:"}[name]
	if prefix == "" && name == "EMAIL" {
		return address(value)
	}
	if rest, ok := cutScheme(value, prefix); ok {
		return rest
	}
	if name == "MEMBER" || name == "RELATED" {
		return reference(value)
	}
	return value
}

// structured splits a value into its fields, and these into their lists; empty fields at the end say
// nothing. A comma of vCard 2.1 separates nothing.
func (n *normalizer) structured(line Line) string {
	if bytes.Count(line.Value, []byte(";"))+bytes.Count(line.Value, []byte(",")) > maxItems {
		return plainly(line)
	}
	decoded, _ := decodeValue(line)
	fields := splitEscaped(string(decoded), ';')
	for i, field := range fields {
		parts := []string{field}
		if n.doc.version() != "2.1" {
			parts = splitEscaped(field, ',')
		}
		for j, part := range parts {
			parts[j] = unescape(part)
		}
		fields[i] = strings.Join(parts, "\x1f")
	}
	return strings.TrimRight(strings.Join(fields, "\x1e"), "\x1e")
}

// maxItems is the longest list that is taken apart.
const maxItems = 2000

// items makes one property of each item of a list.
func (n *normalizer) items(name string, line Line) []property {
	params := n.params(line)
	if bytes.Count(line.Value, []byte(",")) > maxItems {
		return []property{{name, params, plainly(line)}}
	}
	decoded, _ := decodeValue(line)
	var found []property
	for _, item := range splitEscaped(string(decoded), ',') {
		if item = strings.TrimSpace(unescape(item)); item != "" {
			found = append(found, property{name, params, item})
		}
	}
	return found
}

// cardDate writes a date without dashes, and a year that Apple says is none as "--".
func cardDate(line Line) string {
	value := strings.TrimSpace(line.Text())
	if isCardDate(value) {
		date, clock, hasClock := strings.Cut(value, "T")
		if plain := strings.ReplaceAll(date, "-", ""); len(plain) == 8 {
			date = plain
		} else if strings.HasPrefix(date, "--") && !strings.HasPrefix(date, "---") {
			date = "--" + plain
		}
		value = date
		if hasClock {
			value += "T" + strings.ReplaceAll(clock, ":", "")
		}
	}
	if omitted := line.Param("X-APPLE-OMIT-YEAR"); omitted != "" && strings.HasPrefix(value, omitted) {
		value = "--" + value[len(omitted):]
	}
	return value
}

// labelled maps a date that Apple labels an anniversary, and leaves its label out.
func (n *normalizer) labelled(line Line) []property {
	anniversary := line.Group != "" && n.labels[line.Group] == anniversaryLabel
	switch {
	case anniversary && line.Name == "X-ABDATE":
		return []property{{"ANNIVERSARY", "", cardDate(line)}}
	case anniversary:
		return nil
	}
	return []property{{line.Name, n.params(line), line.Text()}}
}
