// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// property is one content line (RFC 5545, section 3.1; RFC 6350, section 3.3).
type property struct {
	group, name string
	params      map[string][]string // names in upper case; values in order
	value       string
}

// component is what stands between BEGIN and END.
type component struct {
	name       string
	properties []property
	inside     []*component
}

// readObject reads the components of an object. A line without a colon is a property without a value: it
// must not vanish from the comparison.
func readObject(data []byte) (*component, error) {
	root := &component{}
	stack := []*component{root}
	for _, text := range contentLines(string(data)) {
		p := readProperty(text)
		top := stack[len(stack)-1]
		switch p.name {
		case "BEGIN":
			if len(stack) > maxDepth {
				return nil, errors.New("components in components without end")
			}
			c := &component{name: strings.ToUpper(strings.TrimSpace(p.value))}
			top.inside = append(top.inside, c)
			stack = append(stack, c)
		case "END":
			if len(stack) == 1 || !strings.EqualFold(strings.TrimSpace(p.value), top.name) {
				return nil, fmt.Errorf("END:%s where %s is open", p.value, top.name)
			}
			stack = stack[:len(stack)-1]
		default:
			top.properties = append(top.properties, p)
		}
	}
	if len(stack) > 1 || len(root.inside) != 1 || len(root.properties) > 0 {
		return nil, fmt.Errorf("%d components are open, %d are there", len(stack)-1, len(root.inside))
	}
	return root.inside[0], nil
}

// contentLines joins what is folded. A photo of 20 MB has some hundred thousand folds.
func contentLines(data string) (lines []string) {
	var line strings.Builder
	end := func() {
		if line.Len() > 0 {
			lines = append(lines, line.String())
		}
		line = strings.Builder{}
	}
	for piece := range strings.SplitSeq(strings.ReplaceAll(strings.TrimPrefix(data, "\ufeff"), "\r\n", "\n"), "\n") {
		switch {
		case strings.TrimFunc(piece, unicode.IsControl) == "": // also the end of a file of DOS
		case line.Len() > 0 && (piece[0] == ' ' || piece[0] == '\t'):
			line.WriteString(piece[1:])
		default:
			end()
			line.WriteString(piece)
		}
	}
	end()
	return lines
}

func readProperty(line string) property {
	p := property{params: map[string][]string{}}
	pieces := outsideQuotes(line, ";:")
	head := pieces[0]
	if group, name, grouped := strings.Cut(head.text, "."); grouped {
		p.group, head.text = strings.ToUpper(group), name
	}
	p.name = strings.ToUpper(head.text)
	for i := 1; i < len(pieces); i++ {
		if pieces[i].before == ':' {
			p.value = line[pieces[i].at:]
			break
		}
		name, values, found := strings.Cut(pieces[i].text, "=")
		if !found {
			name, values = "TYPE", name // vCard 2.1: TEL;CELL:1
		}
		name = strings.ToUpper(name)
		for _, value := range outsideQuotes(values, ",") {
			p.params[name] = append(p.params[name], strings.Trim(value.text, `"`))
		}
	}
	return p
}

// piece is a part of a line, with the separator before it.
type piece struct {
	text   string
	before byte
	at     int
}

// outsideQuotes cuts at separators that stand outside quotes.
func outsideQuotes(line, separators string) []piece {
	var pieces []piece
	start := 0
	before := byte(0)
	quoted := false
	for i := range len(line) {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(separators, line[i]) >= 0:
			pieces = append(pieces, piece{line[start:i], before, start})
			start = i + 1
			before = line[i]
		}
	}
	return append(pieces, piece{line[start:], before, start})
}

