// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"crypto"
	"sort"
	"strings"
	"testing"
	"time"

	wire "github.com/miekg/dns"
)

// signer signs records of the zone test. as its owner does.
type signer struct {
	t      *testing.T
	key    *wire.DNSKEY
	secret crypto.Signer
	now    time.Time
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	key := &wire.DNSKEY{Hdr: wire.RR_Header{Name: "test.", Rrtype: wire.TypeDNSKEY, Class: wire.ClassINET, Ttl: 60},
		Flags: 257, Protocol: 3, Algorithm: wire.ED25519}
	secret, err := key.Generate(256)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{t: t, key: key, secret: secret.(crypto.Signer), now: time.Now()}
}

// set parses records of one name and type and returns them with their signature. labels, if not 0, is what the signature says of
// the number of labels, as for a wildcard.
func (s *signer) set(labels int, lines ...string) []wire.RR {
	s.t.Helper()
	var all []wire.RR
	for _, line := range lines {
		rr, err := wire.NewRR(line)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, rr)
	}
	signed := all
	if labels > 0 { // signed under the star
		signed = nil
		for _, rr := range all {
			star := wire.Copy(rr)
			parts := strings.SplitAfter(star.Header().Name, ".")
			star.Header().Name = "*." + strings.Join(parts[len(parts)-1-labels:], "")
			signed = append(signed, star)
		}
	}
	sig := &wire.RRSIG{Hdr: wire.RR_Header{Ttl: 60}, KeyTag: s.key.KeyTag(), Algorithm: s.key.Algorithm, SignerName: "test.",
		Inception: uint32(s.now.Add(-time.Hour).Unix()), Expiration: uint32(s.now.Add(time.Hour).Unix())}
	if err := sig.Sign(s.secret, signed); err != nil {
		s.t.Fatal(err)
	}
	sig.Hdr.Name = all[0].Header().Name
	return append(all, sig)
}

// answer is an authoritative one.
func answer(rcode int, sections ...[]wire.RR) *wire.Msg {
	m := new(wire.Msg)
	m.Response, m.Authoritative, m.Rcode = true, true, rcode
	m.Answer = sections[0]
	for _, more := range sections[1:] {
		m.Ns = append(m.Ns, more...)
	}
	return m
}

// hashed makes the NSEC3 records of a zone that has these names.
func (s *signer) hashed(names map[string]string) [][]wire.RR {
	s.t.Helper()
	type entry struct{ hash, types string }
	var all []entry
	for name, types := range names {
		all = append(all, entry{wire.HashName(name, wire.SHA1, 0, ""), types})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].hash < all[j].hash })
	var records [][]wire.RR
	for i, e := range all {
		next := all[(i+1)%len(all)].hash
		records = append(records, s.set(0, e.hash+".test. 60 NSEC3 1 0 0 - "+next+" "+e.types))
	}
	return records
}

