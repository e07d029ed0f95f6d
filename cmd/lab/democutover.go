// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rehome/lab/judge"
	"rehome/lab/scenario"
)

// demoDomain is the one that the demo takes across.
const demoDomain = "example.com"

// demoPeople are the accounts of the domain that move.
func (d *demo) demoPeople() []string {
	var people []string
	for _, p := range d.setup.Organisation.People {
		if p.LogsIn() && strings.HasSuffix(p.Address, "@"+demoDomain) {
			people = append(people, p.Address)
		}
	}
	return people
}

// exitWaiting is what rehome answers if somebody has to act first: here it is who makes the aliases.
const exitWaiting = 6

// goOnline puts both ends on a small Internet, and names it in rehome.yaml.
func (d *demo) goOnline(ctx context.Context) error {
	fmt.Fprintf(d.out, "\n# %s stands in DNS, at two Knots, and a Postfix in front of each end takes its mail; rehome.yaml now names them\n"+
		"# (that its TTLs have been low for two days is made up: nobody waits for that in a demo)\n", demoDomain)
	if out, err := d.setup.Command(ctx, "aliases", "export").CombinedOutput(); err != nil && exitOf(err) != exitWaiting {
		return fmt.Errorf("export the aliases: %w\n%s", err, out)
	}
	aliases, err := d.aliases()
	if err != nil {
		return err
	}
	var accounts []string
	for _, p := range d.setup.Organisation.People {
		if p.LogsIn() {
			accounts = append(accounts, p.Address)
		}
	}
	d.world, err = scenario.GoOnline(d.lab, scenario.OnlineOptions{Domains: []string{demoDomain}, Source: d.setup.Source.Server,
		Destination: d.setup.Destination.Server, Accounts: accounts, Aliases: aliases})
	if err != nil {
		return err
	}
	return d.configureCutover()
}

// aliases are the table that the destination's mail host uses: what rehome exports, and what its administrator has decided.
func (d *demo) aliases() (string, error) {
	table, err := os.ReadFile(filepath.Join(d.setup.Dir, "accounts", "aliases.postfix"))
	if err != nil {
		return "", err
	}
	sheet, err := os.ReadFile(filepath.Join(d.setup.Dir, "accounts", "aliases.csv"))
	if err != nil {
		return "", err
	}
	text, decided := string(table), []string{}
	for line := range strings.Lines(string(sheet)) {
		cells := strings.Split(line, ";")
		if len(cells) < 5 || cells[4] != "decide" || !strings.HasSuffix(cells[1], "@"+demoDomain) || slices.Contains(d.demoPeople(), cells[1]) {
			continue
		}
		text += cells[1] + " " + d.demoPeople()[0] + "\n"
		decided = append(decided, cells[1])
	}
	fmt.Fprintf(d.out, "# its administrator has made the aliases that rehome has exported, and has decided where mail to %s goes\n",
		strings.Join(decided, ", "))
	return text, nil
}

