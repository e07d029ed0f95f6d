// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"fmt"
	"strings"
	"time"

	wire "github.com/miekg/dns"
)

// Presented returns what a zone file has behind the type of each record, with dots at the end of names and texts in quotes (RFC
// 1035 section 5.1). Data that would not come back as it is given is an error.
func (s RRset) Presented() ([]string, error) {
	rrs, err := s.records()
	if err != nil {
		return nil, err
	}
	presented := make([]string, 0, len(rrs))
	for _, rr := range rrs {
		presented = append(presented, strings.TrimPrefix(rr.String(), rr.Header().String()))
	}
	return presented, nil
}

// ReadPresented reads what a zone file of a zone has behind the type of a record. Names without a dot at the end are in the zone,
// and a text without quotes is taken as it is.
func ReadPresented(zone, name string, kind Type, ttl time.Duration, presented string) (Record, error) {
	if kind == TXT && !strings.HasPrefix(strings.TrimSpace(presented), `"`) {
		return Record{Name: canonical(name), Type: kind, TTL: ttl, Data: presented}, nil
	}
	if strings.ContainsAny(presented, "\r\n") {
		return Record{}, &FormatError{fmt.Sprintf("%s record of %s has more than one line", kind, name)}
	}
	line := fmt.Sprintf("%s %d IN %s %s\n", absolute(name), uint32(ttl.Seconds()), kind, presented)
	parser := wire.NewZoneParser(strings.NewReader(line), absolute(zone), "")
	rr, ok := parser.Next()
	if err := parser.Err(); err != nil {
		return Record{}, &FormatError{err.Error()}
	}
	if !ok || rr.Header().Rrtype != kind.code() || canonical(rr.Header().Name) != canonical(name) {
		return Record{}, &FormatError{fmt.Sprintf("%q is no %s record", presented, kind)}
	}
	return newRecord(rr), nil
}
