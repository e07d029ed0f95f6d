// SPDX-License-Identifier: Apache-2.0

package dns_test

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rehome/internal/protocol/dns"
	"rehome/lab"
	"rehome/lab/bind"
	"rehome/lab/dnstree"
)

const soa = "$TTL 3600\n@ SOA ns1.hosts.test. admin.hosts.test. 2026010101 7200 900 604800 300\n"

// big needs TCP.
var big = func() string {
	var b strings.Builder
	for i := range 12 {
		b.WriteString("big TXT \"" + strconv.Itoa(i) + strings.Repeat("x", 200) + "\"\n")
	}
	return b.String()
}()

func zones() []dnstree.Zone {
	both := []string{"ns1", "ns2"}
	ns := soa + "@ NS ns1.hosts.test.\n@ NS ns2.hosts.test.\n"
	mx := "@ MX 10 mail.example.test.\nmail A 192.0.2.25\nwww CNAME mail\nfar CNAME target.plain.test.\n" +
		"dn DNAME plain.test.\nnear DNAME example.test.\ncircle CNAME circle2\ncircle2 CNAME circle\na.b.c TXT deep\n" + big
	return []dnstree.Zone{
		{Name: "sub.example.test.", On: both, Signing: bind.NSEC, Text: ns + "@ TXT sub\n"},
		{Name: "example.test.", On: both, Signing: bind.NSEC, Text: ns + mx + "sub NS ns1.hosts.test.\nsub NS ns2.hosts.test.\n*.wild TXT star\n"},
		{Name: "hashed.test.", On: both, Signing: bind.NSEC3, Text: ns + "@ MX 10 mail.example.test.\n*.wild TXT star\n"},
		{Name: "expired.test.", On: both, Signing: bind.NSEC, Begin: "now-3d", End: "now-1d", Text: ns + "@ MX 10 mail.example.test.\n"},
		{Name: "hidden.test.", On: both, Signing: bind.NSEC, Unknown: true, Text: ns + "@ MX 10 mail.example.test.\n"},
		{Name: "plain.test.", On: []string{"ns1"}, Text: ns + "@ 300 MX 10 new.example.test.\ntarget A 192.0.2.26\n"},
		{Name: "plain.test.", On: []string{"ns2"},
			Text: strings.Replace(ns, "2026010101", "2025010101", 1) + "@ MX 10 old.example.test.\ntarget A 192.0.2.26\n"},
		{Name: "lame.test.", On: []string{"ns1"}, Text: ns + "@ MX 10 mail.example.test.\n"},
		{Name: "hosts.test.", On: both, Text: ns + "ns1 A {ns1}\nns2 A {ns2}\nns2 AAAA ::1\ndead A {dead}\n"},
		{Name: "test.", On: []string{"tld"}, Signing: bind.OptOut, Text: soa + `@ NS ns.nic.test.
ns.nic A {tld}
example NS ns1.hosts.test.
example NS ns2.hosts.test.
hashed NS ns1.hosts.test.
hashed NS ns2.hosts.test.
expired NS ns1.hosts.test.
hidden NS ns2.hosts.test.
plain NS ns1.hosts.test.
plain NS ns2.hosts.test.
lame NS ns1.hosts.test.
lame NS dead.hosts.test.
lame NS ns.nic.test.
noglue NS ns1.noglue.test.
noglue NS nowhere.plain.test.
hosts NS ns1.hosts.test.
hosts NS ns2.hosts.test.
ns1.hosts A {ns1}
ns2.hosts A {ns2}
ns2.hosts AAAA ::1
`},
		{Name: ".", On: []string{"root"}, Signing: bind.NSEC, Text: soa + "@ NS a.root.\na.root. A {root}\ntest. NS ns.nic.test.\nns.nic.test. A {tld}\n"},
	}
}

func start(t *testing.T) (*dnstree.Tree, *dns.Client) {
	t.Helper()
	tree, err := dnstree.Start(lab.Open(t), []dnstree.Server{
		{Name: "root", Kind: dnstree.Knot}, {Name: "tld", Kind: dnstree.Knot}, {Name: "ns1", Kind: dnstree.Knot},
		{Name: "ns2", Kind: dnstree.BIND, IPv6: true}, {Name: "dead", Kind: dnstree.Nobody},
	}, zones())
	if err != nil {
		t.Fatal(err)
	}
	return tree, dns.New(dns.Options{Roots: []dns.Server{{Name: "a.root", Addrs: []netip.Addr{tree.Hosts["root"]}}}, Anchors: anchors(t, tree),
		Port: tree.Port, Timeout: 10 * time.Second, Pause: time.Microsecond})
}

