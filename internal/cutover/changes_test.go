// SPDX-License-Identifier: Apache-2.0

package cutover

import (
	"slices"
	"testing"
	"time"

	"rehome/internal/dnswrite"
	"rehome/internal/protocol/dns"
)

// abouts are what steps are about, in order.
func abouts(steps []Step) []string {
	var all []string
	for _, s := range steps {
		all = append(all, s.About)
	}
	return all
}

// The file of a policy changes before its id, and a sender that sees the new id finds the new file.
func TestStaging_policyFileFirst(t *testing.T) {
	t.Parallel()
	s := newStage("example.test. 3600 MX 10 mail.example.test.", `_mta-sts.example.test. 300 TXT "v=STSv1; id=1"`)
	s.wanted.SPF = nil
	s.policy = dns.STSPolicy{Mode: "enforce", Hosts: []string{"mail.example.test"}, MaxAge: 24 * time.Hour}
	p := s.plan(moment)
	if len(p.Staging()) != 0 || !slices.Equal(abouts(p.Others()), []string{aboutPolicy}) || !slices.Equal(abouts(p.Lowering()), []string{"MX"}) {
		t.Errorf("got %v to stage, %v for people, %v to lower; want none, the file, MX",
			abouts(p.Staging()), abouts(p.Others()), abouts(p.Lowering()))
	}
	s.policy.Hosts = append(s.policy.Hosts, "mx.new.test")
	p = s.plan(moment.Add(time.Hour))
	if !slices.Equal(abouts(p.Staging()), []string{aboutPolicy}) || len(p.Others()) != 0 {
		t.Errorf("got %v to stage, %v for people, want the id and nothing", abouts(p.Staging()), abouts(p.Others()))
	}
	s.do(p, Before)
	if p = s.plan(moment.Add(2 * time.Hour)); len(p.Staging()) != 0 {
		t.Errorf("got %v to stage after the id has changed, want none", abouts(p.Staging()))
	}
}

// What a step begins with is what the plan has seen: what stands there now is compared with it.
func TestStepChanges(t *testing.T) {
	t.Parallel()
	name := "autoconfig.example.test"
	step := Step{Name: name, Type: dns.CNAME, Now: []string{"192.0.2.1"}, Wanted: []string{"CNAME setup.new.test"}, TTL: 300}
	var found []dnswrite.Set
	for _, key := range step.Sets() {
		found = append(found, dnswrite.NewSet(key, 0))
	}
	found[1] = dnswrite.NewSet(dnswrite.Key{Name: name, Type: dns.A}, 600, "192.0.2.1")
	changes := step.Changes(found, 600)
	if len(changes) != 2 || changes[0].New.String() != "setup.new.test with a TTL of 600 seconds" || len(changes[0].Old.Values) != 0 ||
		!changes[1].Old.Equal(found[1]) || len(changes[1].New.Values) != 0 {
		t.Errorf("an alias: got %v, want it in the place of the address", changes)
	}
	step = Step{Name: "x._domainkey.example.test", Type: dns.TXT, Now: []string{"CNAME old.test"}, Wanted: []string{"v=DKIM1; p="}, TTL: 300}
	alias := dnswrite.NewSet(dnswrite.Key{Name: step.Name, Type: dns.CNAME}, 60, "old.test")
	changes = step.Changes([]dnswrite.Set{dnswrite.NewSet(step.Sets()[0], 0), alias}, 0)
	if len(changes) != 2 || changes[0].New.Values[0] != "v=DKIM1; p=" || !changes[1].Old.Equal(alias) || len(changes[1].New.Values) != 0 {
		t.Errorf("in the place of an alias: got %v", changes)
	}
	step = Step{Name: "example.test", Type: dns.MX, Now: []string{"10 a.test"}, Wanted: []string{"10 b.test"}, TTL: 300}
	changes = step.Changes([]dnswrite.Set{dnswrite.NewSet(step.Sets()[0], 60, "10 other.test")}, 0)
	if len(changes) != 1 || changes[0].Old.String() != "10 a.test with a TTL of 60 seconds" {
		t.Errorf("somebody else's: got %v, want it to begin with what was seen", changes)
	}
}
