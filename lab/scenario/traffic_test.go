// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rehome/lab"
	"rehome/lab/dnstree"
	"rehome/lab/dovecot"
	"rehome/lab/judge"
	"rehome/lab/operator"
	"rehome/lab/scenario"
)

const trafficDomain = "traffic.test"

// traffic is a move in whose midst mail arrives all the time.
type traffic struct {
	t        *testing.T
	lab      *lab.Lab
	src, dst *dovecot.Server
	world    *scenario.Online
	operator operator.Operator
	accounts []string

	mu   sync.Mutex
	sent map[string][]string // Message-IDs by account
	n    int
}

func stageTraffic(t *testing.T) *traffic {
	t.Helper()
	s := &traffic{t: t, lab: lab.Open(t), sent: map[string][]string{}}
	var accounts []dovecot.Account
	for _, name := range []string{"anna", "bjorn", "probe"} {
		s.accounts = append(s.accounts, name+"@"+trafficDomain)
		accounts = append(accounts, dovecot.Account{Address: name + "@" + trafficDomain, Password: crossingPassword})
	}
	var err error
	if s.src, err = dovecot.Start(s.lab, dovecot.Options{Name: "source", Separator: ".", Prefix: "INBOX.", Accounts: accounts}); err != nil {
		t.Fatal(err)
	}
	if s.dst, err = dovecot.Start(s.lab, dovecot.Options{Name: "destination", Layout: dovecot.Sdbox, Separator: "/", SASL: true, Accounts: accounts,
		Hosts: []string{scenario.NewIMAP}}); err != nil {
		t.Fatal(err)
	}
	s.world, err = scenario.GoOnline(s.lab, scenario.OnlineOptions{Domains: []string{trafficDomain}, Source: s.src, Destination: s.dst,
		Accounts: s.accounts, Primary: dnstree.BIND})
	if err != nil {
		t.Fatal(err)
	}
	s.settle()
	return s
}

// settle writes the settings, and has everything copied and proved.
func (s *traffic) settle() {
	s.t.Helper()
	s.operator = operator.Operator{Dir: s.t.TempDir(), Binary: binary}
	host, _, _ := net.SplitHostPort(s.dst.IMAPS)
	settings := fmt.Sprintf(`organisation: Traffic
domains: [%[1]s]
roster: people.csv
source: {kind: imap, imap: {address: %[2]q, ca_file: %[3]q}}
destination:
  kind: imap
  imap: {address: %[4]q, ca_file: %[3]q}
  submission: {address: %[5]q, ca_file: %[3]q}
  mx: {addresses: [%[6]q], tls: starttls, ca_file: %[3]q, pause: 1ms, name: rehome.supplier.test, sender: mover@supplier.test}
  dns: {mx: [10 %[7]s]}
  login_test: {pause: 1ms}
clients: {hosts: {%[8]s: %[9]s}}
%[10]s
cutover: {quiet: 3s, every: 1s, look: 1s, probe: {accounts: [probe@%[1]s], wait: 1m}}
`, trafficDomain, s.src.IMAPS, s.lab.CAFile(), s.dst.IMAPS, s.world.New.Submissions, s.world.New.SMTP, scenario.NewMX, host, scenario.NewIMAP,
		s.world.DNSSettings())
	people := "EmailAddress,Password,DestinationPassword\n"
	for _, account := range s.accounts {
		people += account + "," + crossingPassword + "," + crossingPassword + "\n"
	}
	seen := fmt.Sprintf(`{"%[1]s ttl %[1]s MX": {"since": "2026-01-01T00:00:00Z", "hold_nanoseconds": 0, "unmet": true}}`, trafficDomain)
	for file, text := range map[string]string{"rehome.yaml": settings, "people.csv": people, "dnskey": scenario.ZoneKey.Secret + "\n",
		"accounts/dns-seen.json": seen} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(s.operator.Dir, file)), 0o700); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.operator.Dir, file), []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	makeIdentity(s.t, s.operator)
	for range 6 {
		s.deliver(s.world.Deliver)
	}
	s.await(s.src)
	s.operator.Want(s.t, 0, "sync")
	s.operator.Want(s.t, 0, "verify")
	s.operator.Want(s.t, 0, "verify", "--login")
}

// deliver sends one message to the next account.
func (s *traffic) deliver(by func(ctx context.Context, to, messageID string) error) {
	s.mu.Lock()
	s.n++
	to, id := s.accounts[s.n%2], fmt.Sprintf("message-%d@supplier.test", s.n)
	s.mu.Unlock()
	if err := by(s.t.Context(), to, id); err != nil {
		s.t.Errorf("nobody took a message: %v", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent[to] = append(s.sent[to], "<"+id+">")
}

// flows sends a message every second while something goes on.
func (s *traffic) flows(by func(ctx context.Context, to, messageID string) error, goesOn func() bool) (stop func()) {
	end := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		ticks := time.NewTicker(time.Second)
		defer ticks.Stop()
		for goesOn() {
			s.deliver(by)
			select {
			case <-end:
				return
			case <-ticks.C:
			}
		}
	})
	return func() { close(end); all.Wait() }
}