func anchors(t *testing.T, tree *dnstree.Tree) []dns.Anchor {
	t.Helper()
	var all []dns.Anchor
	for _, ds := range tree.Digests["."] {
		anchor, err := dns.ParseAnchor(ds)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, anchor)
	}
	return all
}

// TestClient_realServers asks Knot and BIND, two servers for each zone, from a root of their own down.
func TestClient_realServers(t *testing.T) {
	t.Parallel()
	tree, client := start(t)
	t.Run("delegation", func(t *testing.T) { testDelegation(t, tree, client) })
	t.Run("trust", func(t *testing.T) { testTrust(t, client) })
	t.Run("lagging", func(t *testing.T) { testLagging(t, client) })
	t.Run("lame", func(t *testing.T) { testLame(t, client) })
	t.Run("noglue", func(t *testing.T) { testNoGlue(t, client) })
	t.Run("truncated", func(t *testing.T) { testTruncated(t, client) })
	t.Run("aliases", func(t *testing.T) { testAliases(t, client) })
}

func testDelegation(t *testing.T, tree *dnstree.Tree, client *dns.Client) {
	zone, err := client.Find(t.Context(), "a.b.c.Example.test.")
	if err != nil {
		t.Fatal(err)
	}
	if zone.Name != "example.test" || zone.Parent != "test" || zone.Shared || zone.TTL != time.Hour {
		t.Errorf("got %+v, want example.test below test with a TTL of an hour", zone)
	}
	want := []dns.Server{{Name: "ns1.hosts.test", Addrs: []netip.Addr{tree.Hosts["ns1"]}},
		{Name: "ns2.hosts.test", Addrs: []netip.Addr{tree.Hosts["ns2"], netip.IPv6Loopback()}}}
	if !slices.EqualFunc(zone.Servers, want, func(a, b dns.Server) bool { return a.Name == b.Name && slices.Equal(a.Addrs, b.Addrs) }) {
		t.Errorf("got servers %v, want %v", zone.Servers, want)
	}
	sub, err := client.Find(t.Context(), "sub.example.test")
	if err != nil {
		t.Fatal(err)
	}
	if !sub.Shared || sub.Name != "sub.example.test" || sub.Trust.State != dns.Secure {
		t.Errorf("got %+v, want a zone that its parent's servers hold too, and that is secure", sub)
	}
}

func testTrust(t *testing.T, client *dns.Client) {
	for _, c := range []struct {
		name  string
		kind  dns.Type
		state dns.State
		why   string
	}{
		{"example.test", dns.MX, dns.Secure, ""},
		{"example.test", dns.AAAA, dns.Secure, ""},       // no data
		{"nobody.example.test", dns.A, dns.Secure, ""},   // no name
		{"b.c.example.test", dns.TXT, dns.Secure, ""},    // an empty name in between
		{"x.wild.example.test", dns.TXT, dns.Secure, ""}, // from a wildcard
		{"x.wild.example.test", dns.A, dns.Secure, ""},
		{"www.example.test", dns.A, dns.Secure, ""},
		{"www.example.test", dns.MX, dns.Secure, ""},
		{"sub.example.test", dns.TXT, dns.Secure, ""},
		{"target.dn.example.test", dns.A, dns.Secure, ""}, // through a DNAME, of which the alias is made
		{"mail.near.example.test", dns.A, dns.Secure, ""},
		{"big.example.test", dns.TXT, dns.Secure, ""},
		{"hashed.test", dns.MX, dns.Secure, ""},
		{"hashed.test", dns.AAAA, dns.Secure, ""},
		{"nobody.hashed.test", dns.A, dns.Secure, ""},
		{"y.wild.hashed.test", dns.TXT, dns.Secure, ""},
		{"plain.test", dns.MX, dns.Insecure, "names below test that are not signed are left out of its proofs"},
		{"hidden.test", dns.MX, dns.Insecure, ""},
		{"expired.test", dns.MX, dns.Bogus, "has signed the others"},
	} {
		look, err := client.Look(t.Context(), c.name, c.kind)
		if err != nil {
			t.Errorf("%s %s: %v", c.name, c.kind, err)
			continue
		}
		if look.Trust.State != c.state || !strings.Contains(look.Trust.Why, c.why) {
			t.Errorf("%s %s: got %+v, want %s %q", c.name, c.kind, look.Trust, c.state, c.why)
		}
		if c.state == dns.Secure && look.Trust.Expires.Before(time.Now().Add(24*time.Hour)) {
			t.Errorf("%s %s: the signatures end at %v, want a month from now", c.name, c.kind, look.Trust.Expires)
		}
	}
}

