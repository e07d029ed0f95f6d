// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rehome/internal/protocol/dns"
	"rehome/lab"
	"rehome/lab/dnstree"
	"rehome/lab/dovecot"
	"rehome/lab/lmtp"
	"rehome/lab/mailsink"
	"rehome/lab/operator"
)

// crossing is two Dovecots, and domains at a Knot and a BIND that take updates, each with a second server; one domain has one that
// never follows, one has one that does not know it.
type crossing struct {
	lab      *lab.Lab
	tree     *dnstree.Tree
	src, dst *dovecot.Server
	sink     *mailsink.Sink
	client   *dns.Client
}

var zoneKey = dnstree.Key{Name: "rehome.", Secret: base64.StdEncoding.EncodeToString([]byte("the key of the scenario, 32 oct."))}

const crossingPassword = "Own-Pass.word-17"

func stageCrossing(t *testing.T) *crossing {
	t.Helper()
	c := &crossing{lab: lab.Open(t)}
	var accounts []dovecot.Account
	for _, domain := range []string{"knot", "bind", "lag", "lame", "wrong", "hand", "back", "soak", "duo", "web", "pop"} {
		accounts = append(accounts, dovecot.Account{Address: "anna@" + domain + ".test", Password: crossingPassword})
	}
	var err error
	if c.src, err = dovecot.Start(c.lab, dovecot.Options{Name: "source", Accounts: accounts, MasterUser: "mover",
		MasterPassword: crossingPassword}); err != nil {
		t.Fatal(err)
	}
	if c.dst, err = dovecot.Start(c.lab, dovecot.Options{Name: "destination", Accounts: accounts, Hosts: []string{"imap.new.test"}}); err != nil {
		t.Fatal(err)
	}
	if c.sink, err = mailsink.Start(c.lab, "mx-of-the-destination"); err != nil {
		t.Fatal(err)
	}
	c.startDNS(t)
	return c
}

func (c *crossing) startDNS(t *testing.T) {
	t.Helper()
	host, _, err := net.SplitHostPort(c.dst.IMAPS)
	if err != nil {
		t.Fatal(err)
	}
	keys := []dnstree.Key{zoneKey}
	zone := func(servers ...string) string { return crossingZone(7, "10 mail", servers...) }
	servers := []dnstree.Server{{Name: "root", Kind: dnstree.Knot}, {Name: "knot", Kind: dnstree.Knot, Keys: keys},
		{Name: "bind", Kind: dnstree.BIND, Keys: keys}, {Name: "knot2", Kind: dnstree.Knot, Follows: "knot"},
		{Name: "bind2", Kind: dnstree.Knot, Follows: "bind"}, {Name: "stale", Kind: dnstree.Knot}}
	zones := []dnstree.Zone{
		{Name: "lag.test.", On: []string{"knot", "stale"}, Text: zone("knot", "stale")},
		{Name: "lame.test.", On: []string{"knot"}, Text: zone("knot", "stale")},
		{Name: "new.test.", On: []string{"stale"}, Text: "$TTL 60\n@ SOA stale.hosts.test. a. 1 7200 900 604800 60\n@ NS stale.hosts.test.\n" +
			"mx1 A 127.0.0.1\nimap A " + host + "\n"},
	}
	root := "$TTL 60\n@ SOA a.root. a. 1 7200 900 604800 60\n@ NS a.root.\na.root. A {root}\nnew.test. NS stale.hosts.test.\n"
	for _, name := range []string{"knot", "wrong", "hand", "back", "soak", "duo", "web", "pop"} {
		zones = append(zones, dnstree.Zone{Name: name + ".test.", On: []string{"knot"}, Text: zone("knot", "knot2")})
		root += name + ".test. NS knot.hosts.test.\n" + name + ".test. NS knot2.hosts.test.\n"
	}
	zones = append(zones, dnstree.Zone{Name: "bind.test.", On: []string{"bind"}, Text: zone("bind", "bind2")})
	root += "bind.test. NS bind.hosts.test.\nbind.test. NS bind2.hosts.test.\n"
	for _, name := range []string{"lag", "lame"} {
		root += name + ".test. NS knot.hosts.test.\n" + name + ".test. NS stale.hosts.test.\n"
	}
	for _, s := range servers[1:] {
		root += s.Name + ".hosts.test. A {" + s.Name + "}\n"
	}
	if c.tree, err = dnstree.Start(c.lab, servers, append(zones, dnstree.Zone{Name: ".", On: []string{"root"}, Text: root})); err != nil {
		t.Fatal(err)
	}
	c.client = dns.New(dns.Options{Roots: []dns.Server{{Addrs: addrs(c.tree, "root")}}, Anchors: []dns.Anchor{}, Port: c.tree.Port,
		Timeout: 10 * time.Second, Pause: time.Microsecond})
}

