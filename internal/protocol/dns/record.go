// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"slices"
	"strconv"
	"strings"
	"time"

	wire "github.com/miekg/dns"
)

// Type is a type of record.
type Type string

// The types that this package asks for.
const (
	A      Type = "A"
	AAAA   Type = "AAAA"
	CAA    Type = "CAA"
	CNAME  Type = "CNAME"
	DNSKEY Type = "DNSKEY"
	DS     Type = "DS"
	MX     Type = "MX"
	NS     Type = "NS"
	SOA    Type = "SOA"
	SRV    Type = "SRV"
	TLSA   Type = "TLSA"
	TXT    Type = "TXT"
)

func (t Type) code() uint16 { return wire.StringToType[string(t)] }

// Record is one record as a server shows it.
type Record struct {
	Name string
	Type Type
	TTL  time.Duration
	// Data is what a zone file has behind the type, with names in lower case and without the dot at the end; of a TXT record it is
	// the text, its parts joined without a gap (RFC 7208 section 3.3) and without quotes.
	Data string

	fields []string // Data of the records that have names or numbers, one by one
}

// ParseRecord reads one line of a zone file: name, TTL, class and type in this order, the latter three as far as they are given.
func ParseRecord(line string) (Record, error) {
	rr, err := wire.NewRR(line)
	if err != nil {
		return Record{}, &FormatError{err.Error()}
	}
	if rr == nil {
		return Record{}, &FormatError{"there is no record"}
	}
	return newRecord(rr), nil
}

// newRecord takes over what a message holds.
func newRecord(rr wire.RR) Record {
	header := rr.Header()
	r := Record{Name: canonical(header.Name), Type: Type(wire.TypeToString[header.Rrtype]), TTL: time.Duration(header.Ttl) * time.Second}
	switch rr := rr.(type) {
	case *wire.TXT:
		r.Data = unescaped(strings.Join(rr.Txt, ""))
	case *wire.MX:
		r.fields = []string{number(rr.Preference), canonical(rr.Mx)}
	case *wire.SRV:
		r.fields = []string{number(rr.Priority), number(rr.Weight), number(rr.Port), canonical(rr.Target)}
	case *wire.TLSA:
		r.fields = []string{number(uint16(rr.Usage)), number(uint16(rr.Selector)), number(uint16(rr.MatchingType)), strings.ToLower(rr.Certificate)}
	case *wire.CAA:
		r.fields = []string{number(uint16(rr.Flag)), strings.ToLower(rr.Tag), unescaped(rr.Value)}
	case *wire.CNAME:
		r.fields = []string{canonical(rr.Target)}
	case *wire.NS:
		r.fields = []string{canonical(rr.Ns)}
	default:
		r.Data = strings.TrimSpace(strings.TrimPrefix(rr.String(), header.String()))
	}
	if r.fields != nil {
		r.Data = shown(r.fields)
	}
	return r
}

// shown joins fields; the root has to be seen.
func shown(fields []string) string {
	all := slices.Clone(fields)
	for i, field := range all {
		if field == "" {
			all[i] = "."
		}
	}
	return strings.Join(all, " ")
}

func number(n uint16) string { return strconv.Itoa(int(n)) }

// field returns one of the fields, "" if the record has fewer.
func (r Record) field(i int) string {
	if i < len(r.fields) {
		return r.fields[i]
	}
	return ""
}

// integer returns a field that newRecord has written as a number.
func (r Record) integer(i int) int {
	n, err := strconv.Atoi(r.field(i))
	if err != nil {
		return 0
	}
	return n
}

// unescaped undoes what the library does to characters of a text that a zone file cannot show: \DDD and \X (RFC 1035 section 5.1).
func unescaped(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		if i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 10, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		i++
		b.WriteByte(s[i])
	}
	return b.String()
}

// Data returns what records hold, sorted: two servers that say the same have the same.
func Data(records []Record) []string {
	data := make([]string, 0, len(records))
	for _, r := range records {
		data = append(data, r.Data)
	}
	slices.Sort(data)
	return slices.Compact(data)
}

// LongestTTL returns the longest TTL of records, 0 if there are none.
func LongestTTL(records []Record) time.Duration {
	var longest time.Duration
	for _, r := range records {
		longest = max(longest, r.TTL)
	}
	return longest
}
