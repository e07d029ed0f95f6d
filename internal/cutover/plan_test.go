// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rehome"
	"rehome/internal/protocol/dns"
)

// stage is a domain that is planned again and again while time passes.
type stage struct {
	published
	policy    dns.STSPolicy
	policyErr error
	memory    Memory
	wanted    Wanted
	low       time.Duration
}

func newStage(lines ...string) *stage {
	s := &stage{published: all(lines...), memory: Memory{}, wanted: newHost, low: DefaultTTL}
	s.zone, s.servers, s.trust = "example.test", []string{"ns1.host.test", "ns2.host.test"}, dns.Trust{State: dns.Insecure}
	s.lines["*"] = append(s.lines["*"], "example.test. 900 SOA a. b. 1 2 3 4 600", "mx.new.test. A 192.0.2.9",
		`spf.new.test. TXT "v=spf1 ip4:192.0.2.9 -all"`)
	return s
}

// plan makes the plan of this moment.
func (s *stage) plan(at time.Time) Plan {
	world := World{DNS: s.published, Policy: func(context.Context, string) (dns.STSPolicy, error) { return s.policy, s.policyErr },
		Listens: func(context.Context, netip.Addr) (bool, error) { return false, nil }}
	survey, err := Look(context.Background(), world, "example.test", s.wanted, at)
	if err != nil {
		panic(err)
	}
	return NewPlan(survey, s.wanted, s.low, s.memory)
}

// do takes the steps of a phase, as a person with the zone file in front of him does.
func (s *stage) do(p Plan, phase Phase) {
	for _, step := range p.Steps {
		if step.Phase != phase {
			continue
		}
		if step.Action == File {
			s.policy.Hosts = slices.Clone(step.Wanted)
		}
		if !step.inDNS() {
			continue
		}
		s.lines["*"] = slices.DeleteFunc(s.lines["*"], func(line string) bool {
			r, err := dns.ParseRecord(line)
			if err != nil {
				panic(err)
			}
			return r.Name == step.Name && (r.Type == step.Type || step.Type == dns.CNAME || r.Type == dns.CNAME)
		})
		for _, data := range step.Wanted {
			s.lines["*"] = append(s.lines["*"], fmt.Sprintf("%s. %d IN %s %s", step.Name, step.TTL, step.Type, zoneData(step, data)))
		}
	}
}

func (p Plan) reasons() string {
	var all []string
	for _, c := range p.Conditions {
		all = append(all, c.Sentence)
	}
	return strings.Join(append(all, p.Waits...), "\n")
}

func TestNewPlan_waitsForTheOldTTL(t *testing.T) {
	t.Parallel()
	s := newStage("example.test. 14400 MX 10 mail.example.test.", `example.test. 300 TXT "v=spf1 include:spf.new.test -all"`)
	first := s.plan(moment)
	if want := moment.Add(4 * time.Hour); !first.Earliest.Equal(want) || !first.Open() {
		t.Fatalf("got %v, want %v\n%s", first.Earliest, want, first.reasons())
	}
	s.do(first, Before)
	done := moment.Add(time.Hour)
	second := s.plan(done)
	if want := done.Add(4 * time.Hour); !second.Earliest.Equal(want) || second.Open() {
		t.Errorf("got %v, want %v: the old TTL counts from when it was seen to be low\n%s", second.Earliest, want, second.reasons())
	}
	ready := s.plan(done.Add(4 * time.Hour))
	if !ready.Earliest.Equal(ready.Seen) || NewPlans([]Plan{ready}).Outcome() != rehome.OutcomeDone {
		t.Errorf("got %v of %v, want that the switch is safe now\n%s", ready.Earliest, ready.Seen, ready.reasons())
	}
	s.do(ready, AtSwitch)
	if after := s.plan(done.Add(5 * time.Hour)); len(after.Steps) != 2 || after.Steps[0].Phase != After {
		t.Errorf("got %+v, want the steps afterwards only", after.Steps)
	}
}

