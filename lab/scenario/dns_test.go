// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/lab"
	"rehome/lab/bind"
	"rehome/lab/dnstree"
	"rehome/lab/operator"
)

const dnsHead = "$TTL 3600\n@ SOA ns1.hosts.test. admin.hosts.test. 7 7200 900 604800 300\n@ NS ns1.hosts.test.\n@ NS ns2.hosts.test.\n"

// dkimKey is the one of RFC 6376, appendix C.
const dkimKey = "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq" +
	"631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"

// dnsZones are four domains: one as it should be before a switch, one that lags, one that is broken, one whose second server does
// not know it.
func dnsZones() []dnstree.Zone {
	both := []string{"ns1", "ns2"}
	good := dnsHead + `@ MX 10 mail
mail A 192.0.2.10
@ TXT "v=spf1 mx ip4:192.0.2.0/28 -all"
@ TXT "site-verification=keep-me"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.test"
new._domainkey TXT "` + dkimKey[:200] + `" "` + dkimKey[200:] + `"
_imaps._tcp SRV 0 1 993 mail
autodiscover CNAME mail
_25._tcp.mail TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
@ CAA 0 issue "ca.test"
`
	return []dnstree.Zone{
		{Name: "example.test.", On: both, Signing: bind.NSEC, Text: good},
		{Name: "lagging.test.", On: []string{"ns1"}, Text: dnsHead + "@ MX 10 mx1.new.test.\n"},
		{Name: "lagging.test.", On: []string{"ns2"}, Text: strings.Replace(dnsHead, " 7 ", " 6 ", 1) + "@ MX 10 mail.example.test.\n"},
		{Name: "broken.test.", On: both, Text: dnsHead + `@ MX 10 mail.example.test.
@ TXT "v=spf1 mx -all"
@ TXT "v=spf1 a -all"
new._domainkey TXT "v=DKIM1; p=cut"
_dmarc TXT "v=DMARC1; p=maybe"
`},
		{Name: "lame.test.", On: []string{"ns1"}, Text: dnsHead + "@ MX 10 mail.example.test.\n"},
		{Name: "new.test.", On: both, Text: dnsHead + "mx1 A 192.0.2.20\nspf TXT \"v=spf1 ip4:192.0.2.20 -all\"\n"},
		{Name: "hosts.test.", On: both, Text: dnsHead + "ns1 A {ns1}\nns2 A {ns2}\n"},
		{Name: "test.", On: []string{"tld"}, Signing: bind.NSEC3, Text: "$TTL 3600\n@ SOA ns.nic.test. a.nic.test. 1 7200 900 604800 300\n" +
			"@ NS ns.nic.test.\nns.nic A {tld}\nns1.hosts A {ns1}\nns2.hosts A {ns2}\n" + delegations("example", "lagging", "broken", "lame", "new", "hosts")},
		{Name: ".", On: []string{"root"}, Signing: bind.NSEC, Text: "$TTL 3600\n@ SOA a.root. a. 1 7200 900 604800 300\n@ NS a.root.\na.root. A {root}\n" +
			"test. NS ns.nic.test.\nns.nic.test. A {tld}\n"},
	}
}

func delegations(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "%[1]s NS ns1.hosts.test.\n%[1]s NS ns2.hosts.test.\n", name)
	}
	return b.String()
}

