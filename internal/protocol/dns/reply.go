// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	wire "github.com/miekg/dns"
)

// Outcome says what kind of answer a server has given.
type Outcome string

// The outcomes. Only the first three say something about the records.
const (
	Answered  Outcome = "answered"
	NoData    Outcome = "no_data"    // the name is there, and has no record of this type
	NoName    Outcome = "no_name"    // the name is not there (NXDOMAIN)
	Delegated Outcome = "delegated"  // the name is in a zone further down
	Lame      Outcome = "lame"       // the server does not know the zone for which it is listed
	Refused   Outcome = "refused"    // it says so
	Failed    Outcome = "failed"     // SERVFAIL, or another error of its own
	Silent    Outcome = "silent"     // no answer, or no connection
	Malformed Outcome = "malformed"  // an answer that makes no sense
	NoAddress Outcome = "no_address" // there is no address to ask
)

// Says reports whether a server has said what there is, be it nothing.
func (o Outcome) Says() bool { return o == Answered || o == NoData || o == NoName }

// Reply is what one address of one server has said to one question.
type Reply struct {
	Server  string     `json:"server"`
	Addr    netip.Addr `json:"address"`
	At      time.Time  `json:"at"` // when the answer came
	Outcome Outcome    `json:"outcome"`
	Words   string     `json:"words,omitempty"` // what went wrong; "" where nothing did
	// Records are those that were asked for; Aliases the names that CNAME records lead through, the last of which has the records
	// or lies in another zone.
	Records []Record `json:"-"`
	Aliases []Record `json:"-"`
	TCP     bool     `json:"-"` // it did not fit into a packet

	raw *wire.Msg // for the signatures
}

// Data returns what the reply says, sorted, with an alias in front.
func (r Reply) Data() []string {
	var data []string
	for _, alias := range r.Aliases {
		data = append(data, "CNAME "+alias.Data)
	}
	return append(data, Data(r.Records)...)
}

// target is the name that the aliases lead to, "" if there are none.
func (r Reply) target() string {
	if len(r.Aliases) == 0 {
		return ""
	}
	return r.Aliases[len(r.Aliases)-1].Data
}

// trouble makes the reply of a server that could not be asked or understood.
func trouble(err error) (Outcome, string) {
	var format *FormatError
	var connection *net.OpError
	switch {
	case errors.As(err, &format):
		return Malformed, format.Error()
	case isTimeout(err):
		return Silent, "no answer"
	case errors.As(err, &connection):
		return Silent, connection.Err.Error()
	}
	return Silent, err.Error()
}

// classify reads a message as the answer of a server of zone to a question about a name in it.
func classify(m *wire.Msg, zone, name string, kind Type) Reply {
	r := Reply{raw: m}
	switch {
	case m.Rcode == wire.RcodeRefused:
		r.Outcome, r.Words = Refused, "it refuses to answer"
	case m.Rcode == wire.RcodeServerFailure:
		r.Outcome, r.Words = Failed, "it answers SERVFAIL: it cannot serve the zone"
	case m.Rcode == wire.RcodeNotAuth:
		r.Outcome, r.Words = Lame, "it does not know the zone"
	case m.Rcode != wire.RcodeSuccess && m.Rcode != wire.RcodeNameError:
		r.Outcome, r.Words = Failed, "it answers with the error "+rcodeWord(m.Rcode)
	case m.Authoritative:
		r.read(m, zone, name, kind)
	case referral(m, zone, name) != "":
		r.Outcome = Delegated
	case m.RecursionAvailable: // no authoritative server of a large zone offers it
		r.Outcome, r.Words = Lame, "it answers as a resolver does, without authority; if the root servers do so, this network intercepts DNS"
	default: // RFC 1912 section 2.8
		r.Outcome, r.Words = Lame, "it is listed for the zone, but does not answer with authority"
	}
	return r
}

func rcodeWord(code int) string {
	if word := wire.RcodeToString[code]; word != "" {
		return word
	}
	return number(uint16(code))
}

// read takes the records of an authoritative answer, through aliases as far as they stay in the zone: what a server says about
// other zones proves nothing.
func (r *Reply) read(m *wire.Msg, zone, name string, kind Type) {
	at := name
	for range maxAliases + 1 {
		r.Records = recordsOf(m.Answer, at, kind)
		alias := recordsOf(m.Answer, at, CNAME)
		if len(r.Records) > 0 || len(alias) == 0 || kind == CNAME {
			r.conclude(m)
			return
		}
		if len(alias) > 1 { // RFC 2181 section 10.1
			r.Outcome, r.Words = Malformed, at+" has more than one CNAME"
			return
		}
		r.Aliases = append(r.Aliases, alias[0])
		if at = alias[0].Data; !within(at, zone) {
			r.Outcome = Answered
			return
		}
	}
	r.Outcome, r.Words = Malformed, "its aliases lead in a circle"
}

func (r *Reply) conclude(m *wire.Msg) {
	switch {
	case len(r.Records) > 0:
		r.Outcome = Answered
	case m.Rcode == wire.RcodeNameError:
		r.Outcome = NoName
	case len(r.Aliases) > 0 && soaOwner(m) == "":
		// Without the SOA that a lack comes with (RFC 2308 section 2.2): the last alias is in a zone further down.
		r.Outcome = Answered
	default:
		r.Outcome = NoData
	}
}

func recordsOf(rrs []wire.RR, name string, kind Type) []Record {
	var found []Record
	for _, rr := range rrs {
		header := rr.Header()
		if header.Rrtype == kind.code() && header.Class == wire.ClassINET && canonical(header.Name) == name {
			found = append(found, newRecord(rr))
		}
	}
	return found
}

// referral returns the zone that a message delegates to, "" if it is no delegation towards name. Only one that leads further
// down counts, so that no chain of them goes in a circle (RFC 1034 section 5.3.3).
func referral(m *wire.Msg, zone, name string) string {
	if m.Rcode != wire.RcodeSuccess || len(m.Answer) > 0 {
		return ""
	}
	for _, rr := range m.Ns {
		owner := canonical(rr.Header().Name)
		if rr.Header().Rrtype == wire.TypeNS && below(owner, zone) && within(name, owner) {
			return owner
		}
	}
	return ""
}

// soaOwner is the zone that an authoritative answer comes from: its SOA says so, in the answer or beside the lack of one.
func soaOwner(m *wire.Msg) string {
	for _, rr := range append(append([]wire.RR{}, m.Answer...), m.Ns...) {
		if rr.Header().Rrtype == wire.TypeSOA {
			return canonical(rr.Header().Name)
		}
	}
	return ""
}

// serialOf returns the serial number of the SOA in records as text, "" if there is none.
func serialOf(records []Record) string {
	for _, r := range records {
		if parts := strings.Fields(r.Data); r.Type == SOA && len(parts) > 2 {
			return parts[2]
		}
	}
	return ""
}