// A TTL that is low already may have been lowered a minute ago.
func TestNewPlan_assumesWhatItHasNotSeen(t *testing.T) {
	t.Parallel()
	s := newStage("example.test. 300 MX 10 mail.example.test.", `example.test. 300 TXT "v=spf1 include:spf.new.test -all"`)
	p := s.plan(moment)
	if want := moment.Add(assumedTTL); !p.Earliest.Equal(want) || !strings.Contains(p.reasons(), "assumed") {
		t.Errorf("got %v, want %v\n%s", p.Earliest, want, p.reasons())
	}
	// Raised and lowered again in between: the time begins anew.
	s.lines["*"][0] = "example.test. 7200 MX 10 mail.example.test."
	s.plan(moment.Add(20 * time.Hour))
	s.lines["*"][0] = "example.test. 300 MX 10 mail.example.test."
	at := moment.Add(21 * time.Hour)
	if p = s.plan(at); p.Earliest.Before(at.Add(2 * time.Hour)) {
		t.Errorf("got %v, want at least two hours after %v\n%s", p.Earliest, at, p.reasons())
	}
}

func TestNewPlan_waitsForPeopleAndPolicies(t *testing.T) {
	t.Parallel()
	s := newStage("example.test. 300 MX 10 mail.example.test.", `_mta-sts.example.test. 300 TXT "v=STSv1; id=1"`)
	s.policy = dns.STSPolicy{Mode: "enforce", Hosts: []string{"mail.example.test"}, MaxAge: 14 * 24 * time.Hour}
	s.wanted.DKIM = []Key{{Selector: "new"}}
	p := s.plan(moment)
	if !p.Earliest.IsZero() || !strings.Contains(p.reasons(), "has to give the DKIM key") {
		t.Errorf("got %v, want that the key keeps it from being known\n%s", p.Earliest, p.reasons())
	}
	s.wanted.DKIM = nil
	if p = s.plan(moment); !p.Earliest.Equal(moment.Add(14 * 24 * time.Hour)) {
		t.Errorf("got %v, want two weeks, for which senders may go by the policy\n%s", p.Earliest, p.reasons())
	}
	s.do(p, Before)
	if !slices.Equal(s.policy.Hosts, []string{"mail.example.test", "mx.new.test"}) {
		t.Errorf("got %v, want both hosts in the policy", s.policy.Hosts)
	}
	if p = s.plan(moment.Add(time.Hour)); !p.Earliest.Equal(moment.Add(time.Hour + 14*24*time.Hour)) {
		t.Errorf("got %v, want two weeks from when the policy was seen\n%s", p.Earliest, p.reasons())
	}
	s.policyErr = errors.New("404")
	if p = s.plan(moment); !p.unknown || !p.Earliest.IsZero() {
		t.Errorf("a policy that cannot be read does not hold the switch\n%s", p.reasons())
	}
}

func TestNewPlan_holdsForServers(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*stage){
		"silent":  func(s *stage) { s.lines["ns2.host.test"] = []string{"!"} },
		"lagging": func(s *stage) { s.lines["ns2.host.test"] = []string{"example.test. 300 MX 20 other.test."} },
		"bogus":   func(s *stage) { s.trust = dns.Trust{State: dns.Bogus, Why: "wrong"} },
		"nowhere": func(s *stage) { s.wanted.MX = nil },
		"lost":    func(s *stage) { s.wanted.MX = []MailHost{{10, "typo.new.test"}} },
	} {
		s := newStage("example.test. 300 MX 10 mail.example.test.")
		change(s)
		if p := s.plan(moment); !p.Earliest.IsZero() || len(p.Waits) == 0 || NewPlans([]Plan{p}).Outcome() == rehome.OutcomeDone {
			t.Errorf("%s: got %v %q, want that the moment is not known", name, p.Earliest, p.Waits)
		}
	}
}

func TestNewPlan_keepsWhatOthersHavePutThere(t *testing.T) {
	t.Parallel()
	s := newStage(`example.test. 300 TXT "v=spf1 mx -all"`, `example.test. 300 TXT "google-site-verification=x"`, `example.test. 300 TXT "MS=ms1"`)
	p := s.plan(moment)
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.About == "SPF" && s.Phase == Before })
	want := []string{"v=spf1 mx include:spf.new.test -all", "MS=ms1", "google-site-verification=x"}
	if i < 0 || !slices.Equal(p.Steps[i].Wanted, want) {
		t.Errorf("got %+v, want %q", p.Steps, want)
	}
}