// want runs a command line that may wait for something, and returns all that it says. Without a code it may end with any.
func (s *traffic) want(code int, args ...string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	command := s.operator.Command(ctx, args...)
	out, err := command.CombinedOutput()
	if got := command.ProcessState.ExitCode(); code >= 0 && got != code {
		s.t.Fatalf("rehome %s ended with %d (%v), want %d\n%s", strings.Join(args, " "), got, err, code, out)
	}
	s.t.Logf("rehome %s\n%s", strings.Join(args, " "), out)
	return string(out)
}

// killWhenFirstIsBack has the way back begin, and kills it with SIGKILL as soon as a message of the new server is at the old one.
func (s *traffic) killWhenFirstIsBack() {
	s.t.Helper()
	only := map[string][]string{} // at the new server
	for _, account := range s.accounts[:2] {
		only[account] = beyond(s.held(s.dst, account), s.held(s.src, account))
	}
	command := s.operator.Command(s.t.Context(), "cutover", "rollback", trafficDomain, "--yes")
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	back := func(account string) bool {
		now := s.held(s.src, account)
		return slices.ContainsFunc(only[account], func(id string) bool { return slices.Contains(now, id) })
	}
	begun := false
	for deadline := time.Now().Add(30 * time.Second); !begun && time.Now().Before(deadline); {
		begun = slices.ContainsFunc(s.accounts[:2], back)
	}
	err := command.Process.Kill()
	_ = command.Wait() // it was killed
	if !begun || err != nil {
		s.t.Errorf("nothing came back before the kill (%v)", err)
	}
}

func always() bool { return true }

// held returns the Message-IDs that an account holds at a server, as the judge reads it.
func (s *traffic) held(server *dovecot.Server, account string) (ids []string) {
	s.t.Helper()
	read, err := judge.ReadMail(s.t.Context(), judge.Login{Address: server.IMAP, User: account, Password: crossingPassword})
	if err != nil {
		return nil // somebody delivers meanwhile
	}
	for _, box := range read.Mailboxes {
		for _, m := range box.Messages {
			ids = append(ids, m.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// await waits until a server holds as many messages as were sent: Postfix delivers a moment after it has taken them.
func (s *traffic) await(server *dovecot.Server) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if !slices.ContainsFunc(s.accounts[:2], func(a string) bool { return len(s.held(server, a)) < len(s.sent[a]) }) {
			return
		}
	}
}

// wantOnce wants every message that was ever sent at a server, once, and nothing else.
func (s *traffic) wantOnce(server *dovecot.Server, where string) {
	s.t.Helper()
	for _, account := range s.accounts {
		want := slices.Sorted(slices.Values(s.sent[account]))
		if got := s.held(server, account); !slices.Equal(got, want) {
			s.t.Errorf("%s, %s: holds %d messages and should hold %d\nonly there: %q\nmissing: %q", where, account, len(got), len(want),
				beyond(got, want), beyond(want, got))
		}
	}
}

// beyond returns what of a is not in b, as multisets.
func beyond(a, b []string) (left []string) {
	count := map[string]int{}
	for _, x := range b {
		count[x]++
	}
	for _, x := range a {
		if count[x]--; count[x] < 0 {
			left = append(left, x)
		}
	}
	return left
}

// Mail is sent from outside every second while the domain is taken across, by servers that follow the MX record and by one that does
// not for a while. In the end each message is at the destination once; and when the domain is taken back, at the source.
func TestTraffic_everyMessageIsThereOnce(t *testing.T) {
	t.Parallel()
	s := stageTraffic(t)
	stop := s.flows(s.world.Deliver, always)
	left := 3 // messages of one who has not heard of the switch
	stopOld := s.flows(s.world.DeliverOld, func() bool {
		if name, err := s.world.MX(t.Context(), trafficDomain); err == nil && name == scenario.NewMX {
			left--
		}
		return left >= 0
	})
	run := s.want(0, "cutover", "run")
	stopOld()
	stop()
	if !strings.Contains(run, "live") {
		t.Errorf("the run does not say that the domain is live")
	}
	s.await(s.dst)
	s.wantOnce(s.dst, "after the switch")
	status := s.operator.Run(t, "cutover", "status")
	if !strings.Contains(status.Out, scenario.Outside) {
		t.Errorf("status does not name who still delivers to the old server:\n%s", status.Out)
	}
	audit := s.operator.Want(t, 0, "audit", "show").Out
	if strings.Count(audit, "test message sent") != 2 || strings.Count(audit, "test message removed") != 2 {
		t.Errorf("want two test messages, sent and removed:\n%s", audit)
	}

	stop = s.flows(s.world.Deliver, always)
	preview := s.want(6, "cutover", "rollback", trafficDomain)
	if !strings.Contains(preview, "carried back") {
		t.Error("nobody says what is carried back")
	}
	s.killWhenFirstIsBack()
	back := ""
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(back, "put back, mail is being carried back") && time.Now().Before(deadline); {
		// Each does what can be done at once; in the end it waits until resolvers have forgotten the new records.
		back = s.want(-1, "cutover", "rollback", trafficDomain, "--yes", "--once")
	}
	stop()
	s.want(5, "cutover", "run", "--once") // what was under way meanwhile
	s.await(s.src)
	s.wantOnce(s.src, "after the way back")
	s.operator.Want(t, 0, "sync")
	s.wantOnce(s.dst, "after a later pass")
	s.operator.Want(t, 0, "audit", "check")
}
