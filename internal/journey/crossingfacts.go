// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"rehome/internal/config"
	"rehome/internal/devices"
	"rehome/internal/forecast"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dns"
	"rehome/internal/recipients"
	"rehome/internal/rehearsal"
	"rehome/internal/report"
	"rehome/internal/switchover"
	"rehome/internal/verify"
)

// Facts implements switchover.World.
func (w *world) Facts(ctx context.Context, domain string) (switchover.Facts, error) {
	facts := switchover.Facts{Failures: map[switchover.Gate]error{}, Hasty: w.move.settings.Destination.MailFsync == config.MailFsyncNever}
	note := func(gate switchover.Gate, err error) {
		if err != nil {
			facts.Failures[gate] = err
		}
	}
	var err error
	facts.Accounts, err = w.accounts(ctx, domain)
	note(switchover.GateCopied, err)
	note(switchover.GateDownloads, w.downloads(ctx, facts.Accounts))
	note(switchover.GateServers, w.planned(ctx, domain, &facts))
	note(switchover.GateRecipients, w.parity(ctx, domain, &facts))
	facts.Certificates = w.certificates(ctx, facts.Records)
	note(switchover.GateCredentials, w.credentials(ctx, domain, &facts))
	return facts, ctx.Err()
}

// planned looks at DNS.
func (w *world) planned(ctx context.Context, domain string, facts *switchover.Facts) error {
	w.memory.Lock()
	defer w.memory.Unlock()
	plans, err := w.move.PlanCutover(ctx, []string{domain})
	if err != nil {
		return err
	}
	facts.Plan = plans.Domains[0]
	facts.Blind = !facts.Plan.Switchable()
	facts.Records = recordsOf(facts.Plan)
	return nil
}

// credentials tries, without changing anything, whether the zone can be written.
func (w *world) credentials(ctx context.Context, domain string, facts *switchover.Facts) error {
	writer, err := w.move.zoneWriter(ctx, domain)
	if err != nil {
		return err
	}
	facts.ByHand = writer.Capability().ByHand
	return writer.Check(ctx)
}

// accounts says where each account of the domain that moves stands.
func (w *world) accounts(ctx context.Context, domain string) ([]switchover.Account, error) {
	who, err := w.move.chosen(ctx, of(domain))
	if err != nil {
		return nil, err
	}
	rows, err := w.store.Accounts.All(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]ledger.Account{}
	for _, r := range rows {
		known[r.Address] = r
	}
	verified, err := w.verdicts(ctx)
	if err != nil {
		return nil, err
	}
	tried, err := loginsOf(ctx, w.store)
	if err != nil {
		return nil, err
	}
	var all []switchover.Account
	for _, account := range who.accounts {
		row := known[account.Address]
		a := switchover.Account{Address: account.Address, Unproved: unproved(verified[account.Address]), NoLogin: noLogin(tried[account.Address])}
		switch {
		case row.State == ledger.AccountPreStaged:
			a.Passed = row.Finished
		case row.State == "":
			a.Why = "no pass has begun with it"
		default:
			a.Why, a.NextStep = orWords(row.Reason, "its last pass has not reached its end"), row.NextStep
		}
		all = append(all, a)
	}
	return all, nil
}

// downloads says of accounts what a person has to decide about mail that their programs download again. The ledger's rows are read only
// where that can be asked.
func (w *world) downloads(ctx context.Context, accounts []switchover.Account) error {
	sightings, err := sightingsOf(ctx, w.store)
	if err != nil {
		return err
	}
	keep := w.move.settings.Destination.Dsync.Used()
	for i, account := range accounts {
		facts := forecast.Facts{Account: account.Address, Devices: devices.Of(sightings[account.Address])}
		if !keep && !forecast.Of(facts).UsesPOP3 {
			continue
		}
		if err := uidFacts(ctx, w.store.Mail, &facts); err != nil {
			return err
		}
		accounts[i].Undecided, accounts[i].Again = forecast.Of(facts).Undecided(keep)
	}
	return nil
}