// drawn is a domain with any of the records, with any TTLs.
func drawn(t *rapid.T) *stage {
	ttl := func(what string) int {
		return rapid.SampledFrom([]int{60, 300, 301, 3600, 86400, 172800}).Draw(t, what)
	}
	s := newStage()
	add := func(what, line string, args ...any) {
		if rapid.Bool().Draw(t, "has "+what) {
			s.lines["*"] = append(s.lines["*"], fmt.Sprintf(line, append([]any{ttl(what)}, args...)...))
		}
	}
	add("mx", "example.test. %d MX 10 mail.example.test.")
	add("mx2", "example.test. %d MX 20 mx.new.test.")
	add("spf", `example.test. %d TXT "v=spf1 a:mail.example.test ip4:192.0.2.7 ~all"`)
	add("proof", "example.test. %d TXT %s", strings.Join(quoted("proof="+rapid.StringMatching(`[a-z ;"\\]{0,300}`).Draw(t, "proof")), " "))
	add("imaps", "_imaps._tcp.example.test. %d SRV 0 1 993 mail.example.test.")
	add("auto", "autodiscover.example.test. %d A 192.0.2.4")
	add("host", "mail.example.test. %d A 192.0.2.5")
	if rapid.Bool().Draw(t, "policy") {
		s.lines["*"] = append(s.lines["*"], `_mta-sts.example.test. 60 TXT "v=STSv1; id=old"`)
		s.policy = dns.STSPolicy{Mode: rapid.SampledFrom([]string{"enforce", "testing", "none"}).Draw(t, "mode"), Hosts: []string{"mail.example.test"},
			MaxAge: time.Duration(rapid.IntRange(0, 60).Draw(t, "days")) * 24 * time.Hour}
	}
	s.wanted = Wanted{MX: newHost.MX, SPF: newHost.SPF, Services: map[string]Server{"_imaps._tcp": {"imap.new.test", 993}},
		Autodiscover: "auto.new.test", Hosts: []string{"mail.example.test"}}
	if rapid.Bool().Draw(t, "key") {
		s.wanted.DKIM = []Key{{Selector: "new", Value: "v=DKIM1; k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}
	}
	return s
}

// TestNewPlan_properties takes any domain through its plan: the moment never comes before a reason is over, doing things later
// never makes it earlier, what was done is not asked for again, nothing that others have put there is lost, and in the end the
// mail goes to the destination.
func TestNewPlan_properties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		proofs := slices.DeleteFunc(slices.Clone(s.lines["*"]), func(line string) bool { return !strings.Contains(line, "proof=") })
		first := s.plan(moment)
		checkPlan(t, first)
		later := s.plan(moment.Add(time.Hour))
		if later.Earliest.Before(first.Earliest) {
			t.Fatalf("an hour later, with nothing done, the moment is earlier: %v instead of %v", later.Earliest, first.Earliest)
		}
		s.do(later, Before)
		at := moment.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "hours")) * time.Hour)
		done := s.plan(at)
		checkPlan(t, done)
		if done.Open() {
			t.Fatalf("everything was done, and steps remain: %+v", done.Steps)
		}
		if done.Earliest.Before(first.Earliest) && first.Earliest.After(at) {
			t.Fatalf("done at %v, and the moment %v is earlier than what was said first, %v", at, done.Earliest, first.Earliest)
		}
		again := s.plan(at.Add(time.Minute))
		if again.Earliest.After(done.Earliest) && !again.Earliest.Equal(again.Seen) {
			t.Fatalf("nothing has changed, and the moment moves from %v to %v", done.Earliest, again.Earliest)
		}
		ready := s.plan(whicheverIsLater(done.Earliest, again.Seen))
		if NewPlans([]Plan{ready}).Outcome() != rehome.OutcomeDone {
			t.Fatalf("at the moment that was said the switch is not safe: %v\n%s", ready.Earliest, ready.reasons())
		}
		s.do(ready, AtSwitch)
		records, _ := s.records("ns1.host.test", "example.test", dns.MX)
		if got := dns.Data(records); !slices.Equal(got, []string{"10 mx.new.test"}) {
			t.Fatalf("after the switch mail goes to %v", got)
		}
		for _, proof := range proofs {
			want, err := dns.ParseRecord(proof)
			if err != nil {
				t.Fatal(err)
			}
			texts, _ := s.records("ns1.host.test", "example.test", dns.TXT)
			if !slices.Contains(dns.Texts(texts), want.Data) {
				t.Fatalf("%q is lost: %q", want.Data, dns.Texts(texts))
			}
		}
	})
}