// configureCutover adds to rehome.yaml what an administrator does before the switch. That the TTL has been low for two days is made
// up: nobody waits for that in a demo.
func (d *demo) configureCutover() error {
	file := filepath.Join(d.setup.Dir, "rehome.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	ca := d.lab.CAFile()
	head, tail, _ := strings.Cut(string(text), "destination:\n")
	host, _, err := net.SplitHostPort(d.setup.Destination.IMAPS)
	if err != nil {
		return err
	}
	changed := head + "destination:\n" + fmt.Sprintf(`  submission: {address: %q, ca_file: %[2]q}
  mx: {addresses: [%[3]q], tls: starttls, ca_file: %[2]q, pause: 1ms, name: rehome.supplier.test, sender: mover@supplier.test}
  dns: {mx: [10 %[4]s]}
  login_test: {pause: 1ms}
`, d.world.New.Submissions, ca, d.world.New.SMTP, scenario.NewMX) + tail + fmt.Sprintf(`clients: {hosts: {%s: %s}}
%s
cutover: {quiet: 3s, every: 1s, look: 1s, probe: {accounts: [%s]}}
`, host, scenario.NewIMAP, d.world.DNSSettings(), d.demoPeople()[0])
	seen := fmt.Sprintf(`{"%[1]s ttl %[1]s MX": {"since": %[2]q, "hold_nanoseconds": 0, "unmet": true}}`, demoDomain,
		time.Now().Add(-48*time.Hour).UTC().Format(time.RFC3339))
	return errors.Join(os.WriteFile(file, []byte(changed), 0o600),
		os.WriteFile(filepath.Join(d.setup.Dir, "dnskey"), []byte(scenario.ZoneKey.Secret+"\n"), 0o600),
		os.WriteFile(filepath.Join(d.setup.Dir, "accounts", "dns-seen.json"), []byte(seen), 0o600))
}

// lateMessages is how many messages a mail server sends to the old one after the switch, because it has not heard of it.
const lateMessages = 3

// supplier sends a message every second to where the MX record leads, and goes on with the old server for a while after the switch.
type supplier struct {
	stop   context.CancelFunc
	ended  sync.WaitGroup
	sent   []sentMessage
	failed error // a message that nobody took
}

// letMailCome begins to send, until somebody looks for what was sent.
func (d *demo) letMailCome(ctx context.Context) error {
	fmt.Fprintf(d.out, "\n# while the domain is taken across, %s sends a message every second to where the MX record leads,\n"+
		"# and goes on with the old server for a while after the switch\n", scenario.Outside)
	ctx, stop := context.WithCancel(ctx)
	d.mail = &supplier{stop: stop}
	d.mail.ended.Go(func() { d.sendAll(ctx, d.mail) })
	return nil
}

// end stops sending. It may be called again.
func (s *supplier) end() error {
	s.stop()
	s.ended.Wait()
	return s.failed
}

// sendAll sends messages until ctx ends; the first few behind the switch go to the old server.
func (d *demo) sendAll(ctx context.Context, s *supplier) {
	people := d.demoPeople()
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for n, late := 0, 0; ctx.Err() == nil; n++ {
		deliver := d.world.Deliver
		if name, err := d.world.MX(ctx, demoDomain); err == nil && name == scenario.NewMX && late < lateMessages {
			deliver, late = d.world.DeliverOld, late+1
		}
		to, id := people[n%len(people)], fmt.Sprintf("demo-%d@supplier.test", n)
		if err := deliver(context.WithoutCancel(ctx), to, id); err != nil {
			s.failed = errors.Join(s.failed, err)
			return
		}
		s.sent = append(s.sent, sentMessage{to, "<" + id + ">"})
		select {
		case <-ctx.Done():
		case <-ticks.C:
		}
	}
}

// sentMessage is one that was sent meanwhile.
type sentMessage struct{ to, id string }

// everyLateMessage has the judge look for each message that was sent meanwhile.
func (d *demo) everyLateMessage(ctx context.Context) error {
	if err := d.mail.end(); err != nil {
		return err
	}
	var wrong []string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var err error
		if wrong, err = d.notOnce(ctx); err == nil && len(wrong) == 0 {
			fmt.Fprintf(d.out, "\nthe lab's judge has looked for the %d messages that were sent meanwhile: each is at the destination, once\n",
				len(d.mail.sent))
			return nil
		}
	}
	return fmt.Errorf("of the messages that were sent meanwhile %s are not at the destination once", strings.Join(wrong, ", "))
}

// notOnce names the messages that an account of the destination does not hold exactly once.
func (d *demo) notOnce(ctx context.Context) (wrong []string, err error) {
	accounts, err := d.setup.Accounts()
	if err != nil {
		return nil, err
	}
	held := map[string][]string{}
	for _, a := range accounts {
		if !strings.HasSuffix(a.Address, "@"+demoDomain) {
			continue
		}
		mail, err := judge.ReadMail(ctx, a.Destination)
		if err != nil {
			return nil, err
		}
		for _, box := range mail.Mailboxes {
			for _, m := range box.Messages {
				held[a.Address] = append(held[a.Address], m.ID)
			}
		}
	}
	for _, m := range d.mail.sent {
		if n := len(slices.DeleteFunc(slices.Clone(held[m.to]), func(id string) bool { return id != m.id })); n != 1 {
			wrong = append(wrong, fmt.Sprintf("%s (%d times)", m.id, n))
		}
	}
	return wrong, nil
}