// verdicts are what the last verifications have said, with what was accepted since.
func (w *world) verdicts(ctx context.Context) (map[string]verify.Account, error) {
	all, err := settled(ctx, w.store)
	if err != nil {
		return nil, err
	}
	if all == nil {
		all = map[string]verify.Account{}
	}
	last, err := lastVerified(ctx, w.store)
	if err != nil {
		return nil, err
	}
	for address, v := range last {
		if _, known := all[address]; known {
			continue
		}
		if all[address], err = report.Answer(ledger.Account{Address: address}, v); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// unproved says why both ends do not count as equal.
func unproved(a verify.Account) string {
	switch a.Verdict {
	case verify.Equal:
		return ""
	case "":
		return "it was never verified"
	case verify.Unknown:
		return "the last verification could not read all of it"
	}
	if n := len(a.Open()); n > 0 {
		return "the last verification found " + plural(n, "difference") + " that nobody has accepted, for example: " + a.Open()[0].Sentence
	}
	return "the last verification found differences"
}

// noLogin says why it is not known that somebody can log in at the destination.
func noLogin(tried []verify.Login) string {
	if len(tried) == 0 {
		return "its login was never tried"
	}
	for _, l := range tried {
		if l.Result != string(rehearsal.Accepted) {
			return fmt.Sprintf("the last login by %s at %s ended with %q", l.Protocol, l.Host, strings.ReplaceAll(l.Result, "_", " "))
		}
	}
	return ""
}

// parity asks the new mail hosts for the addresses of the domain that they have not accepted before.
func (w *world) parity(ctx context.Context, domain string, facts *switchover.Facts) error {
	w.passes.Lock() // the answers are one file, and a host may count what one machine asks
	defer w.passes.Unlock()
	_, book, err := w.move.book(ctx)
	if err != nil {
		return err
	}
	seen, err := recipients.ReadSheet(w.move.censusFile())
	if err != nil {
		return err
	}
	wants := slices.DeleteFunc(recipients.Wants(book, seen), func(want recipients.Want) bool { return !strings.HasSuffix(want.Address, "@"+domain) })
	if len(wants) == 0 {
		return nil
	}
	parity, err := w.move.compare(ctx, wants, false, func(string) {})
	if err != nil {
		return err
	}
	for _, line := range parity.Lines {
		switch line.Agreement {
		case recipients.Missing:
			facts.Refused = append(facts.Refused, line.Address)
		case recipients.Pending, recipients.Open:
			facts.Unanswered++
		}
	}
	return nil
}

// certificates connects to the servers that records will lead programs to, under the names that programs will ask for.
func (w *world) certificates(ctx context.Context, records []ledger.CutoverRecord) []switchover.Certificate {
	implicit := map[string]bool{}
	for _, service := range []string{"_imaps._tcp.", "_pop3s._tcp.", "_submissions._tcp.", "_caldavs._tcp.", "_carddavs._tcp."} {
		implicit[service] = true
	}
	dial := dialBy(w.move.resolver())
	var all []switchover.Certificate
	for _, r := range records {
		for _, data := range r.After.Data {
			host, port := "", ""
			switch fields := strings.Fields(data); {
			case r.After.Type == string(dns.SRV) && len(fields) == 4 && implicit[serviceOf(r.Name)]:
				host, port = fields[3], fields[2]
			case r.After.Type == typeAlias:
				host, port = r.Name, "443" // programs ask for the name that they know, not for the one behind it
			}
			if host == "" || slices.ContainsFunc(all, func(c switchover.Certificate) bool { return c.Host == host+":"+port }) {
				continue
			}
			c := switchover.Certificate{Host: host + ":" + port}
			if err := w.presents(ctx, dial, host, net.JoinHostPort(strings.TrimPrefix(data[strings.LastIndex(data, " ")+1:], aliasPrefix), port)); err != nil {
				c.Words = err.Error()
			}
			all = append(all, c)
		}
	}
	return all
}

func serviceOf(name string) string {
	parts := strings.SplitN(name, ".", 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[0] + "." + parts[1] + "."
}

// presents connects to a server and checks that its certificate is for a name, by the authorities that the settings trust.
func (w *world) presents(ctx context.Context, dial func(ctx context.Context, network, address string) (net.Conn, error), name, address string) error {
	ctx, cancel := context.WithTimeout(ctx, certificateTimeout)
	defer cancel()
	trust, err := w.move.settings.Destination.IMAP.Client()
	if err != nil {
		return err
	}
	connection, err := dial(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("nothing answers at %s: %w", address, err)
	}
	defer connection.Close()
	config := &tls.Config{ServerName: name, RootCAs: trust.RootCAs, MinVersion: tls.VersionTLS12}
	err = tls.Client(connection, config).HandshakeContext(ctx)
	var foreign x509.HostnameError
	if errors.As(err, &foreign) && foreign.Certificate != nil {
		return fmt.Errorf("the certificate there is for %s", strings.Join(foreign.Certificate.DNSNames, ", "))
	}
	return err
}

// certificateTimeout bounds a look at one certificate.
const certificateTimeout = 15 * time.Second
