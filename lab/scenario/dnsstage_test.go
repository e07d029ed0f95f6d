// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/dnswrite"
	"rehome/internal/protocol/dns"
	"rehome/lab"
	"rehome/lab/dnstree"
	"rehome/lab/operator"
)

var stageKey = dnstree.Key{Name: "rehome.", Secret: base64.StdEncoding.EncodeToString([]byte("the key of the move, 32 octets!!"))}

const stageSOA = "$TTL 3600\n@ SOA ns1.hosts.test. admin.hosts.test. 7 7200 900 604800 300\n"

// stageMove is three domains: one at a Knot, one at a BIND, each with a second server, and one that a person changes.
func stageMove(t *testing.T) (operator.Operator, *dnstree.Tree) {
	t.Helper()
	keys := []dnstree.Key{stageKey}
	zone := func(primary string) string {
		return stageSOA + fmt.Sprintf("@ NS %[1]s.hosts.test.\n@ NS %[1]s2.hosts.test.\n", primary) +
			"@ MX 10 mail\nmail A 192.0.2.10\n@ TXT \"v=spf1 mx -all\"\n@ TXT \"proof=keep-me\"\n"
	}
	root := stageSOA + "@ NS a.root.\na.root. A {root}\nnew.test. NS knot.hosts.test.\n"
	for _, name := range []string{"knot", "bind", "hand"} {
		at := strings.Replace(name, "hand", "knot", 1)
		root += fmt.Sprintf("%[1]s.test. NS %[2]s.hosts.test.\n%[1]s.test. NS %[2]s2.hosts.test.\n", name, at)
		if name == at {
			root += fmt.Sprintf("%[1]s.hosts.test. A {%[1]s}\n%[1]s2.hosts.test. A {%[1]s2}\n", name)
		}
	}
	tree, err := dnstree.Start(lab.Open(t), []dnstree.Server{
		{Name: "root", Kind: dnstree.Knot}, {Name: "knot", Kind: dnstree.Knot, Keys: keys}, {Name: "bind", Kind: dnstree.BIND, Keys: keys},
		{Name: "knot2", Kind: dnstree.Knot, Follows: "knot"}, {Name: "bind2", Kind: dnstree.Knot, Follows: "bind"},
	}, []dnstree.Zone{
		{Name: "knot.test.", On: []string{"knot"}, Text: zone("knot")}, {Name: "hand.test.", On: []string{"knot"}, Text: zone("knot")},
		{Name: "bind.test.", On: []string{"bind"}, Text: zone("bind")},
		{Name: "new.test.", On: []string{"knot"}, Text: stageSOA + "@ NS knot.hosts.test.\nmx1 A 192.0.2.20\nspf TXT \"v=spf1 ip4:192.0.2.20 -all\"\n"},
		{Name: ".", On: []string{"root"}, Text: root},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := operator.Operator{Dir: t.TempDir(), Binary: binary}
	provider := func(name string) string {
		return fmt.Sprintf("%s: {kind: rfc2136, zones: [%s.test], server: %q, key: rehome., secret: \"file:key\"}", name, name,
			netip.AddrPortFrom(tree.Hosts[name], tree.Port))
	}
	settings := fmt.Sprintf(`domains: [knot.test, bind.test, hand.test]
roster: people.csv
source: {kind: imap, imap: {address: "127.0.0.1:1"}}
destination:
  kind: imap
  imap: {address: "127.0.0.1:1"}
  dns: {mx: [10 mx1.new.test], spf: ["include:spf.new.test"], dkim: {new: %q}}
dns:
  roots: [%s]
  port: %d
  timeout: 10s
  pause: 1us
  providers:
    %s
    %s
`, dkimKey, tree.Hosts["root"], tree.Port, provider("knot"), provider("bind"))
	for name, text := range map[string]string{"rehome.yaml": settings, "key": stageKey.Secret} {
		if err := os.WriteFile(filepath.Join(o.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return o, tree
}

// wants runs a command and compares the exit code and parts of what it says.
func wants(t *testing.T, o operator.Operator, code int, command string, parts ...string) {
	t.Helper()
	got := outcomeOf(o.Run(t, strings.Fields(command)...))
	if got.code != code {
		t.Errorf("%s: got code %d, want %d", command, got.code, code)
	}
	for _, part := range parts {
		if !strings.Contains(got.out+got.err, part) {
			t.Errorf("%s: %q is missing", command, part)
		}
	}
	if t.Failed() || os.Getenv("SHOW") != "" {
		t.Logf("$ rehome %s\n%s%s", command, got.out, got.err)
	}
}

func TestDNSStage_writesWhatWasShown(t *testing.T) {
	t.Parallel()
	o, tree := stageMove(t)
	wants(t, o, 3, "check", "accepts changes of knot.test")
	wants(t, o, 0, "dns check knot.test bind.test", "accepts changes of knot.test", "accepts changes of bind.test")
	wants(t, o, 6, "cutover plan knot.test", "rehome can write them, to the DNS server", "the server refuses the change if")
	wants(t, o, 6, "dns lower-ttl", "from 1 hour to 5 minutes", "nothing was written", "KEEP     Type     MX")
	wants(t, o, 0, "dns lower-ttl --write knot.test bind.test", "with a TTL of 300 seconds, at every server",
		"if the other steps of")
	wants(t, o, 0, "dns lower-ttl --write knot.test bind.test", "there is nothing to change")
	wants(t, o, 6, "dns stage knot.test bind.test", "nothing was written", "include:spf.new.test")
	wants(t, o, 0, "dns stage --write knot.test bind.test", "TXT new._domainkey.knot.test is now v=DKIM1", "proof=keep-me", "at every server")
	wants(t, o, 6, "dns stage --write --wait 1ms hand.test", "ADD      Type     TXT", "enter what the instructions say")
	audit := outcomeOf(o.Run(t, "--json", "audit", "show"))
	if n := strings.Count(audit.out, `"records written"`); n != 6 {
		t.Errorf("got %d lines about DNS in the audit log, want 6: MX, SPF and DKIM of two domains\n%s", n, audit.out)
	}
	wants(t, o, 0, "audit check")
	// Another program plays the person.
	secret := rehome.NewSecret(stageKey.Secret)
	person, err := dnswrite.New(dnswrite.Options{Kind: dnswrite.RFC2136, Zone: "hand.test", Key: stageKey.Name, Secret: secret,
		Server: netip.AddrPortFrom(tree.Hosts["knot"], tree.Port).String()})
	if err != nil {
		t.Fatal(err)
	}
	key := dnswrite.Key{Name: "hand.test", Type: dns.MX}
	change := dnswrite.Change{Old: dnswrite.NewSet(key, 3600, "10 mail.hand.test"), New: dnswrite.NewSet(key, 300, "10 mail.hand.test")}
	if _, err := dnswrite.Apply(t.Context(), person, []dnswrite.Change{change}); err != nil {
		t.Fatal(err)
	}
	wants(t, o, 0, "dns lower-ttl --write --wait 30s hand.test")
	var staged struct {
		Domains []struct{ Differences []dnswrite.Difference }
	}
	answer := outcomeOf(o.Run(t, "--json", "dns", "stage", "hand.test"))
	if err := json.Unmarshal([]byte(answer.out), &staged); err != nil || len(staged.Domains) != 1 || answer.code != 6 {
		t.Errorf("got %v with code %d, want one domain and 6\n%s", err, answer.code, answer.out)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, "key"), []byte(base64.StdEncoding.EncodeToString([]byte("another key"))), 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, o, 3, "dns check knot.test", "the server knows the key, and has another secret for it")
}
