// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	wire "github.com/miekg/dns"
)

// PrimaryOptions say where changes of a zone go, and how they are signed.
type PrimaryOptions struct {
	Address   string        // host and port; it may be a server that the zone does not list
	KeyName   string        // of the key that signs (TSIG, RFC 8945); "": nothing is signed, and the server goes by our address
	Algorithm string        // one of Algorithms; "" means hmac-sha256
	Secret    func() string // of the key, in base64; asked for each message, and kept nowhere
	Timeout   time.Duration // for each message; 0 means 10 s

	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil means a plain one
	Now  func() time.Time                                                     // nil means the system's clock
}

// Primary is the server that takes the changes of a zone (RFC 2136). All that it is asked is signed, so that a server with several
// views of a zone shows the one that it would change; and all goes over TCP, whose answers nobody else can make up unseen.
type Primary struct{ options PrimaryOptions }

// defaultAlgorithm is what every server understands that is still kept up.
const defaultAlgorithm = "hmac-sha256"

// Algorithms are those that a key may have (RFC 8945 section 6), without the broken HMAC-MD5.
func Algorithms() []string {
	return []string{"hmac-sha1", "hmac-sha224", defaultAlgorithm, "hmac-sha384", "hmac-sha512"}
}

const (
	updateTimeout = 10 * time.Second
	signedFor     = 300 // seconds that clocks may be apart (RFC 8945 section 10)
)