func testLagging(t *testing.T, client *dns.Client) {
	look, err := client.Look(t.Context(), "plain.test", dns.MX)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := look.Agreed(); ok {
		t.Error("the servers say different things, and are taken to agree")
	}
	opinions := look.Opinions()
	if len(opinions) != 2 {
		t.Fatalf("got %d opinions, want 2: %+v", len(opinions), opinions)
	}
	for _, o := range opinions {
		said := map[string]string{"ns1.hosts.test": "10 new.example.test", "ns2.hosts.test": "10 old.example.test"}
		if len(o.Servers) != 1 || dns.Data(o.Records)[0] != said[o.Servers[0]] {
			t.Errorf("got %v from %v, want %v", dns.Data(o.Records), o.Servers, said)
		}
	}
	serials, err := client.Look(t.Context(), "plain.test", dns.SOA)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, s := range serials.Serials() {
		seen[s.Server] = s.Serial
	}
	if seen["ns1.hosts.test"] != "2026010101" || seen["ns2.hosts.test"] != "2025010101" {
		t.Errorf("got serials %v", seen)
	}
}

func testLame(t *testing.T, client *dns.Client) {
	look, err := client.Look(t.Context(), "lame.test", dns.MX)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]dns.Outcome{}
	for _, r := range look.Replies {
		got[r.Server] = r.Outcome
		if r.At.IsZero() {
			t.Errorf("%s has no time", r.Server)
		}
	}
	if got["ns1.hosts.test"] != dns.Answered || got["dead.hosts.test"] != dns.Silent || got["ns.nic.test"].Says() {
		t.Errorf("got %v, want an answer, silence, and a server that does not know the zone", got)
	}
	if agreed, ok := look.Agreed(); !ok || len(agreed.Records) != 1 || len(look.Troubles()) != 2 {
		t.Errorf("got %+v %v with %d troubles, want one record and two troubles", agreed, ok, len(look.Troubles()))
	}
}

func testNoGlue(t *testing.T, client *dns.Client) {
	zone, err := client.Find(t.Context(), "noglue.test")
	if err != nil {
		t.Fatal(err)
	}
	look, err := client.LookAt(t.Context(), zone, "noglue.test", dns.MX)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := look.Agreed(); ok || len(look.Replies) != 2 {
		t.Fatalf("got %+v, want two servers that could not be asked", look.Replies)
	}
	for _, r := range look.Replies {
		if r.Outcome != dns.NoAddress || r.Words == "" {
			t.Errorf("got %s %q of %s, want no address and why", r.Outcome, r.Words, r.Server)
		}
	}
}

func testTruncated(t *testing.T, client *dns.Client) {
	look, err := client.Look(t.Context(), "big.example.test", dns.TXT)
	if err != nil {
		t.Fatal(err)
	}
	agreed, ok := look.Agreed()
	if !ok || len(agreed.Records) != 12 {
		t.Errorf("got %d records, want 12", len(agreed.Records))
	}
	for _, r := range look.Replies {
		if !r.TCP {
			t.Errorf("%s at %s did not use TCP", r.Server, r.Addr)
		}
	}
}

func testAliases(t *testing.T, client *dns.Client) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for name, want := range map[string]string{
		"www.example.test": "192.0.2.25", "far.example.test": "192.0.2.26", "target.dn.example.test": "192.0.2.26",
	} {
		addrs, err := client.Addresses(ctx, name)
		if err != nil || len(addrs) != 1 || addrs[0].String() != want {
			t.Errorf("%s: got %v %v, want %s", name, addrs, err, want)
		}
	}
	if answer, err := client.Resolve(ctx, "circle.example.test", dns.A); err == nil {
		t.Errorf("a circle of aliases gives %+v, want an error", answer)
	}
	answer, err := client.Resolve(ctx, "nobody.example.test", dns.A)
	if err != nil || answer.Exists || len(answer.Records) != 0 {
		t.Errorf("got %+v %v, want that there is no such name", answer, err)
	}
}
