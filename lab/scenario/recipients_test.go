// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/postfix"
)

// plantedLog has deliveries to an alias, to two addresses that nobody has on the books, and to one
// that only the catch-all of example.org takes.
const plantedLog = `2026-11-20 10:00:00 1uXyZa-0003Kq-2f => anna <sales@example.com> R=virtual_user T=virtual_delivery
2026-11-21 10:00:00 1uXyZb-0003Kq-2f => x <fax@example.com> R=script T=pipe
2026-11-22 10:00:00 1uXyZc-0003Kq-2f => x <jobs@example.com> R=script T=pipe
2026-11-22 11:00:00 1uXyZd-0003Kq-2f => info@example.com <shop@example.org> R=catchall T=virtual_delivery
`

type parity struct {
	Lines []struct {
		Address, Verdict, Server, Host string
		NextStep                       string `json:"next_step"`
	}
	Totals map[string]int
	Hosts  []struct{ Host, Error string }
}

// verdicts lists what does not agree.
func (p parity) verdicts() []string {
	all := []string{}
	for _, line := range p.Lines {
		if line.Verdict != "agrees" {
			all = append(all, line.Verdict+" "+line.Address)
		}
	}
	return all
}

func TestRecipients_censusAndParity(t *testing.T) {
	t.Parallel()
	s := set(t, 0.02)
	log := filepath.Join(s.Dir, "mainlog")
	if err := os.WriteFile(log, []byte(plantedLog), 0o600); err != nil {
		t.Fatal(err)
	}
	exported := answer[struct {
		Lines []struct {
			Name, State string
			NextStep    string `json:"next_step"`
		}
		Totals map[string]int
	}](s, 6, "aliases", "export")
	n := exported.Totals
	if sum := n["create"] + n["ask"] + n["decide"] + n["leave_out"]; sum != n["all"] || sum != len(exported.Lines) || sum < 17 {
		t.Errorf("got totals %v of %d lines, want them to add up", n, len(exported.Lines))
	}
	for _, line := range exported.Lines {
		if line.NextStep == "" {
			t.Errorf("%s: got nothing to do, want a next step", line.Name)
		}
	}
	type census struct {
		Recipients []struct{ Address, State string }
		Headers    int
	}
	taken := answer[census](s, 6, "recipients", "census", log, "--messages", "50")
	forgotten := []string{}
	for _, r := range taken.Recipients {
		if r.State == "undecided" || r.State == "catch-all" {
			forgotten = append(forgotten, r.State+" "+r.Address)
		}
	}
	for _, want := range []string{"undecided fax@example.com", "undecided jobs@example.com", "catch-all shop@example.org"} {
		if !slices.Contains(forgotten, want) {
			t.Errorf("got %q, want %q among them", forgotten, want)
		}
	}
	if taken.Headers == 0 {
		t.Error("got no headers read, want some")
	}
	s.decide("fax@example.com", "drop")
	s.wantParity(forgotten)
}

// decide writes a decision into the census file, as a person does in a spreadsheet.
func (s *testSetup) decide(address, decision string) {
	s.t.Helper()
	file := filepath.Join(s.Dir, "accounts", "recipients.csv")
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, address+";") {
			cells := strings.SplitN(line, ";", 7)
			cells[5] = decision
			line = strings.Join(cells, ";")
		}
		lines = append(lines, line)
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// wantParity sets up a mail host from the exported map, with mistakes, and asks it.
func (s *testSetup) wantParity(forgotten []string) {
	s.t.Helper()
	virtual, err := os.ReadFile(filepath.Join(s.Dir, "accounts", "aliases.postfix"))
	if err != nil {
		s.t.Fatal(err)
	}
	var accounts []string
	for _, p := range s.Organisation.People {
		if p.LogsIn() && p.Address != "bjorn@example.com" {
			accounts = append(accounts, p.Address)
		}
	}
	l := lab.Open(s.t)
	options := postfix.Options{Domains: s.Organisation.Domains, Accounts: accounts, Virtual: string(virtual) + "fax@example.com anna@example.com\n",
		Settings: map[string]string{"smtpd_soft_error_limit": "5", "smtpd_hard_error_limit": "6", "smtpd_junk_command_limit": "25"}}
	host, err := postfix.Start(l, options)
	if err != nil {
		s.t.Fatal(err)
	}
	// The second has not got the newest table, and nothing answers at the third.
	options.Name, options.Virtual = "postfix2", strings.Replace(options.Virtual, "press@example.com", "unpressed@example.com", 1)
	second, err := postfix.Start(l, options)
	if err != nil {
		s.t.Fatal(err)
	}
	nowhere, err := l.Addr()
	if err != nil {
		s.t.Fatal(err)
	}
	s.edit(func(text string) string {
		head, tail, _ := strings.Cut(text, "destination:\n")
		return head + "destination:\n  mx: {addresses: [\"" + host.SMTP + "\", \"" + second.SMTP + "\", \"" + nowhere + "\"], " +
			"name: mover.example.com, pause: 1ms, later: 10ms}\n" + tail
	})
	compared := answer[parity](s, 6, "recipients", "check")
	if len(compared.Hosts) != 3 || compared.Hosts[0].Error+compared.Hosts[1].Error != "" || compared.Hosts[2].Error == "" {
		s.t.Errorf("got hosts %+v, want the last not reached", compared.Hosts)
	}
	for _, line := range compared.Lines {
		if want := map[string]string{"press@example.com": second.SMTP}[line.Address]; line.Host != want {
			s.t.Errorf("%s: got the host %q, want %q", line.Address, line.Host, want)
		}
	}
	got := compared.verdicts()
	for _, want := range []string{"missing bjorn@example.com", "missing ping@example.com", "missing press@example.com",
		"extra fax@example.com", "open jobs@example.com", "not conclusive shop@example.org"} {
		if !slices.Contains(got, want) {
			s.t.Errorf("got %q, want %q among them; the census had %q", got, want, forgotten)
		}
	}
	for _, line := range got {
		if strings.HasSuffix(line, "anna@example.com") || strings.HasSuffix(line, " sales@example.com") {
			s.t.Errorf("got %q, want it to agree", line)
		}
	}
	aliases := answer[parity](s, 6, "aliases", "check")
	if !slices.Contains(aliases.verdicts(), "missing press@example.com") || len(aliases.Hosts) != 3 {
		s.t.Errorf("got %q of %d hosts, want press to be missing at one of 3", aliases.verdicts(), len(aliases.Hosts))
	}
	log, err := host.Log(" quit=1 ")
	if err != nil || strings.Contains(log, "too many") || !strings.Contains(log, "helo=<mover.example.com>") {
		s.t.Errorf("got a limit tripped, or no name, or %v:\n%s", err, log)
	}
}
