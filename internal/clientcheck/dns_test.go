// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/protocol/dns"
	"rehome/lab"
	"rehome/lab/dnstree"
)

const zoneHead = "$TTL 3600\n@ SOA ns1.hosts.test. admin.hosts.test. 7 7200 900 604800 300\n@ NS ns1.hosts.test.\n"

// zonesOf are three domains: one with the records that rehome writes for it, one that has only the MX of the new host, and one whose
// server is gone.
func zonesOf(t *testing.T) []dnstree.Zone {
	t.Helper()
	both := services("a.test")
	var records strings.Builder
	for _, r := range both.Destination.Records("setup.hosts.test") {
		fmt.Fprintf(&records, "%s. %s %s\n", r.Name, r.Type, r.Value)
	}
	on := []string{"ns1"}
	return []dnstree.Zone{
		{Name: "a.test.", On: on, Text: zoneHead + records.String()},
		{Name: "b.test.", On: on, Text: zoneHead + "@ MX 10 mx1.mail.hosts.test.\n"},
		{Name: "hosts.test.", On: on, Text: zoneHead + "ns1 A {ns1}\nsetup A 192.0.2.1\nautoconfig A 192.0.2.2\nmx1.mail A 192.0.2.3\n"},
		{Name: "new.example.net.", On: on, Text: zoneHead + "@ A 192.0.2.4\ndav A 192.0.2.5\n"},
		{Name: "old.example.net.", On: on, Text: zoneHead + "@ A 10.0.0.4\n"},
		{Name: "test.", On: []string{"root"}, Text: "$TTL 3600\n@ SOA a.root. a. 1 7200 900 604800 300\n@ NS a.root.\n" +
			"a NS ns1.hosts.test.\nb NS ns1.hosts.test.\nhosts NS ns1.hosts.test.\nns1.hosts A {ns1}\ngone NS ns.gone.test.\nns.gone A {nobody}\n"},
		{Name: ".", On: []string{"root"}, Text: "$TTL 3600\n@ SOA a.root. a. 1 7200 900 604800 300\n@ NS a.root.\na.root. A {root}\n" +
			"test. NS a.root.\nnew.example.net. NS ns1.hosts.test.\nold.example.net. NS ns1.hosts.test.\n"},
	}
}

// The records that rehome writes lead each client to the responder and to the new servers, by real servers of DNS; where there is
// only an MX record, Thunderbird follows that; and of a domain whose servers are silent nothing is known.
func TestCheck_byRealDNS(t *testing.T) {
	t.Parallel()
	tree, err := dnstree.Start(lab.Open(t), []dnstree.Server{
		{Name: "root", Kind: dnstree.Knot}, {Name: "ns1", Kind: dnstree.Knot}, {Name: "nobody", Kind: dnstree.Nobody},
	}, zonesOf(t))
	if err != nil {
		t.Fatal(err)
	}
	n := newInternet(t)
	n.mailHosts(t)
	n.respond(t, "a.test destination\nb.test destination\ngone.test destination\n", "a.test", "b.test", "gone.test")
	// Where the names lead: the responder has the certificate for the domain's names, the new host one for its own.
	places := map[string]string{}
	put := func(addr, port, name string) {
		places[net.JoinHostPort(addr, port)] = n.listens[net.JoinHostPort(n.hosts[name].String(), port)]
	}
	n.web(t, answerOf(t, "b.test"), "autoconfig.hosts.test")
	put("192.0.2.1", "443", "autoconfig.a.test")
	put("192.0.2.2", "443", "autoconfig.hosts.test")
	for _, port := range []string{"993", "995", "465"} {
		put("192.0.2.4", port, "new.example.net")
	}
	put("192.0.2.5", "443", "dav.new.example.net")
	world := n.world()
	world.Names = dns.New(dns.Options{Roots: []dns.Server{{Addrs: []netip.Addr{tree.Hosts["root"]}}}, Anchors: []dns.Anchor{}, Port: tree.Port})
	world.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if places[address] == "" {
			return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		}
		return (&net.Dialer{}).DialContext(ctx, network, places[address])
	}
	var subjects []Subject
	for _, domain := range []string{"a.test", "b.test", "gone.test"} {
		s := subject(domain, rehome.Destination)
		s.People = s.People[:1]
		subjects = append(subjects, s)
	}
	report, err := Check(t.Context(), world, subjects)
	if err != nil {
		t.Fatal(err)
	}
	got := told(report)
	for key, want := range map[string]string{
		"moved@a.test thunderbird": "ok new.example.net", "moved@a.test thunderbird_android": "ok new.example.net",
		"moved@a.test outlook": "ok new.example.net", "moved@a.test apple": "ok new.example.net", "moved@a.test davx5": "ok dav.new.example.net",
		"moved@b.test thunderbird": "ok new.example.net", "moved@b.test thunderbird_android": "ok new.example.net", "moved@b.test outlook": "error ",
	} {
		if got[key] != want {
			t.Errorf("%s: got %q, want %q", key, got[key], want)
		}
	}
	for _, f := range report.Findings {
		if strings.HasSuffix(f.Account, "@gone.test") && !findsUnknown.Is(f) {
			t.Errorf("of a domain whose servers are silent: %s: %s", f.Code, f.Sentence)
		}
	}
	at := slices.IndexFunc(report.Domains[0].Servers, func(p Probe) bool { return p.Host == "old.example.net" })
	if p := report.Domains[0].Servers[at]; p.Trouble != Inner || p.Level != checkup.LevelWarning {
		t.Errorf("got %+v of an old server with an inner address", p)
	}
	if t.Failed() {
		for _, d := range report.Domains {
			for _, c := range d.Clients {
				t.Logf("%s %s: %s %v", c.Level, c.Title, c.Sentence, c.Passed)
			}
		}
	}
}

// answerOf is the document of the destination for a domain, at every place.
func answerOf(t *testing.T, domain string) http.HandlerFunc {
	t.Helper()
	both := services(domain)
	document, ok := both.Destination.Autoconfig("1.1")
	if !ok {
		t.Fatal("there is no document")
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = w.Write(document)
	}
}
