// SPDX-License-Identifier: Apache-2.0

package dnswrite_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/dnswrite"
	"rehome/internal/dnswrite/dnswritetest"
	"rehome/internal/protocol/dns"
	"rehome/lab"
	"rehome/lab/dnstree"
)

var (
	writing = dnstree.Key{Name: "rehome.", Secret: base64.StdEncoding.EncodeToString([]byte("a key that may write, 32 octets!"))}
	reading = dnstree.Key{Name: "monitor.", Secret: base64.StdEncoding.EncodeToString([]byte("a key that is only known there..")), NoWrite: true}
)

var otherSecret = base64.StdEncoding.EncodeToString([]byte("not the secret that the server has"))

const (
	apexText = "v=spf1 mx -all"
	soa      = "$TTL 3600\n@ SOA ns1.hosts.test. admin.hosts.test. 1 7200 900 604800 300\n"
)

// world is a root, a Knot and a BIND that take updates, and one more server for the zone of each.
func world(t *testing.T) (*dnstree.Tree, *dns.Client) {
	t.Helper()
	zone := func(primary, second string) string {
		return soa + "@ NS " + primary + ".hosts.test.\n@ NS " + second + ".hosts.test.\n@ MX 10 mail\n@ TXT \"" + apexText +
			"\"\n@ TXT \"proof=1\"\nmail A 192.0.2.25\nautoconfig A 192.0.2.26\nautoconfig AAAA 2001:db8::26\n" +
			"child NS " + primary + ".hosts.test.\n"
	}
	keys := []dnstree.Key{writing, reading}
	servers := []dnstree.Server{{Name: "root", Kind: dnstree.Knot}, {Name: "knot", Kind: dnstree.Knot, Keys: keys},
		{Name: "bind", Kind: dnstree.BIND, Keys: keys}, {Name: "knot2", Kind: dnstree.Knot, Follows: "knot"},
		{Name: "bind2", Kind: dnstree.Knot, Follows: "bind"}}
	root := soa + "@ NS a.root.\na.root. A {root}\n"
	for _, name := range []string{"knot", "bind"} {
		root += name + ".test. NS " + name + ".hosts.test.\n" + name + ".test. NS " + name + "2.hosts.test.\n"
		root += name + ".hosts.test. A {" + name + "}\n" + name + "2.hosts.test. A {" + name + "2}\n"
	}
	tree, err := dnstree.Start(lab.Open(t), servers, []dnstree.Zone{
		{Name: "knot.test.", On: []string{"knot"}, Text: zone("knot", "knot2")},
		{Name: "bind.test.", On: []string{"bind"}, Text: zone("bind", "bind2")},
		{Name: ".", On: []string{"root"}, Text: root},
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree, dns.New(dns.Options{Roots: []dns.Server{{Addrs: []netip.Addr{tree.Hosts["root"]}}}, Anchors: []dns.Anchor{}, Port: tree.Port,
		Timeout: 10 * time.Second, Pause: time.Microsecond})
}

func primaryOf(t *testing.T, tree *dnstree.Tree, server string, key dnstree.Key) *dnswrite.Primary {
	t.Helper()
	return primaryAt(t, tree, server, server+".test", key)
}

func primaryAt(t *testing.T, tree *dnstree.Tree, server, zone string, key dnstree.Key) *dnswrite.Primary {
	t.Helper()
	at := netip.AddrPortFrom(tree.Hosts[server], tree.Port)
	p, err := dnswrite.NewPrimary(dnswrite.PrimaryOptions{Zone: zone, Server: at.String(), KeyName: key.Name, Secret: rehome.NewSecret(key.Secret)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPrimary_realServers(t *testing.T) {
	t.Parallel()
	tree, client := world(t)
	for _, server := range []string{"knot", "bind"} {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			testRefusals(t, tree, server)
			p := primaryOf(t, tree, server, writing)
			if err := p.Check(t.Context()); err != nil {
				t.Errorf("check: got %v, want none", err)
			}
			testByHand(t, p, client)
			testSwitch(t, p, client)
			testText(t, p, client)
			testAlias(t, p, client)
			testRace(t, p)
			other := writing
			other.Secret = otherSecret
			dnswritetest.Run(t, dnswritetest.Bench{Writer: p, Refused: primaryOf(t, tree, server, other), Secret: otherSecret, Stranger: strangerBy(p)})
		})
	}
}

// testRefusals has each server refuse in its own way; none of it changes anything.
func testRefusals(t *testing.T, tree *dnstree.Tree, server string) {
	t.Helper()
	other := writing
	other.Secret = otherSecret
	unknown := writing
	unknown.Name = "stranger."
	at := netip.AddrPortFrom(tree.Hosts[server], tree.Port).String()
	late, err := dnswrite.NewPrimary(dnswrite.PrimaryOptions{Zone: server + ".test", Server: at, KeyName: writing.Name,
		Secret: rehome.NewSecret(writing.Secret), Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		writer *dnswrite.Primary
		want   string
	}{
		"secret":  {primaryOf(t, tree, server, other), "another secret"},
		"clock":   {late, "seconds ahead"},
		"key":     {primaryOf(t, tree, server, unknown), "does not know the key"},
		"right":   {primaryOf(t, tree, server, reading), "does not let this key change"},
		"zone":    {primaryAt(t, tree, server, "elsewhere.test", writing), "elsewhere.test"},
		"nothing": {primaryOf(t, tree, server, dnstree.Key{}), "without a key"},
	} {
		err := c.writer.Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) || rehome.HintOf(err) == "" {
			t.Errorf("%s: got %v (%s), want an error with %q and a hint", name, err, rehome.HintOf(err), c.want)
			continue
		}
		t.Logf("error: %v\nhint: %v", err, rehome.HintOf(err))
	}
}

func testSwitch(t *testing.T, p *dnswrite.Primary, client *dns.Client) {
	t.Helper()
	key := dnswrite.Key{Name: p.Zone(), Type: dns.MX}
	low := dnswrite.Change{Old: dnswrite.NewSet(key, 3600, "10 mail."+p.Zone()), New: dnswrite.NewSet(key, 300, "10 mail."+p.Zone())}
	move := dnswrite.Change{Old: low.New, New: dnswrite.NewSet(key, 300, "10 mx1.new.example", "20 mx2.new.example")}
	written(t, p, low)
	written(t, p, move)
	everywhere(t, client, move.New)
	again, err := dnswrite.Apply(t.Context(), p, []dnswrite.Change{move})
	if err != nil || len(again.Already) != 1 || len(again.Written) != 0 {
		t.Errorf("again: got %+v, %v, want that it already stands", again, err)
	}
	written(t, p, move.Back())
	// The TTL is no part of a prerequisite: somebody else's TTL is seen by asking.
	stale := dnswrite.Change{Old: dnswrite.NewSet(key, 3600, "10 mail."+p.Zone()), New: move.New}
	_, err = dnswrite.Apply(t.Context(), p, []dnswrite.Change{stale})
	var changed *dnswrite.ChangedError
	if !errors.As(err, &changed) || !changed.Differences[0].Found.Equal(low.New) {
		t.Errorf("another TTL: got %v, want what stands there: %v", err, low.New)
	}
	t.Logf("error: %v\nhint: %v", err, rehome.HintOf(err))
	nested := dnswrite.Key{Name: "x.child." + p.Zone(), Type: dns.TXT}
	_, err = dnswrite.Apply(t.Context(), p, []dnswrite.Change{{Old: dnswrite.NewSet(nested, 0), New: dnswrite.NewSet(nested, 300, "x")}})
	if err == nil || !strings.Contains(err.Error(), "zone of its own") {
		t.Errorf("a name of another zone: got %v, want that it is in a zone of its own", err)
	}
}

// testByHand has another program play the person, who first adds the new host and then removes the old one.
func testByHand(t *testing.T, p *dnswrite.Primary, client *dns.Client) {
	t.Helper()
	key := dnswrite.Key{Name: "hand." + p.Zone(), Type: dns.MX}
	old, both := dnswrite.NewSet(key, 300, "10 old.example"), dnswrite.NewSet(key, 300, "10 new.example", "10 old.example")
	wanted := dnswrite.NewSet(key, 600, "10 new.example")
	hand, err := dnswrite.New(dnswrite.Options{Kind: dnswrite.Hand, Zone: p.Zone(), Asker: client})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		change  dnswrite.Change
		pending int
	}{{dnswrite.Change{Old: dnswrite.NewSet(key, 0), New: old}, 1}, {dnswrite.Change{Old: old, New: both}, 1},
		{dnswrite.Change{Old: both, New: dnswrite.NewSet(key, 300, wanted.Values...)}, 0}} {
		written(t, p, step.change)
		everywhere(t, client, step.change.New)
		got, err := dnswrite.Apply(t.Context(), hand, []dnswrite.Change{{Old: old, New: wanted}})
		if err != nil || len(got.Pending) != step.pending || len(got.Already) != 1-step.pending || len(got.Written) != 0 {
			t.Errorf("at %v: got %+v, %v, want %d pending and nothing written", step.change.New, got, err, step.pending)
		}
	}
	_, err = dnswrite.Apply(t.Context(), hand, []dnswrite.Change{{Old: old, New: dnswrite.NewSet(key, 300, "10 third.example")}})
	var changed *dnswrite.ChangedError
	if !errors.As(err, &changed) {
		t.Errorf("a host that nobody has named: got %v, want that somebody else has changed the zone", err)
	}
}

// testText changes SPF while somebody else adds a proof of ownership.
func testText(t *testing.T, p *dnswrite.Primary, client *dns.Client) {
	t.Helper()
	key := dnswrite.Key{Name: p.Zone(), Type: dns.TXT}
	long := "v=spf1 mx " + strings.Repeat("ip4:192.0.2.1 ", 30) + `exp="quoted\" -all`
	change := dnswrite.Change{Old: dnswrite.NewSet(key, 3600, apexText, "proof=1"), New: dnswrite.NewSet(key, 300, long, "proof=1")}
	theirs := dnswrite.Change{Old: dnswrite.NewSet(key, 3600, apexText, "proof=1"), New: dnswrite.NewSet(key, 3600, apexText, "proof=1", "proof=2")}
	written(t, p, theirs)
	written(t, p, change)
	everywhere(t, client, dnswrite.NewSet(key, 300, long, "proof=1", "proof=2"))
	written(t, p, change.Back())
	everywhere(t, client, dnswrite.NewSet(key, 3600, apexText, "proof=1", "proof=2"))
}

// testAlias replaces addresses by an alias, which no server does unless the addresses go first.
func testAlias(t *testing.T, p *dnswrite.Primary, client *dns.Client) {
	t.Helper()
	name := "autoconfig." + p.Zone()
	four, six, alias := dnswrite.Key{Name: name, Type: dns.A}, dnswrite.Key{Name: name, Type: dns.AAAA}, dnswrite.Key{Name: name, Type: dns.CNAME}
	to := dnswrite.Change{Old: dnswrite.NewSet(alias, 0), New: dnswrite.NewSet(alias, 300, "autoconfig.new.example")}
	_, err := dnswrite.Apply(t.Context(), p, []dnswrite.Change{to})
	if err == nil || !strings.Contains(err.Error(), "beside an alias") || rehome.HintOf(err) == "" {
		t.Errorf("beside addresses: got %v, want that it was not done", err)
	}
	t.Logf("error: %v\nhint: %v", err, rehome.HintOf(err))
	written(t, p, to, dnswrite.Change{Old: dnswrite.NewSet(four, 3600, "192.0.2.26"), New: dnswrite.NewSet(four, 0)},
		dnswrite.Change{Old: dnswrite.NewSet(six, 3600, "2001:db8::26"), New: dnswrite.NewSet(six, 0)})
	everywhere(t, client, to.New)
	everywhere(t, client, dnswrite.NewSet(four, 0))
}

// testRace has ten write at once from the same look: one wins, and the others are shown what it wrote.
func testRace(t *testing.T, p *dnswrite.Primary) {
	t.Helper()
	key := dnswrite.Key{Name: p.Zone(), Type: dns.MX}
	old, err := p.Read(t.Context(), []dnswrite.Key{key})
	if err != nil {
		t.Fatal(err)
	}
	errs := make(chan error)
	for i := range 10 {
		go func() {
			wanted := dnswrite.NewSet(key, 300, "10 mx"+strconv.Itoa(i)+".race.example")
			_, err := dnswrite.Apply(t.Context(), p, []dnswrite.Change{{Old: old[0], New: wanted}})
			errs <- err
		}()
	}
	won := 0
	for range 10 {
		var changed *dnswrite.ChangedError
		if err := <-errs; err == nil {
			won++
		} else if !errors.As(err, &changed) {
			t.Errorf("got %v, want that somebody else has changed the zone", err)
		}
	}
	if won != 1 {
		t.Errorf("%d writes have won, want 1", won)
	}
}

func written(t *testing.T, w dnswrite.Writer, changes ...dnswrite.Change) {
	t.Helper()
	result, err := dnswrite.Apply(t.Context(), w, changes)
	if err != nil || len(result.Written) != len(changes) {
		t.Fatalf("got %+v, %v, want %d written", result, err, len(changes))
	}
}

// everywhere waits until every authoritative server has a set.
func everywhere(t *testing.T, client *dns.Client, set dnswrite.Set) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	standing, err := dnswrite.Await(ctx, client, []dnswrite.Set{set}, 10*time.Millisecond, nil)
	if err != nil || len(standing) != 1 || !standing[0].Everywhere || len(standing[0].Missing()) > 0 {
		t.Fatalf("%v: got %+v, %v, want it at every server", set, standing, err)
	}
	if servers := standing[0].Servers; len(servers) != 2 || slices.ContainsFunc(servers, func(s dnswrite.Says) bool { return !s.Right }) {
		t.Errorf("got %+v, want two servers that have it", servers)
	}
}
