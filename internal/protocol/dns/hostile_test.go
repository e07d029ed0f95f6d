// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	wire "github.com/miekg/dns"
)

// script answers a question that was put to an address. nil says nothing.
type script func(network, address string, asked *wire.Msg) []byte

// scripted returns a client all of whose servers are the script, and a count of the questions.
func scripted(answer script) (*Client, *atomic.Int64) {
	asked := new(atomic.Int64)
	dial := func(_ context.Context, network, address string) (net.Conn, error) {
		ours, theirs := net.Pipe() // which has TCP's framing for both transports
		go func() {
			defer theirs.Close()
			for {
				size := make([]byte, 2)
				if _, err := io.ReadFull(theirs, size); err != nil {
					return
				}
				octets := make([]byte, binary.BigEndian.Uint16(size))
				if _, err := io.ReadFull(theirs, octets); err != nil {
					return
				}
				question := new(wire.Msg)
				if question.Unpack(octets) != nil {
					return
				}
				asked.Add(1)
				reply := answer(network, address, question)
				if reply == nil {
					continue
				}
				if _, err := theirs.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
					return
				}
			}
		}()
		return ours, nil
	}
	client := New(Options{Roots: []Server{{Name: "a.root", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}}, Anchors: []Anchor{},
		Dial: dial, Pause: time.Nanosecond})
	return client, asked
}

// says makes an answer of records in the form of a zone file. Those after "--" are authority, those after a second one additional.
func says(asked *wire.Msg, authoritative bool, records ...string) []byte {
	m := new(wire.Msg)
	m.SetReply(asked)
	m.Authoritative, m.RecursionAvailable = authoritative, asked.RecursionAvailable
	sections := []*[]wire.RR{&m.Answer, &m.Ns, &m.Extra}
	for _, text := range records {
		if text == "--" {
			sections = sections[1:]
			continue
		}
		rr, err := wire.NewRR(text)
		if err != nil {
			panic(err)
		}
		*sections[0] = append(*sections[0], rr)
	}
	octets, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return octets
}

// walk answers as a root that delegates test. and as the server of test., for which zone speaks.
func walk(zone script) script {
	return func(network, address string, asked *wire.Msg) []byte {
		name := canonical(asked.Question[0].Name)
		if strings.HasPrefix(address, "192.0.2.1:") {
			if !within(name, "test") {
				return says(asked, true, "--", ". 3600 SOA a. b. 1 1 1 1 1")
			}
			return says(asked, false, "--", "test. 3600 NS ns.test.", "--", "ns.test. A 192.0.2.2")
		}
		return zone(network, address, asked)
	}
}

const testSOA = "test. 3600 SOA ns.test. b. 7 1 1 1 1"

func TestLook_hostileAnswers(t *testing.T) {
	t.Parallel()
	stranger := func(asked *wire.Msg) *wire.Msg {
		m := asked.Copy()
		m.Question[0].Name = "other.test."
		return m
	}
	many := []string{}
	for i := range maxRecords + 1 {
		many = append(many, fmt.Sprintf("test. A 10.0.%d.%d", i/250, i%250))
	}
	for name, c := range map[string]struct {
		answer func(asked *wire.Msg) []byte
		want   Outcome
		words  string
	}{
		"garbage":        {func(*wire.Msg) []byte { return []byte("<html>this is no answer, but a page of a portal") }, Malformed, ""},
		"short":          {func(*wire.Msg) []byte { return []byte{1} }, Silent, "connection ended"},
		"stranger":       {func(m *wire.Msg) []byte { return says(stranger(m), true, "other.test. MX 1 evil.test.") }, Silent, "no answer"},
		"too many":       {func(m *wire.Msg) []byte { return says(m, true, many...) }, Malformed, "1000 are the limit"},
		"upward":         {func(m *wire.Msg) []byte { return says(m, false, "--", ". NS a.root.") }, Lame, "authority"},
		"to itself":      {func(m *wire.Msg) []byte { return says(m, false, "--", "test. NS ns.test.") }, Lame, "authority"},
		"from its cache": {func(m *wire.Msg) []byte { return says(m, false, "test. MX 1 mail.test.") }, Lame, "authority"},
		"intercepted": {func(m *wire.Msg) []byte {
			m.RecursionAvailable = true
			return says(m, false, "test. MX 1 mail.test.")
		}, Lame, "intercepts"},
		"of others":   {func(m *wire.Msg) []byte { return says(m, true, "other.test. MX 1 evil.test.") }, NoData, ""},
		"two aliases": {func(m *wire.Msg) []byte { return says(m, true, "test. CNAME a.test.", "test. CNAME b.test.") }, Malformed, "more than one"},
		"circle":      {func(m *wire.Msg) []byte { return says(m, true, "test. CNAME a.test.", "a.test. CNAME test.") }, Malformed, "circle"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, _ := scripted(walk(func(_, _ string, asked *wire.Msg) []byte {
					if asked.Question[0].Qtype == wire.TypeSOA {
						return says(asked, true, testSOA)
					}
					return c.answer(asked)
				}))
				look, err := client.Look(t.Context(), "test", MX)
				if err != nil {
					t.Fatal(err)
				}
				r := look.Replies[0]
				if r.Outcome != c.want || !strings.Contains(r.Words, c.words) {
					t.Errorf("got %s %q, want %s %q", r.Outcome, r.Words, c.want, c.words)
				}
				if _, ok := look.Agreed(); ok != c.want.Says() {
					t.Errorf("agreed is %v, want %v", ok, c.want.Says())
				}
			})
		})
	}
}

func TestLook_silentServerTakesItsTimeOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := scripted(walk(func(_, _ string, asked *wire.Msg) []byte {
			if asked.Question[0].Qtype == wire.TypeSOA {
				return says(asked, true, testSOA)
			}
			return nil
		}))
		began := time.Now()
		look, err := client.Look(t.Context(), "test", MX)
		if err != nil || look.Replies[0].Outcome != Silent {
			t.Errorf("got %+v %v, want silence", look.Replies, err)
		}
		if took := time.Since(began); took > 3*defaultTimeout {
			t.Errorf("it took %v, want two times %v", took, defaultTimeout)
		}
	})
}

func TestAsk_withoutEDNSForOldServers(t *testing.T) {
	t.Parallel()
	client, _ := scripted(walk(func(_, _ string, asked *wire.Msg) []byte {
		if asked.IsEdns0() != nil {
			m := new(wire.Msg)
			m.SetRcode(asked, wire.RcodeFormatError)
			octets, _ := m.Pack()
			return octets
		}
		if asked.Question[0].Qtype == wire.TypeSOA {
			return says(asked, true, testSOA)
		}
		return says(asked, true, "test. 60 MX 5 mail.test.")
	}))
	look, err := client.Look(t.Context(), "test", MX)
	if err != nil {
		t.Fatal(err)
	}
	if agreed, ok := look.Agreed(); !ok || Data(agreed.Records)[0] != "5 mail.test" {
		t.Errorf("got %+v %v, want the record", agreed, ok)
	}
}

// What leads on and on ends: names of servers in zones whose servers are named in other zones, aliases from zone to zone.
func TestClient_endsWhatHasNoEnd(t *testing.T) {
	t.Parallel()
	for name, zone := range map[string]func() script{
		"servers without glue": func() script {
			return func(_, _ string, asked *wire.Msg) []byte {
				label, _, _ := strings.Cut(asked.Question[0].Name, ".")
				records := []string{"--"}
				for i := range 20 {
					records = append(records, fmt.Sprintf("%s NS n%d.x%s%d.test.", asked.Question[0].Name, i, label, i))
				}
				return says(asked, false, records...)
			}
		},
		"aliases": func() script {
			n := 0
			return func(_, _ string, asked *wire.Msg) []byte {
				n++
				if asked.Question[0].Qtype == wire.TypeSOA {
					return says(asked, true, "--", testSOA)
				}
				return says(asked, true, fmt.Sprintf("%s CNAME x%d.test.", asked.Question[0].Name, n))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, asked := scripted(walk(zone()))
			if answer, err := client.Resolve(t.Context(), "deep.test", A); err == nil {
				t.Errorf("got %+v, want an error", answer)
			}
			if n := asked.Load(); n > maxQuestions {
				t.Errorf("asked %d questions, want at most %d", n, maxQuestions)
			}
		})
	}
}

// Glue for names that the parent may not speak for would let any zone take over any host.
func TestFind_ignoresGlueOfOthers(t *testing.T) {
	t.Parallel()
	client, _ := scripted(walk(func(_, _ string, asked *wire.Msg) []byte {
		if canonical(asked.Question[0].Name) == "child.test" {
			return says(asked, false, "--", "child.test. NS ns.elsewhere.", "--", "ns.elsewhere. A 10.6.6.6")
		}
		return says(asked, true, "--", testSOA)
	}))
	zone, err := client.Find(t.Context(), "child.test")
	if err != nil {
		t.Fatal(err)
	}
	if len(zone.Servers) != 1 || len(zone.Servers[0].Addrs) != 0 || zone.Servers[0].Trouble == "" {
		t.Errorf("got %+v, want a server whose address is not known", zone.Servers)
	}
}

func TestFind_namesWhereTheWayEnds(t *testing.T) {
	t.Parallel()
	client, asked := scripted(func(_, _ string, asked *wire.Msg) []byte {
		m := new(wire.Msg)
		m.SetRcode(asked, wire.RcodeServerFailure)
		octets, _ := m.Pack()
		return octets
	})
	_, err := client.Find(t.Context(), "example.test")
	before := asked.Load()
	if _, again := client.Find(t.Context(), "example.org"); again == nil || asked.Load() != before {
		t.Errorf("got %v after %d more questions, want that nobody is asked again", again, asked.Load()-before)
	}
	var lookup *LookupError
	if !errors.As(err, &lookup) || !strings.Contains(err.Error(), "the root") || !strings.Contains(err.Error(), "SERVFAIL") {
		t.Errorf("got %v, want that the servers of the root answer SERVFAIL", err)
	}
	if _, err := client.Find(t.Context(), strings.Repeat("a.", 30)+"test"); err == nil {
		t.Error("a name with 31 labels is followed, want an error")
	}
}