// first returns the value of a property, or "".
func (c *component) first(name string) string {
	for _, p := range c.properties {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// uid is what an object is called wherever it lies.
func (c *component) uid() string {
	if uid := c.first("UID"); uid != "" {
		return strings.TrimSpace(uid)
	}
	for _, inner := range c.inside {
		if uid := inner.uid(); uid != "" && inner.name != "VTIMEZONE" && inner.name != "VALARM" {
			return uid
		}
	}
	return ""
}

// entry is one thing that an object says, written in one way.
type entry struct {
	where  string // the component
	what   string // name, parameters and value
	name   string
	params string
	rest   string // without parameters
}

// entries lists all that a user may have written. VTIMEZONE is left out: it counts by the times that come of
// it. What servers keep for themselves is left out too.
func (c *component) entries(where string) (all []entry) {
	where += c.name
	if id := c.first("RECURRENCE-ID"); id != "" {
		where += "(" + id + ")"
	}
	for _, p := range c.properties {
		switch p.name {
		case "PRODID", "DTSTAMP", "LAST-MODIFIED", "REV", "CREATED", "SEQUENCE", "X-WR-CALNAME":
			continue
		case "VERSION":
			if slices.Contains([]string{"2.0", "3.0", "4.0"}, p.value) {
				continue // Cyrus serves a contact in the version that is asked for
			}
		case "CALSCALE":
			if strings.EqualFold(p.value, "GREGORIAN") {
				continue
			}
		}
		all = append(all, p.entries(where)...)
	}
	for _, inner := range c.inside {
		switch inner.name {
		case "VTIMEZONE":
		case "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY":
			all = append(all, inner.entries(where+"/")...)
		default:
			// Alarms have no names: each is one thing.
			var text []string
			for _, e := range inner.entries("") {
				text = append(text, e.where+" "+e.what)
			}
			sort.Strings(text)
			one := strings.Join(text, "\n")
			all = append(all, entry{where: where, what: one, name: inner.name, rest: one})
		}
	}
	return all
}

// entries renders a property; of a list of dates or categories each is one thing.
func (p property) entries(where string) (all []entry) {
	values := []string{p.canonical()}
	switch p.name {
	case "EXDATE", "RDATE":
		values = strings.Split(p.value, ",")
	case "CATEGORIES", "RESOURCES": // one line or several is the same
		values = slices.DeleteFunc(structured(p.value), func(value string) bool { return value == "," })
	}
	var params []string
	for name, list := range p.params {
		if name == "CHARSET" || name == "ENCODING" && strings.EqualFold(list[0], "8BIT") || strings.HasPrefix(name, "SCHEDULE-") {
			continue
		}
		list = slices.Clone(list)
		if name == "TYPE" || name == "VALUE" || name == "ENCODING" {
			for i := range list {
				list[i] = strings.ToLower(list[i])
				if list[i] == "base64" {
					list[i] = "b" // vCard 2.1
				}
			}
		}
		sort.Strings(list)
		params = append(params, name+"="+strings.Join(slices.Compact(list), ","))
	}
	sort.Strings(params)
	name := p.name
	if p.group != "" {
		name = p.group + "." + name
	}
	joined := strings.Join(params, ";")
	for _, value := range values {
		all = append(all, entry{where: where, name: p.name, params: joined, rest: name + ":" + value, what: name + ";" + joined + ":" + value})
	}
	return all
}

// canonical writes a value in one way.
func (p property) canonical() string {
	switch p.name {
	case "RRULE", "EXRULE":
		return canonicalRule(p.value)
	case "GEO":
		return canonicalNumbers(p.value)
	case "N", "ADR", "ORG", "CATEGORIES", "NICKNAME", "RESOURCES", "REQUEST-STATUS", "GENDER", "CLIENTPIDMAP":
		return strings.Join(structured(p.value), "\x00")
	}
	return strings.TrimRight(unescaped(p.value), " ") // Cyrus cuts blanks at the end
}

// structured cuts a value at semicolons and commas that are separators; the order of a list is kept.
func structured(value string) (parts []string) {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && i+1 < len(value):
			b.WriteString(value[i : i+2])
			i++
		case c == ';' || c == ',':
			parts = append(parts, unescaped(b.String()), string(c))
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	parts = append(parts, unescaped(b.String()))
	for len(parts) > 2 && parts[len(parts)-1] == "" && parts[len(parts)-2] == ";" {
		parts = parts[:len(parts)-2] // empty fields at the end say nothing
	}
	return parts
}

func unescaped(value string) string {
	return strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\:`, ":", `\\`, `\`).Replace(value)
}

func canonicalRule(value string) string {
	var parts []string
	for part := range strings.SplitSeq(strings.ToUpper(strings.TrimSpace(value)), ";") {
		if part != "" && part != "INTERVAL=1" && part != "WKST=MO" {
			parts = append(parts, part)
		}
	}
	sort.Strings(parts)
	return strings.Join(parts, ";")
}

func canonicalNumbers(value string) string {
	parts := strings.FieldsFunc(value, func(r rune) bool { return r == ';' || r == ',' })
	for i, part := range parts {
		n, err := strconv.ParseFloat(strings.TrimPrefix(strings.Trim(part, ` \`), "geo:"), 64)
		if err != nil {
			return value
		}
		parts[i] = strconv.FormatFloat(n, 'g', -1, 64)
	}
	return strings.Join(parts, ";")
}