func crossingZone(serial int, mx string, servers ...string) string {
	text := fmt.Sprintf("$TTL 1\n@ SOA %s.hosts.test. a. %d 7200 900 604800 60\n@ MX %s\nmail A 192.0.2.10\n"+
		"@ TXT \"v=spf1 mx ip4:192.0.2.0/28 -all\"\n", servers[0], serial, mx)
	for _, server := range servers {
		text += "@ NS " + server + ".hosts.test.\n"
	}
	return text
}

// move is a folder for the move of domains, in which everything is copied and proved.
func (c *crossing) move(t *testing.T, domains ...string) operator.Operator {
	t.Helper()
	o := operator.Operator{Dir: t.TempDir(), Binary: binary}
	dst, _, err := net.SplitHostPort(c.dst.IMAPS)
	if err != nil {
		t.Fatal(err)
	}
	at := func(server string) string {
		return net.JoinHostPort(c.tree.Hosts[server].String(), strconv.Itoa(int(c.tree.Port)))
	}
	providers := fmt.Sprintf(`knot: {kind: rfc2136, server: %q, key: rehome., secret: "file:dnskey"},
  bind: {kind: rfc2136, zones: [bind.test], server: %q, key: rehome., secret: "file:dnskey"}, person: {kind: by_hand, zones: [hand.test]}`,
		at("knot"), at("bind"))
	master := ""
	if domains[0] == "lag.test" {
		master = `, login: master, master_user: mover, master_password: "file:master"`
	}
	settings := fmt.Sprintf(`organisation: Crossing
domains: [%[1]s]
roster: people.csv
source: {kind: imap, imap: {address: %[2]q, ca_file: %[3]q%[10]s}}
destination:
  kind: imap
  imap: {address: %[4]q, ca_file: %[3]q}
  mx: {addresses: [%[5]q], tls: none, pause: 1ms}
  dns: {mx: [10 mx1.new.test]}
  login_test: {pause: 1ms}
clients: {hosts: {%[6]s: imap.new.test}}
dns: {roots: [%[7]s], port: %[8]d, timeout: 10s, pause: 1us, providers: {%[9]s}}
cutover: {ttl: 2s, quiet: 1s, every: 1s, look: 1s, old_spf: [mx], old_after: 0s}
`, strings.Join(domains, ", "), c.src.IMAPS, c.lab.CAFile(), c.dst.IMAPS, c.sink.SMTP, dst, c.tree.Hosts["root"], c.tree.Port, providers, master)
	secret := zoneKey.Secret
	if domains[0] == "wrong.test" {
		secret = base64.StdEncoding.EncodeToString([]byte("a secret that the server has not"))
	}
	seen, roster := map[string]any{}, "EmailAddress,Password,DestinationPassword\n"
	for _, domain := range domains {
		seen[domain+" ttl "+domain+" MX"] = map[string]any{"since": "2026-01-01T00:00:00Z", "hold_nanoseconds": 0, "unmet": true}
		roster += "anna@" + domain + "," + crossingPassword + "," + crossingPassword + "\n"
		c.deliver(t, domain, "before the move")
	}
	memory, err := json.Marshal(seen)
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{"rehome.yaml": settings, "people.csv": roster,
		"dnskey": secret + "\n", "master": crossingPassword + "\n", "accounts/dns-seen.json": string(memory)} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(o.Dir, file)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(o.Dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	makeIdentity(t, o)
	o.Want(t, 0, "sync")
	o.Want(t, 0, "verify")
	o.Want(t, 0, "verify", "--login")
	return o
}

// makeIdentity has init make one, elsewhere.
func makeIdentity(t *testing.T, o operator.Operator) {
	t.Helper()
	identity := o.Command(t.Context(), "init", "--organisation", "X", "--source-imap", "x:993", "--destination-imap", "y:993")
	identity.Dir = t.TempDir()
	if out, err := identity.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Rename(filepath.Join(identity.Dir, "secrets"), filepath.Join(o.Dir, "secrets")); err != nil {
		t.Fatal(err)
	}
}

func (c *crossing) deliver(t *testing.T, domain, subject string) {
	t.Helper()
	text := "From: x@out.test\r\nSubject: " + subject + "\r\n\r\nx\r\n"
	if err := lmtp.Deliver(t.Context(), c.src.LMTP, "x@out.test", "anna@"+domain, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// standing is what every server of the zone gives as its MX.
func (c *crossing) standing(t *testing.T, domain string) []string {
	t.Helper()
	look, err := c.client.Look(t.Context(), domain, dns.MX)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, r := range look.Replies {
		all = append(all, strings.Join(r.Data(), ","))
	}
	return slices.Compact(all)
}

func (c *crossing) serial(t *testing.T, domain string) string {
	t.Helper()
	look, err := c.client.Look(t.Context(), domain, dns.SOA)
	if err != nil {
		t.Fatal(err)
	}
	serials := look.Serials()
	return serials[0].Serial
}

// crossed is the promised part of what "cutover run --json" prints.
type crossed struct {
	Domains []struct {
		Domain, State string
		Waits         []struct {
			Gate, Sentence, Who string
			NextStep            string `json:"next_step"`
		} `json:"waits_for"`
		Late     int64 `json:"late_messages"`
		Returned int64 `json:"returned_messages"`
		Records  []struct{ About, State string }
		Next     string `json:"next_step"`
	}
}

func TestCutover_realServers(t *testing.T) {
	t.Parallel()
	c := stageCrossing(t)
	for name, test := range map[string]func(*testing.T, *crossing){
		"killed in each state":  testKilledInEachState,
		"killed at random":      testKilledAtRandom,
		"BIND":                  testBIND,
		"a server that lags":    testLagging,
		"what holds its gate":   testHeld,
		"by hand":               testByHand,
		"changed by a stranger": testStranger,
		"in a browser":          testInABrowser,
		"mail downloaded again": testDownloads,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

// runUntil runs a command line and kills it as soon as it says something; ended reports that it ended by itself.
func runUntil(t *testing.T, o operator.Operator, says string, args ...string) (told []string, ended bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := o.Command(ctx, args...)
	lines, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(lines)
	for ended = true; scanner.Scan(); {
		told = append(told, scanner.Text())
		if strings.Contains(scanner.Text(), says) {
			_ = command.Process.Kill() // it may be over
			ended = false
			break
		}
	}
	_ = command.Wait() // it was killed
	return told, ended
}

// listen runs a command line to its end and hears each line of what it says.
func (c *crossing) listen(t *testing.T, o operator.Operator, hear func(line string), args ...string) (code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := o.Command(ctx, args...)
	lines, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	for scanner := bufio.NewScanner(lines); scanner.Scan(); {
		hear(scanner.Text())
	}
	_ = command.Wait() // its code says how it has ended
	return command.ProcessState.ExitCode()
}

// Killed with SIGKILL as soon as it is in each of its states, and begun again: each record is written once, the audit log is whole.
func testKilledInEachState(t *testing.T, c *crossing) {
	o := c.move(t, "knot.test")
	before := c.serial(t, "knot.test")
	for _, says := range []string{"begins:", "nothing speaks against", "final pass:", "final pass done", "the switch begins", "writes ", "done: ",
		"done: ", "switched:", "test messages", "late mail is brought every"} {
		if says == "writes " { // it has come after the final pass, and before the domain is live
			c.deliver(t, "knot.test", "late")
		}
		told, ended := runUntil(t, o, says, "cutover", "run")
		t.Logf("killed at %q: %v\n%s", says, !ended, strings.Join(told, "\n"))
		if ended && !strings.Contains("done: switched: test messages late mail is brought every", says) { // a kill may come too late for these
			t.Fatalf("it did not say %q", says)
		}
	}
	run := o.Want(t, 0, "cutover", "run")
	t.Log(run.Err, run.Out)
	crossed := operator.Answer[crossed](t, o, 0, "cutover", "status")
	if d := crossed.Domains[0]; d.State != "live" || d.Late != 1 || len(d.Records) != 2 {
		t.Errorf("got %+v", d)
	}
	if got := c.standing(t, "knot.test"); len(got) != 1 || got[0] != "10 mx1.new.test" {
		t.Errorf("MX is %q", got)
	}
	was, _ := strconv.Atoi(before)
	if now, _ := strconv.Atoi(c.serial(t, "knot.test")); now != was+2 {
		t.Errorf("the zone was changed %d times, want 2: one for each set", now-was)
	}
	o.Want(t, 0, "audit", "check")
	o.Want(t, 0, "verify")
	wantStep(t, o, "close", "rehome next")
	c.closes(t, o, "knot.test")
}

// wantStep asks what to do now.
func wantStep(t *testing.T, o operator.Operator, step, command string) {
	t.Helper()
	got := operator.Answer[itinerary](t, o, 0, "next")
	if got.Next == nil || got.Next.Step != step || got.Next.Command != command {
		t.Errorf("next is %+v of %+v, want %s by %q", got.Next, got.Steps, step, command)
	}
}

// closes ends the move: TTLs are raised, the old senders go, the papers are in one folder and prove themselves.
func (c *crossing) closes(t *testing.T, o operator.Operator, domain string) {
	t.Helper()
	o.Want(t, 6, "close")
	if out := o.Want(t, 6, "close", "--yes").Out; !strings.Contains(out, "switched less than 7 days ago") {
		t.Errorf("it was closed at once, or nobody says why not:\n%s", out)
	}
	t.Log(o.Want(t, 0, "close", "--yes", "--early", "--why", "a test").Out)
	if got := operator.Answer[itinerary](t, o, 0, "next"); got.Next != nil {
		t.Errorf("after the end, next is %+v", got.Next)
	}
	for kind, want := range map[dns.Type]string{dns.MX: "10 mx1.new.test", dns.TXT: "v=spf1 ip4:192.0.2.0/28 -all"} {
		look, err := c.client.Look(t.Context(), domain, kind)
		if err != nil {
			t.Fatal(err)
		}
		reply := look.Replies[slices.IndexFunc(look.Replies, func(r dns.Reply) bool { return r.Server == "knot.hosts.test" })]
		if got := strings.Join(reply.Data(), ","); got != want || kind == dns.MX && dns.LongestTTL(reply.Records) != time.Hour {
			t.Errorf("%s is %q for %v, want %q for an hour", kind, got, dns.LongestTTL(reply.Records), want)
		}
	}
	o.Want(t, 0, "audit", "check", filepath.Join("closed", "audit.jsonl"))
	for _, file := range []string{"report.html", "report.json", "dns.txt", "cutover.json", filepath.Join("certificates", "summary.json")} {
		if info, err := os.Stat(filepath.Join(o.Dir, "closed", file)); err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is not in the folder as it should be: %v %v", file, info, err)
		}
	}
	o.Want(t, 0, "close", "--yes", "--personal-data")
	for _, gone := range []string{"rehome.db", "accounts/dns-seen.json"} {
		if _, err := os.Stat(filepath.Join(o.Dir, gone)); !os.IsNotExist(err) {
			t.Errorf("%s is still there", gone)
		}
	}
	o.Want(t, 0, "audit", "check", filepath.Join("closed", "audit.jsonl"))
}

func testBIND(t *testing.T, c *crossing) {
	o := c.move(t, "bind.test", "duo.test")
	o.Want(t, 0, "cutover", "run") // both at once
	if got := c.standing(t, "bind.test"); len(got) != 1 || got[0] != "10 mx1.new.test" {
		t.Errorf("MX is %q", got)
	}
	c.takesBack(t, o, "bind.test")
}

// takesBack shows what a rollback means, then takes the domain back through kills: the records as they were, each written once, and
// at the source once what has arrived at the destination.
func (c *crossing) takesBack(t *testing.T, o operator.Operator, domain string) {
	t.Helper()
	text := "From: x@out.test\r\nSubject: new\r\n\r\nx\r\n"
	if err := lmtp.Deliver(t.Context(), c.dst.LMTP, "x@out.test", "anna@"+domain, []byte(text)); err != nil {
		t.Fatal(err)
	}
	before := c.serial(t, domain)
	preview := o.Want(t, 6, "cutover", "rollback", domain)
	if !strings.Contains(preview.Out, "1 message that has arrived at the destination since is carried back") || c.serial(t, domain) != before {
		t.Errorf("the preview says something else, or has changed something:\n%s", preview.Out)
	}
	for _, says := range []string{"puts back ", "done: ", "puts back ", "all records are put back", "every server gives the old", "carried back to"} {
		told, ended := runUntil(t, o, says, "cutover", "rollback", domain, "--yes")
		t.Logf("killed at %q: %v\n%s", says, !ended, strings.Join(told, "\n"))
		if ended {
			break
		}
	}
	status := operator.Decode[crossed](t, o.Run(t, "cutover", "status", "--json"))
	if status.Domains[0].State != "rolled_back" {
		o.Want(t, 0, "cutover", "rollback", domain, "--yes")
	}
	if got := c.standing(t, domain); len(got) != 1 || got[0] != "10 mail."+domain {
		t.Errorf("MX is %q", got)
	}
	was, _ := strconv.Atoi(before)
	if now, _ := strconv.Atoi(c.serial(t, domain)); now != was+2 {
		t.Errorf("the zone was changed %d times, want 2: one for each set", now-was)
	}
	both := operator.Answer[crossed](t, o, 0, "cutover", "status").Domains
	if both[0].Returned > 1 || both[1].State != "live" {
		t.Errorf("got %+v, want one message carried back, and the other domain live", both)
	}
	o.Want(t, 0, "verify")
	o.Want(t, 0, "audit", "check")
}

// A server that never follows holds the proof, and is named; when it follows, it goes on.
func testLagging(t *testing.T, c *crossing) {
	o := c.move(t, "lag.test")
	var held crossed
	for range 8 { // each does what can be done at once
		held = operator.Decode[crossed](t, o.Run(t, "cutover", "run", "--once", "--json"))
		if len(held.Domains[0].Waits) > 0 {
			break
		}
	}
	wantHeld(t, held, "proof", "stale.hosts.test still gives 10 mail.lag.test as MX of lag.test")
	o.Want(t, 6, "cutover", "status")
	if err := c.tree.Change("stale", "lag.test.", crossingZone(99, "10 mx1.new.test.", "knot", "stale")+
		"_imaps._tcp SRV 0 1 "+portOf(c.dst.IMAPS)+" imap.new.test.\n"); err != nil {
		t.Fatal(err)
	}
	o.Want(t, 0, "cutover", "run")
	alive := "the master user mover still opens accounts at the source"
	if out := o.Want(t, 6, "close", "--yes", "--early", "--why", "x").Out; !strings.Contains(out, alive) {
		t.Errorf("a master user that is alive:\n%s", out)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, "master"), []byte("not any more\n"), 0o600); err != nil { // as if it were removed there
		t.Fatal(err)
	}
	if out := o.Want(t, 0, "close", "--yes").Out; !strings.Contains(out, "the master user mover is refused at the source") {
		t.Errorf("a master user that is dead:\n%s", out)
	}
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

func wantHeld(t *testing.T, got crossed, gate, sentence string) {
	t.Helper()
	for _, w := range got.Domains[0].Waits {
		if w.Gate == gate && strings.Contains(w.Sentence, sentence) && w.Who != "" && w.NextStep != "" {
			return
		}
	}
	text, _ := json.MarshalIndent(got, "", " ")
	t.Errorf("%s does not hold with %q:\n%s", gate, sentence, text)
}

// Each holds its gate before anything is written, says who can lift it, and can be answered for.
func testHeld(t *testing.T, c *crossing) {
	lame, wrong := c.move(t, "lame.test"), c.move(t, "wrong.test")
	wantHeld(t, operator.Answer[crossed](t, lame, 6, "cutover", "run"), "servers", "stale.hosts.test")
	wantStep(t, lame, "switch", "rehome cutover run")
	wantHeld(t, operator.Answer[crossed](t, wrong, 6, "cutover", "run"), "credentials", "another secret")
	if err := os.Remove(filepath.Join(wrong.Dir, "accounts", "dns-seen.json")); err != nil {
		t.Fatal(err)
	}
	wantHeld(t, operator.Answer[crossed](t, wrong, 6, "cutover", "run"), "ttl", "assumed, as rehome has not seen it")
	if got := c.standing(t, "wrong.test"); got[0] != "10 mail.wrong.test" {
		t.Errorf("MX is %q", got)
	}
	wrong.Want(t, 2, "cutover", "run", "--override", "ttl")
	wrong.Want(t, 6, "cutover", "run", "--override", "weather", "--why", "x")
	got := operator.Answer[crossed](t, wrong, 6, "cutover", "run", "--once", "--override", "ttl", "--override", "credentials", "--why", "a test")
	wantHeld(t, got, "credentials", "another secret")
	if log := wrong.Want(t, 0, "audit", "show").Out; !strings.Contains(log, "gate passed by override") || !strings.Contains(log, "a test") {
		t.Errorf("the override is not in the audit log:\n%s", log)
	}
}

// A person changes the zone minutes later; the run shows what to enter, sees it and goes on.
func testByHand(t *testing.T, c *crossing) {
	o := c.move(t, "hand.test")
	var told []string
	code := c.listen(t, o, func(line string) {
		if told = append(told, line); strings.Contains(line, "waits (proof)") {
			srv := "_imaps._tcp SRV 0 1 " + portOf(c.dst.IMAPS) + " imap.new.test.\n"
			if err := c.tree.Change("knot", "hand.test.", crossingZone(99, "10 mx1.new.test.", "knot", "knot2")+srv); err != nil {
				t.Error(err)
			}
		}
	}, "cutover", "run")
	text := strings.Join(told, "\n")
	if code != 0 || !strings.Contains(text, "DELETE  hand.test  MX  10 mail.hand.test") ||
		!strings.Contains(text, "ADD     hand.test  MX  10 mx1.new.test  TTL") {
		t.Fatalf("code %d, or no instructions:\n%s", code, text)
	}
	if got := c.standing(t, "hand.test"); len(got) != 1 || got[0] != "10 mx1.new.test" {
		t.Errorf("MX is %q", got)
	}
	t.Log(text)
}

// Somebody changes the record between the look and the switch: nothing is written, and both values are shown.
func testStranger(t *testing.T, c *crossing) {
	o := c.move(t, "back.test")
	runUntil(t, o, "final pass done", "cutover", "run")
	if err := c.tree.Change("knot", "back.test.", crossingZone(99, "10 stranger.out.test.", "knot", "knot2")); err != nil {
		t.Fatal(err)
	}
	followed := func() bool { return slices.Equal(c.standing(t, "back.test"), []string{"10 stranger.out.test"}) }
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline) && !followed(); {
	}
	held := operator.Answer[crossed](t, o, 6, "cutover", "run")
	wantHeld(t, held, "zone", "it was 10 mail.back.test, and now is 10 stranger.out.test")
	if got := c.standing(t, "back.test"); got[0] != "10 stranger.out.test" {
		t.Errorf("MX is %q", got)
	}
	o.Want(t, 0, "cutover", "run", "--override", "zone", "--why", "it was me")
}

func addrs(tree *dnstree.Tree, server string) []netip.Addr { return []netip.Addr{tree.Hosts[server]} }