func whicheverIsLater(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// checkPlan looks at what every plan has to be.
func checkPlan(t *rapid.T, p Plan) {
	phases := []Phase{Before, AtSwitch, After}
	last := 0
	for i, step := range p.Steps {
		at := slices.Index(phases, step.Phase)
		if at < last || step.Order != i+1 || step.Sentence == "" || step.Who == "" {
			t.Fatalf("step %d is out of order or says nothing: %+v", i, step)
		}
		last = at
		if step.Type == dns.NS || step.Type == dns.DS {
			t.Fatalf("the delegation is changed: %+v", step)
		}
		if step.Phase == AtSwitch && step.inDNS() && step.TTL > 300 {
			t.Fatalf("a record gets a long TTL at the switch: %+v", step)
		}
	}
	if !p.Earliest.IsZero() && p.Earliest.Before(p.Seen) {
		t.Fatalf("the moment %v is in the past of %v", p.Earliest, p.Seen)
	}
	for _, c := range p.Conditions {
		if !p.Earliest.IsZero() && c.Ready.After(p.Earliest) || c.Sentence == "" {
			t.Fatalf("the moment %v comes before %+v", p.Earliest, c)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	s := newStage("example.test. 3600 MX 10 mail.example.test.", `example.test. 300 TXT "v=spf1 mx -all"`,
		`example.test. 300 TXT "a \"quoted\" \\ text"`)
	s.wanted.DKIM = []Key{{"new", "v=DKIM1; p=" + strings.Repeat("A", 400)}}
	p := s.plan(moment)
	for line := range strings.Lines(p.ZoneFile()) {
		if line = strings.TrimSpace(line); line != "" && line[0] != ';' {
			if _, err := dns.ParseRecord(line); err != nil {
				t.Errorf("%q cannot be read: %v", line, err)
			}
		}
	}
	for form, want := range map[string][]string{
		p.ZoneFile():           {"example.test. 300 IN MX 10 mx.new.test.", "; at the switch", `"a \"quoted\" \\ text"`, `AAAA" "AAA`},
		p.DNSControl(AtSwitch): {`MX("@", 10, "mx.new.test.", TTL(300))`, "NO_PURGE"},
		p.DNSControl(Before):   {`TXT("@", "a \"quoted\" \\ text", TTL(300))`},
		p.Cards(): {"DELETE   MX 10 mail.example.test", "Priority 10\n             Value    mx.new.test", "KEEP     TXT a \"quoted\" \\ text",
			"@ (or empty)"},
	} {
		for _, part := range want {
			if !strings.Contains(form, part) {
				t.Errorf("%q is missing in:\n%s", part, form)
			}
		}
	}
}

// FuzzReadMemory reads any file: what is taken can be used.
func FuzzReadMemory(f *testing.F) {
	f.Add([]byte(`{"example.test mta-sts":{"since":"2026-03-06T17:00:00Z","hold_nanoseconds":3600000000000,"unmet":true}}`))
	f.Fuzz(func(t *testing.T, octets []byte) {
		memory, err := ReadMemory(octets)
		if err != nil {
			return
		}
		for key := range memory {
			c := memory.update(Condition{key: key, Met: true}, time.Hour, moment)
			if c.Since.After(moment) || c.Ready.Before(c.Since) {
				t.Errorf("%q gives %+v", octets, c)
			}
		}
	})
}

// What was seen is enough to say the moment again later; a record that is gone no longer counts.
func TestMemoryEarliest(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)
	memory := Memory{
		"a.test ttl MX": {Since: at, Hold: time.Hour, Seen: at},
		"a.test spf":    {Since: at.Add(-time.Hour), Hold: 3 * time.Hour, Seen: at},
		"a.test gone":   {Hold: 48 * time.Hour, Seen: at.Add(-time.Hour), Unmet: true},
		"b.test ttl MX": {Hold: time.Hour, Unmet: true, Seen: at},
	}
	for domain, want := range map[string]time.Time{"a.test": at.Add(2 * time.Hour), "b.test": at.Add(2 * time.Hour), "test": {}, "c.test": {}} {
		if got := memory.Earliest(domain, at.Add(time.Hour)); !got.Equal(want) {
			t.Errorf("%s: got %s, want %s", domain, got, want)
		}
	}
}