// dnsMove starts the servers and writes the settings of a move.
func dnsMove(t *testing.T) (operator.Operator, *dnstree.Tree) {
	t.Helper()
	tree, err := dnstree.Start(lab.Open(t), []dnstree.Server{
		{Name: "root", Kind: dnstree.Knot}, {Name: "tld", Kind: dnstree.Knot}, {Name: "ns1", Kind: dnstree.Knot}, {Name: "ns2", Kind: dnstree.BIND},
	}, dnsZones())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	settings := fmt.Sprintf(`domains: [example.test, lagging.test, broken.test, lame.test]
roster: people.csv
source: {kind: imap, imap: {address: "mail.example.test:993"}}
destination:
  kind: imap
  imap: {address: "imap.new.test:993"}
  dns:
    mx: [10 mx1.new.test]
    spf: ["include:spf.new.test"]
    dkim: {new: %q}
    autodiscover: autodiscover.new.test
dns: {roots: [%s], anchors: [%s], port: %d, timeout: 10s, pause: 1us}
`, dkimKey, tree.Hosts["root"], strings.Join(tree.Digests["."], ", "), tree.Port)
	if err := os.WriteFile(filepath.Join(dir, "rehome.yaml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	return operator.Operator{Dir: dir, Binary: binary}, tree
}

// dnsReport is what scripts read.
type dnsReport struct {
	Domains []struct {
		Domain  string
		Records []struct {
			About, State, Sentence, Who string
			Now, Wanted                 []string
			Seen                        string
			Servers                     []struct{ Server, At string }
		}
		Findings []struct{ Code, Severity string }
	}
}

func TestDNSCheck_saysWhatEachServerSays(t *testing.T) {
	t.Parallel()
	o, _ := dnsMove(t)
	text := outcomeOf(o.Run(t, "dns", "check"))
	if text.code != 3 {
		t.Errorf("got code %d, want 3\n%s%s", text.code, text.out, text.err)
	}
	answer := outcomeOf(o.Run(t, "--json", "dns", "check"))
	var report dnsReport
	if err := json.Unmarshal([]byte(answer.out), &report); err != nil {
		t.Fatalf("%v\n%s", err, answer.out)
	}
	states, findings := map[string]string{}, []string{}
	for _, d := range report.Domains {
		for _, r := range d.Records {
			states[d.Domain+" "+r.About] = r.State
			if r.Seen == "" || r.Who == "" || r.Sentence == "" {
				t.Errorf("%s %s lacks who, when or what: %+v", d.Domain, r.About, r)
			}
		}
		for _, f := range d.Findings {
			findings = append(findings, d.Domain+" "+f.Code)
		}
	}
	for record, want := range map[string]string{
		"example.test MX": "change", "example.test SPF": "change", "example.test DKIM": "right", "example.test DMARC": "right",
		"example.test TLSA": "right", "example.test CAA": "right", "example.test IMAP with TLS": "change", "example.test Autodiscover": "change",
		"example.test host": "change", "lagging.test MX": "wrong", "broken.test SPF": "wrong", "broken.test DKIM": "wrong", "broken.test DMARC": "wrong",
		"lame.test MX": "change",
	} {
		if states[record] != want {
			t.Errorf("%s: got %q, want %q", record, states[record], want)
		}
	}
	for _, want := range []string{
		"lagging.test dns_servers_disagree", "broken.test dns_record_broken", "lame.test dns_server_lame", "lame.test dns_key_missing",
	} {
		if !slices.Contains(findings, want) {
			t.Errorf("the finding %q is missing among %q", want, findings)
		}
	}
	if slices.ContainsFunc(findings, func(f string) bool { return strings.HasPrefix(f, "example.test ") }) {
		t.Errorf("example.test is as it should be before a switch, and has findings: %q", findings)
	}
	if one := outcomeOf(o.Run(t, "dns", "check", "example.test")); one.code != 0 {
		t.Errorf("got code %d for example.test, want 0\n%s", one.code, one.out)
	}
	if t.Failed() || os.Getenv("SHOW") != "" {
		t.Log(text.out)
	}
}

func TestCutoverPlan_saysWhatAndWhen(t *testing.T) {
	t.Parallel()
	o, _ := dnsMove(t)
	for _, c := range []struct {
		code int
		args []string
		want []string
	}{
		{6, []string{"example.test"}, []string{"MX 10 mx1.new.test, TTL 300", "from 1 hour to 5 minutes",
			"TXT v=spf1 mx ip4:192.0.2.0/28 include:spf.new.test -all",
			"earliest safe switch: ", "ready 1 hour after it is done", "if the steps before it are done now"}},
		{6, []string{"--as", "cards", "example.test"}, []string{"DELETE   MX 10 mail.example.test", "KEEP     TXT site-verification=keep-me"}},
		{6, []string{"--as", "zone", "example.test"}, []string{
			`example.test. 300 IN TXT "site-verification=keep-me"`, "example.test. 300 IN MX 10 mx1.new.test.",
		}},
		{6, []string{"--as", "dnscontrol", "example.test"}, []string{`D_EXTEND("example.test"`, `MX("@", 10, "mx1.new.test.", TTL(300))`}},
		{6, []string{"lame.test"}, []string{"ns2.hosts.test 127.0.0.1 does not answer for lame.test", "not known until this is done"}},
		{6, []string{"broken.test"}, []string{"the SPF record of broken.test has to be mended"}},
		{3, []string{}, []string{"MX of lagging.test is not known: the servers say different things"}},
		{2, []string{"--as", "poem"}, nil},
	} {
		got := outcomeOf(o.Run(t, append([]string{"cutover", "plan"}, c.args...)...))
		if got.code != c.code {
			t.Errorf("%v: got code %d, want %d\n%s%s", c.args, got.code, c.code, got.out, got.err)
		}
		for _, part := range c.want {
			if !strings.Contains(got.out, part) {
				t.Errorf("%v: %q is missing in:\n%s", c.args, part, got.out)
			}
		}
	}
	wants(t, o, 3, "dns lower-ttl --write lagging.test", "MX of lagging.test is not known: the servers say different things")
	seen := filepath.Join(o.Dir, "accounts", "dns-seen.json")
	info, err := os.Stat(seen)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("what was seen is not kept for the next plan: %v %v", info, err)
	}
	if err := os.WriteFile(seen, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := outcomeOf(o.Run(t, "cutover", "plan")); got.code != 6 || !strings.Contains(got.err, "restore the file, or remove it") {
		t.Errorf("got code %d %q for a damaged memory, want 6 and a way out", got.code, got.err)
	}
}

// A server that lags holds everything until somebody has changed it, by whatever means; the next look sees it.
func TestDNSCheck_seesWhatOthersChange(t *testing.T) {
	t.Parallel()
	o, tree := dnsMove(t)
	if got := outcomeOf(o.Run(t, "dns", "check", "lagging.test")); got.code != 3 || !strings.Contains(got.out, "have different versions") {
		t.Errorf("got code %d, want 3 and that the versions differ\n%s", got.code, got.out)
	}
	text := strings.Replace(dnsHead, " 7 ", " 8 ", 1) + "@ 300 MX 10 mx1.new.test.\n@ 300 TXT \"v=spf1 mx include:spf.new.test ~all\"\n"
	for _, server := range []string{"ns1", "ns2"} {
		if err := tree.Change(server, "lagging.test.", text); err != nil {
			t.Fatal(err)
		}
	}
	var got outcome
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if got = outcomeOf(o.Run(t, "dns", "check", "lagging.test")); got.code == 0 && strings.Contains(got.out, "ns2.hosts.test 8") {
			break
		}
	}
	if got.code != 0 || !strings.Contains(got.out, "mail goes to 10 mx1.new.test, as it should after the switch") {
		t.Errorf("got code %d, want 0 and the new host\n%s", got.code, got.out)
	}
}