func TestValidate_whatSomebodyHasTamperedWith(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	mx := s.set(0, "test. 60 MX 10 mail.test.")
	apex := s.set(0, "test. 60 NSEC a.test. NS SOA MX RRSIG NSEC DNSKEY")
	gap := s.set(0, "a.test. 60 NSEC child.test. A RRSIG NSEC")
	child := s.set(0, "child.test. 60 NSEC z.test. NS RRSIG NSEC")
	last := s.set(0, "z.test. 60 NSEC test. A RRSIG NSEC")
	wild := s.set(1, "x.test. 60 TXT star")
	other := newSigner(t)
	altered := func(set []wire.RR) []wire.RR {
		rr := wire.Copy(set[0])
		rr.(*wire.MX).Mx = "evil.test."
		return []wire.RR{rr, set[1]}
	}
	n3 := s.hashed(map[string]string{"test.": "NS SOA MX", "a.test.": "A", "b.test.": "A", "c.test.": "A", "d.test.": "A"})
	flat := func(sets [][]wire.RR) (all []wire.RR) {
		for _, set := range sets {
			all = append(all, set...)
		}
		return all
	}
	for name, c := range map[string]struct {
		m    *wire.Msg
		name string
		kind Type
		want State
	}{
		"whole":                       {answer(0, mx), "test", MX, Secure},
		"another record":              {answer(0, altered(mx)), "test", MX, Bogus},
		"one more record":             {answer(0, append(s.set(0, "test. 60 MX 5 evil.test."), mx...)), "test", MX, Bogus},
		"no signature":                {answer(0, mx[:1]), "test", MX, Bogus},
		"somebody else's signature":   {answer(0, other.set(0, "test. 60 MX 10 mail.test.")), "test", MX, Bogus},
		"nothing, with its proof":     {answer(0, nil, apex), "test", TXT, Secure},
		"nothing, without a proof":    {answer(0, nil), "test", MX, Bogus},
		"nothing, and the proof lies": {answer(0, nil, apex), "test", MX, Bogus},
		"a proof of another name":     {answer(0, nil, gap), "test", TXT, Bogus},
		"no name":                     {answer(3, nil, gap, apex), "b.test", A, Secure},
		"no name, no word of a star":  {answer(3, nil, gap), "b.test", A, Bogus},
		"no name, and it is there":    {answer(3, nil, last, apex), "a.test", A, Bogus},
		"no name behind the last":     {answer(3, nil, last, apex), "zz.test", A, Secure},
		"below a delegation":          {answer(3, nil, child, apex), "x.child.test", A, Bogus},
		"not signed below":            {answer(0, nil, child), "child.test", DS, Secure},
		"the parent about the child":  {answer(0, nil, child), "child.test", A, Bogus},
		"the child about its DS":      {answer(0, nil, apex), "test", DS, Bogus},
		"a star, and nothing closer":  {answer(0, wild, last, s.set(0, "n.test. 60 NSEC y.test. A")), "x.test", TXT, Secure},
		"a star for what is there":    {answer(0, wild), "x.test", TXT, Bogus},
		"hashed, no name":             {answer(3, nil, flat(n3)), "nobody.test", A, Secure},
		"hashed, and it is there":     {answer(3, nil, flat(n3)), "a.test", A, Bogus},
		"hashed, no type":             {answer(0, nil, flat(n3)), "a.test", TXT, Secure},
		"hashed, and has it":          {answer(0, nil, flat(n3)), "test", MX, Bogus},
	} {
		zone := &Zone{Name: "test", keys: []*wire.DNSKEY{s.key}, Trust: Trust{State: Secure}}
		client := New(Options{Roots: []Server{}, Anchors: []Anchor{}, Now: func() time.Time { return s.now }})
		if got := client.validate(zone, classify(c.m, "test", c.name, c.kind), c.name, c.kind); got.State != c.want {
			t.Errorf("%s: got %+v, want %s", name, got, c.want)
		}
	}
	zone := &Zone{Name: "test", keys: []*wire.DNSKEY{s.key}, Trust: Trust{State: Secure}}
	for shift, want := range map[time.Duration]State{-2 * time.Hour: Bogus, 2 * time.Hour: Bogus, 30 * time.Minute: Secure} {
		client := New(Options{Roots: []Server{}, Anchors: []Anchor{}, Now: func() time.Time { return s.now.Add(shift) }})
		if got := client.validate(zone, classify(answer(0, mx), "test", "test", MX), "test", MX); got.State != want {
			t.Errorf("at %v: got %+v, want %s", shift, got, want)
		}
	}
}

// Names are ordered as RFC 4034, section 6.1 has it.
func TestCompareNames(t *testing.T) {
	t.Parallel()
	names := []string{"example", "a.example", "yljkjljk.a.example", "z.a.example", "zabc.a.example", "z.example", `\001.z.example`,
		"*.z.example", `\200.z.example`}
	for i := range names {
		for j := range names {
			if got := compareNames(names[i], names[j]); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%s and %s: got %d", names[i], names[j], got)
			}
		}
	}
}