// NewPrimary returns a primary that nothing has been asked yet. The error is that of options.
func NewPrimary(options PrimaryOptions) (*Primary, error) {
	if options.Algorithm == "" {
		options.Algorithm = defaultAlgorithm
	}
	if options.Timeout == 0 {
		options.Timeout = updateTimeout
	}
	if options.Dial == nil {
		options.Dial = (&net.Dialer{}).DialContext
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.KeyName == "" {
		return &Primary{options}, nil
	}
	if !ValidName(options.KeyName) {
		return nil, fmt.Errorf("%q is no name of a key", options.KeyName)
	}
	if !slices.Contains(Algorithms(), options.Algorithm) {
		return nil, fmt.Errorf("%q is no algorithm of a key; it is one of %s", options.Algorithm, strings.Join(Algorithms(), ", "))
	}
	if _, err := base64.StdEncoding.DecodeString(options.Secret()); err != nil {
		return nil, errors.New("the secret of the key is not base64") // the cause quotes it
	}
	return &Primary{options}, nil
}

// RRset is all records of one name and type, or that there are none.
type RRset struct {
	Name string
	Type Type
	TTL  time.Duration
	Data []string // as in Record
}

// UpdateError is that the primary did not do what it was asked to.
type UpdateError struct {
	Code string // as RFC 2136 section 2.2 and RFC 8945 section 3 name it: "NXRRSET", "REFUSED", "BADKEY"
	Time int64  // BADTIME: by how many seconds the server's clock is ahead of ours
}

// Error names the code.
func (e *UpdateError) Error() string { return "it answers " + e.Code }

// Unmet reports that a prerequisite did not hold, so that nothing was changed.
func (e *UpdateError) Unmet() bool {
	return slices.Contains([]string{"NXRRSET", "YXRRSET", "NXDOMAIN", "YXDOMAIN"}, e.Code)
}

// ErrNotSigned is an answer of a primary that does not bear the key's signature: what it says proves nothing.
var ErrNotSigned = errors.New("its answer is not signed with the key")

// Ask asks the primary itself for the records of a name in the zone.
func (p *Primary) Ask(ctx context.Context, zone, name string, kind Type) (Reply, error) {
	zone, name = canonical(zone), canonical(name)
	m := question(name, kind, true)
	got, err := p.exchange(ctx, m)
	if err != nil {
		return Reply{}, err
	}
	if !sameQuestion(got, m) {
		return Reply{}, &FormatError{"it answers another question"}
	}
	if code := tsigError(got); code != nil {
		return Reply{}, code
	}
	if got.Rcode == wire.RcodeNotAuth { // of the zone, or by the key: PowerDNS says no more about a wrong secret
		return Reply{}, &UpdateError{Code: rcodeWord(got.Rcode)}
	}
	reply := classify(got, zone, name, kind)
	reply.Server, reply.At, reply.TCP = p.options.Address, p.options.Now(), true
	if !reply.Outcome.Says() {
		return reply, nil // a refusal has to prove nothing
	}
	return reply, p.trusted(got)
}

// Update replaces sets in one message, all or none, provided that the sets of require are there exactly as they say, whatever
// their TTLs: those are no part of the comparison (RFC 2136 section 1.1.1). A set without data must not be there, or is removed.
// Replacing removes the whole set first: servers give all records of a set one TTL, each in its way.
//
// An *UpdateError or an error of the answer's form says that nothing was changed; with any other error it is not known.
func (p *Primary) Update(ctx context.Context, zone string, require, replace []RRset) error {
	m := new(wire.Msg)
	m.SetUpdate(absolute(zone))
	for _, set := range require {
		rrs, err := set.records()
		if err != nil {
			return err
		}
		if len(rrs) == 0 {
			m.RRsetNotUsed([]wire.RR{set.owner()})
		}
		m.Used(rrs)
	}
	var added []wire.RR
	for _, set := range replace { // first all removals: a CNAME is ignored while others are there (section 3.4.2.2)
		rrs, err := set.records()
		if err != nil {
			return err
		}
		added = append(added, rrs...)
		m.RemoveRRset([]wire.RR{set.owner()})
	}
	m.Insert(added)
	return p.update(ctx, m)
}

// Probe asks for a change of the zone's MX records that cannot happen, twice over: on the condition that the zone has no SOA, which
// every zone has, and of a record that nobody has. An *UpdateError that is Unmet says that the server would take changes, as far as
// it looks at the right before the condition; most do.
func (p *Primary) Probe(ctx context.Context, zone string) error {
	m := new(wire.Msg)
	m.SetUpdate(absolute(zone))
	m.RRsetNotUsed([]wire.RR{RRset{Name: zone, Type: SOA}.owner()})
	nobody, err := RRset{Name: zone, Type: MX, Data: []string{"0 rehome-check.invalid"}}.records()
	if err != nil {
		return err
	}
	m.Remove(nobody)
	return p.update(ctx, m)
}

// update sends a message and reads what has become of it.
func (p *Primary) update(ctx context.Context, m *wire.Msg) error {
	got, err := p.exchange(ctx, m)
	if err != nil {
		return err
	}
	if code := tsigError(got); code != nil {
		return code
	}
	if got.Rcode != wire.RcodeSuccess {
		return &UpdateError{Code: rcodeWord(got.Rcode)}
	}
	return p.trusted(got)
}

// trusted demands the signature, which exchange has verified if it is there.
func (p *Primary) trusted(m *wire.Msg) error {
	if p.options.KeyName != "" && m.IsTsig() == nil {
		return ErrNotSigned
	}
	return nil
}

// tsigError is what the server says about our signature, nil if it says nothing.
func tsigError(m *wire.Msg) error {
	t := m.IsTsig()
	if t == nil || t.Error == wire.RcodeSuccess {
		return nil
	}
	e := &UpdateError{Code: rcodeWord(int(t.Error))}
	if t.Error == wire.RcodeBadTime && len(t.OtherData) == 12 { // its clock in hex (RFC 8945 section 5.2.3)
		var theirs int64
		if _, err := fmt.Sscanf(t.OtherData, "%x", &theirs); err == nil {
			e.Time = theirs - int64(t.TimeSigned)
		}
	}
	return e
}

// exchange sends one message and reads its answer.
func (p *Primary) exchange(ctx context.Context, m *wire.Msg) (*wire.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	conn, err := p.options.Dial(ctx, "tcp", p.options.Address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	framed := &wire.Conn{Conn: conn}
	if p.options.KeyName != "" {
		key := strings.ToLower(absolute(p.options.KeyName))
		framed.TsigSecret = map[string]string{key: p.options.Secret()}
		m.SetTsig(key, absolute(p.options.Algorithm), signedFor, p.options.Now().Unix())
	}
	if err := framed.WriteMsg(m); err != nil {
		return nil, err
	}
	return p.answer(framed, m)
}

// answer reads what the server says and verifies its signature. One that says that it could not verify ours bears none.
func (p *Primary) answer(conn *wire.Conn, asked *wire.Msg) (*wire.Msg, error) {
	got, err := conn.ReadMsg()
	switch {
	case got == nil:
		return nil, err
	case got.Id != asked.Id || !got.Response || got.Opcode != asked.Opcode:
		return nil, &FormatError{"it is no answer to what was asked"}
	case err != nil && tsigError(got) != nil:
		return got, checkSize(got)
	case errors.Is(err, wire.ErrSig), errors.Is(err, wire.ErrTime), errors.Is(err, wire.ErrSecret), errors.Is(err, wire.ErrKeyAlg):
		return nil, fmt.Errorf("%w: %w", ErrNotSigned, err)
	case err != nil:
		return nil, &FormatError{err.Error()}
	}
	return got, checkSize(got)
}

// owner is name and type of the set.
func (s RRset) owner() wire.RR {
	return &wire.ANY{Hdr: wire.RR_Header{Name: absolute(s.Name), Rrtype: s.Type.code(), Class: wire.ClassINET}}
}

// records are those of the set as they travel. What would not come back as it is given is an error: a value is written as it was
// shown to the person who agreed to it.
func (s RRset) records() ([]wire.RR, error) {
	if !ValidName(s.Name) || s.Type.code() == 0 {
		return nil, fmt.Errorf("%s %s cannot be the name and type of a record", s.Type, s.Name)
	}
	var rrs []wire.RR
	for _, data := range s.Data {
		rr, err := s.record(data)
		if err == nil && (newRecord(rr).Data != data || newRecord(rr).Name != canonical(s.Name)) {
			err = errors.New("it would be read as " + newRecord(rr).Data)
		}
		if err != nil {
			return nil, fmt.Errorf("%q cannot be written as %s record: %w", data, s.Type, err)
		}
		rrs = append(rrs, rr)
	}
	return rrs, nil
}

func (s RRset) record(data string) (wire.RR, error) {
	header := wire.RR_Header{Name: absolute(s.Name), Rrtype: s.Type.code(), Class: wire.ClassINET, Ttl: uint32(s.TTL.Seconds())}
	switch fields := strings.SplitN(data, " ", 3); {
	case s.Type == TXT:
		return &wire.TXT{Hdr: header, Txt: texts(data)}, nil
	case s.Type == CAA && len(fields) == 3: // whose value is a text too (RFC 8659 section 4.1)
		flag, err := strconv.ParseUint(fields[0], 10, 8)
		if len(fields[2]) > maxText {
			return nil, fmt.Errorf("its value is longer than %d octets", maxText)
		}
		return &wire.CAA{Hdr: header, Flag: uint8(flag), Tag: fields[1], Value: strings.Join(texts(fields[2]), "")}, err
	}
	// Names of hosts, numbers, addresses and digests have no others; those of other names are escaped in several ways.
	if strings.ContainsFunc(data, unusual) {
		return nil, errors.New("it has characters that rehome does not write")
	}
	rr, err := wire.NewRR(fmt.Sprintf("%s %d IN %s %s", header.Name, header.Ttl, s.Type, data))
	if err != nil {
		return nil, err
	}
	if rr == nil || rr.Header().Rrtype != header.Rrtype {
		return nil, errors.New("it is empty")
	}
	return rr, nil
}

func unusual(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !letter && !strings.ContainsRune(".-_*: ", r)
}

// maxText is what one string of a TXT record holds (RFC 1035 section 3.3).
const maxText = 255

// texts splits a text into strings that fit, written as the library wants them.
func texts(text string) []string {
	var all []string
	for {
		part := text[:min(len(text), maxText)]
		text = text[len(part):]
		var b strings.Builder
		for i := range len(part) {
			if c := part[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
				fmt.Fprintf(&b, `\%03d`, c)
			} else {
				b.WriteByte(c)
			}
		}
		all = append(all, b.String())
		if text == "" {
			return all
		}
	}
}
