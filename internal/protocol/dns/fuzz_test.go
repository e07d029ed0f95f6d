// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"strings"
	"testing"
	"time"

	wire "github.com/miekg/dns"
)

// FuzzReaders has every reader of texts read anything: none may panic, and what is read is bounded.
func FuzzReaders(f *testing.F) {
	for _, text := range []string{
		"v=spf1 a/24//64 mx include:a.test ip4:192.0.2.0/24 ip6:::1 exists:%{i} redirect=b.test -all", "v=DKIM1; k=rsa; t=y; p=AAAA",
		"v=DMARC1; p=none; rua=mailto:a@b.test", "v=STSv1; id=1", "version: STSv1\nmode: enforce\nmx: *.a.test\nmax_age: 1",
		"v=TLSRPTv1; rua=https://x.test", `\097\`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spf, err := ReadSPF([]string{text})
		if err == nil && spf.Text != "" {
			again, err := ReadSPF([]string{spf.With("include:new.test")})
			if err != nil || !again.Has("include:new.test") {
				t.Errorf("%q with an include becomes %q: %v", text, spf.With("include:new.test"), err)
			}
		}
		_, _, _ = ReadDKIM([]string{text})
		_, _ = ReadDMARC([]string{text})
		_, _ = ReadSTSRecord([]string{text})
		_, _ = ReadTLSRPT([]string{text})
		if policy, err := ReadSTSPolicy(text); err == nil && (len(policy.Hosts) > maxHosts || policy.MaxAge > maxPolicyAge*time.Second) {
			t.Errorf("%+v is beyond the bounds", policy)
		}
		_ = unescaped(text)
	})
}

// FuzzAnswer has an answer of any octets classified, read and validated.
func FuzzAnswer(f *testing.F) {
	asked := question("x.test", MX, true)
	f.Add(says(asked, true, "x.test. 60 MX 5 mail.test."), "x.test")
	f.Add(says(asked, false, "--", "test. NS ns.test.", "--", "ns.test. A 192.0.2.2"), "x.test")
	f.Add(says(asked, true, "--", "a.test. NSEC z.test. A NS", "x.test. RRSIG NSEC 13 2 60 20300101000000 20200101000000 1 test. AAAA"), "b.x.test")
	f.Fuzz(func(t *testing.T, octets []byte, name string) {
		m := new(wire.Msg)
		if m.Unpack(octets) != nil || len(name) > 250 || strings.Count(name, ".") > maxLabels {
			return
		}
		zone := &Zone{Name: "test", keys: []*wire.DNSKEY{{Flags: 257, Protocol: 3, Algorithm: wire.ED25519, PublicKey: "AAAA"}}}
		name = canonical(name)
		r := classify(m, "test", name, MX)
		if r.Outcome == Answered && len(r.Records) == 0 && len(r.Aliases) == 0 {
			t.Errorf("an answer without anything in it: %v", m)
		}
		c := New(Options{Roots: []Server{}, Anchors: []Anchor{}})
		if trust := c.validate(zone, r, name, MX); trust.State == Secure && r.Outcome.Says() && len(r.Aliases) == 0 {
			t.Errorf("octets that nobody has signed are secure: %v", m)
		}
		_, _ = ReadTLSA(r.Records)
		_, _ = ReadSRV(r.Records)
		_, _ = ReadMX(r.Records), ReadCAA(r.Records)
	})
}

// FuzzReadPresented reads what the interfaces of providers give, and writes it again.
func FuzzReadPresented(f *testing.F) {
	seeds := []string{"10 mx.example.test.", `"v=spf1" " -all"`, "0 host's.test.", "0 1 993 imap", `0 issue "ca.test; a=b"`, "@", `\`, "$TTL 1", "(\n)"}
	for _, seed := range seeds {
		f.Add("MX", seed)
		f.Add("TXT", seed)
		f.Add("SRV", seed)
		f.Add("CAA", seed)
		f.Add("CNAME", seed)
	}
	f.Fuzz(func(t *testing.T, kind, presented string) {
		record, err := ReadPresented("example.test", "x.example.test", Type(kind), time.Hour, presented)
		if err != nil {
			return
		}
		again, err := RRset{Name: "x.example.test", Type: Type(kind), TTL: time.Hour, Data: []string{record.Data}}.Presented()
		if err != nil {
			return // nothing that rehome would write
		}
		if back, err := ReadPresented("example.test", "x.example.test", Type(kind), time.Hour, again[0]); err != nil || back.Data != record.Data {
			t.Errorf("%s %q is %q, written as %q, which is %q, %v", kind, presented, record.Data, again[0], back.Data, err)
		}
	})
}
