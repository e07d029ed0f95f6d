// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"fmt"
	"strconv"
	"strings"
)

// inDNS reports whether a step gives records that can be written down as such.
func (s Step) inDNS() bool {
	return (s.Action == Publish || s.Action == Replace) && s.Type != "" && len(s.Wanted) > 0
}

// phaseTitle says when, in words.
func phaseTitle(phase Phase) string {
	switch phase {
	case Before:
		return "before the switch"
	case AtSwitch:
		return "at the switch"
	}
	return "after the switch"
}

// ZoneFile returns the records of all steps in the form of a zone file (RFC 1035 section 5.1). Each set stands for all records of
// its name and type; the last one of a name wins. It is for copying from, phase by phase, and no zone of its own.
func (p Plan) ZoneFile() string {
	var b strings.Builder
	fmt.Fprintf(&b, "; %s: for copying, phase by phase; each set replaces all records of its name and type\n", p.Domain)
	phase := Phase("")
	for _, s := range p.Steps {
		if s.Phase != phase {
			phase = s.Phase
			fmt.Fprintf(&b, "\n; %s\n", phaseTitle(phase))
		}
		fmt.Fprintf(&b, "; %d. %s %s: %s\n", s.Order, s.About, oneLine(s.Name), oneLine(s.Sentence))
		if !s.inDNS() {
			continue
		}
		for _, data := range s.Wanted {
			fmt.Fprintf(&b, "%s. %d IN %s %s\n", s.Name, s.TTL, s.Type, zoneData(s, data))
		}
	}
	return b.String()
}

// oneLine keeps a server's words from breaking out of a comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// zoneData writes what stands behind the type, with absolute names.
func zoneData(s Step, data string) string {
	switch s.Type {
	case "TXT":
		return strings.Join(quoted(data), " ")
	case "MX", "SRV":
		return data + "."
	case "CNAME":
		return strings.TrimPrefix(data, "CNAME ") + "."
	}
	return data
}

// maxString is what one string of a TXT record holds (RFC 1035 section 3.3).
const maxString = 255

// quoted splits a text into strings that fit, each in quotes.
func quoted(text string) []string {
	var parts []string
	for {
		part := text[:min(len(text), maxString)]
		text = text[len(part):]
		var b strings.Builder
		for i := range len(part) {
			switch c := part[i]; {
			case c == '"' || c == '\\':
				b.WriteString(`\` + string(c))
			case c < ' ' || c > '~':
				fmt.Fprintf(&b, `\%03d`, c)
			default:
				b.WriteByte(c)
			}
		}
		parts = append(parts, `"`+b.String()+`"`)
		if text == "" {
			return parts
		}
	}
}

// DNSControl returns the records of one phase for a dnsconfig.js of dnscontrol. NO_PURGE keeps it from removing all others of the
// zone; a set that is named is replaced, as long as dnscontrol knows the old records of that name.
func (p Plan) DNSControl(phase Phase) string {
	var b strings.Builder
	fmt.Fprintf(&b, "// %s, %s\nD_EXTEND(%s,\n    NO_PURGE,\n", p.Domain, phaseTitle(phase), strconv.Quote(p.Zone))
	for _, s := range p.Steps {
		if s.Phase != phase {
			continue
		}
		if !s.inDNS() {
			fmt.Fprintf(&b, "    // %s %s: %s\n", s.About, oneLine(s.Name), oneLine(s.Sentence))
			continue
		}
		for _, data := range s.Wanted {
			fmt.Fprintf(&b, "    %s,\n", call(s, data, relative(s.Name, p.Zone)))
		}
	}
	b.WriteString(");\n")
	return b.String()
}

// relative is a name as panels and dnscontrol want it: without the zone, "@" for the zone itself.
func relative(name, zone string) string {
	if name == zone {
		return "@"
	}
	return strings.TrimSuffix(name, "."+zone)
}

// call writes one record as dnscontrol's function.
func call(s Step, data, name string) string {
	label, ttl := strconv.Quote(name), fmt.Sprintf("TTL(%d)", s.TTL)
	fields := strings.Fields(strings.TrimPrefix(data, "CNAME "))
	switch {
	case s.Type == "MX" && len(fields) == 2:
		return fmt.Sprintf("MX(%s, %s, %s, %s)", label, fields[0], strconv.Quote(fields[1]+"."), ttl)
	case s.Type == "SRV" && len(fields) == 4:
		return fmt.Sprintf("SRV(%s, %s, %s, %s, %s, %s)", label, fields[0], fields[1], fields[2], strconv.Quote(fields[3]+"."), ttl)
	case s.Type == "CNAME" && len(fields) == 1:
		return fmt.Sprintf("CNAME(%s, %s, %s)", label, strconv.Quote(fields[0]+"."), ttl)
	}
	return fmt.Sprintf("%s(%s, %s, %s)", s.Type, label, javaScript(data), ttl)
}

// javaScript quotes a text; what is not ASCII is written by its octets, as in DNS.
func javaScript(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}
