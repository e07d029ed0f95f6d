// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net/netip"
	"slices"
	"time"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/probemail"
	"rehome/internal/protocol"
	"rehome/internal/protocol/dns"
	"rehome/internal/protocol/submission"
	"rehome/internal/rehearsal"
	"rehome/internal/switchover"
)

// Probe implements switchover.Mail.
func (w *world) Probe(ctx context.Context, domain string) (switchover.Probed, error) {
	address := w.move.settings.Cutover.Probe.Of(domain)
	if address == "" {
		return switchover.Probed{NotTried: "no test message was sent: cutover.probe.accounts names no account of " + domain}, nil
	}
	since, err := w.written(ctx, domain)
	if err != nil {
		return switchover.Probed{}, err
	}
	who, err := w.move.chosen(ctx, people.Choice{Only: []string{address}})
	if err != nil {
		return switchover.Probed{}, err
	}
	options, err := w.move.probeMail(ctx, w.store, who.accounts[0])
	if err != nil {
		return switchover.Probed{}, err
	}
	message := probemail.Message{Way: probemail.Inward, Domain: domain, Account: address, Since: since}
	in, err := probemail.Send(ctx, message, options)
	if err != nil {
		return switchover.Probed{}, err
	}
	w.move.tellProbe(in)
	probed := switchover.Probed{In: untaken(in), NextStep: in.NextStep}
	if why := w.move.cannotSubmit(who.accounts[0]); why != "" {
		probed.NotTried = "no test message was sent from " + address + ": " + why
		return probed, nil
	}
	message.Way = probemail.Outward
	out, err := probemail.Send(ctx, message, options)
	w.move.tellProbe(out)
	probed.Out, probed.NextStep = untaken(out), cmp.Or(probed.NextStep, out.NextStep)
	return probed, err
}

// written is when the first record of a domain was about to be written; zero before.
func (w *world) written(ctx context.Context, domain string) (at time.Time, err error) {
	rows, err := w.store.Cutovers.All(ctx)
	for _, row := range rows {
		if row.Domain == domain {
			at = row.Written
		}
	}
	return at, err
}

// untaken says why a way is not proved; "" if it is.
func untaken(r probemail.Result) string {
	if r.Passed() {
		return ""
	}
	return r.Sentence
}

func (m *Move) tellProbe(r probemail.Result) {
	m.log.Info("probe message", rehome.LogAccount, r.Account, rehome.LogAction, string(r.Way), rehome.LogState, string(r.State),
		rehome.LogHost, r.Host, rehome.LogAnswer, r.Server, rehome.LogWhy, r.Sentence)
}

// cannotSubmit says why an account cannot send by itself.
func (m *Move) cannotSubmit(account rehome.Account) string {
	switch {
	case m.settings.Destination.Submission.Address == "":
		return "destination.submission.address is not set"
	case account.DestinationPassword.Empty():
		return "its password at the destination is not known"
	}
	return ""
}

// probeMail translates the settings for one account.
func (m *Move) probeMail(ctx context.Context, store *ledger.Ledger, account rehome.Account) (probemail.Options, error) {
	hosts := m.hosts(nil)
	src, dst, err := m.ends(ctx, hosts)
	if err != nil {
		return probemail.Options{}, err
	}
	mx, err := m.probe(nil)
	if err != nil {
		return probemail.Options{}, err
	}
	settings := m.settings.Cutover.Probe
	submit, err := m.submits(hosts, account)
	resolver := m.resolver()
	open := func(host *endpoint.IMAP) func(context.Context, string) (probemail.Mailbox, error) {
		door := rehearsal.IMAPDoor(host)
		return func(ctx context.Context, _ string) (probemail.Mailbox, error) { return openProbed(ctx, door, account) }
	}
	return probemail.Options{
		Hosts: func(ctx context.Context, domain string) ([]probemail.Host, error) {
			return mailHostsOf(ctx, resolver, domain)
		},
		Dial: func(ctx context.Context, host probemail.Host, address netip.AddrPort) (probemail.Taker, error) {
			dial := submission.Options{Address: address.String(), TLS: mx.TLS.Clone(), Timeout: mx.Timeout, Name: mx.Name}
			dial.TLS.ServerName = host.Name
			return dialMX(ctx, dial, m.settings.Destination.MX.TLS)
		},
		Submit: submit, Source: open(src), Destination: open(dst), Ledger: store.ProbeMails,
		Sender: cmp.Or(settings.Sender, mx.Sender), Wait: settings.Wait,
		Changed: func(ctx context.Context, c probemail.Change) error {
			return m.note(ctx, ledger.AuditLine{Action: c.Action, Object: c.Account, Before: c.Before, After: c.After})
		},
	}, err
}

// submits opens the destination's submission server as the account, with its own password.
func (m *Move) submits(hosts hosts, account rehome.Account) (func(context.Context, string) (probemail.Taker, error), error) {
	s := m.settings.Destination.Submission
	trust, err := s.Client()
	if err != nil {
		return nil, err
	}
	host := endpoint.NewSubmission(endpoint.ServiceSettings{Host: hosts.dst, Login: endpoint.Login{Trial: true}, Address: s.Address, Security: s.TLS,
		TLS: trust, Timeout: s.Timeout})
	return func(ctx context.Context, _ string) (probemail.Taker, error) {
		session, err := host.Open(ctx, account)
		if err != nil {
			return nil, err
		}
		return session, nil
	}, nil
}

// mailHostsOf returns the mail hosts of a domain, as its own servers name them at this moment.
func mailHostsOf(ctx context.Context, resolver *dns.Client, domain string) ([]probemail.Host, error) {
	fault := func(class rehome.Class, err error, hint string) error {
		return &rehome.Fault{Class: class, Op: "find the mail hosts of", Object: domain, Cause: err, Hint: hint}
	}
	const check = `run "rehome dns check": it says what every server of the zone answers`
	answer, err := resolver.Resolve(ctx, domain, dns.MX)
	if err != nil {
		return nil, fault(rehome.ClassTemporary, err, check)
	}
	mail := dns.ReadMX(answer.Records)
	if mail.Refused {
		return nil, fault(rehome.ClassPermanent, errors.New("its MX record says that it takes no mail"), check)
	}
	names := mail.Names()
	if mail.Implicit {
		names = []string{domain}
	}
	var hosts []probemail.Host
	for _, name := range names {
		addrs, err := resolver.Addresses(ctx, name)
		if err != nil {
			return nil, fault(rehome.ClassTemporary, err, check)
		}
		host := probemail.Host{Name: name}
		for _, a := range addrs {
			host.Addresses = append(host.Addresses, netip.AddrPortFrom(a, smtpPort))
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}

const smtpPort = 25

// taker is a connection to a mail host.
type taker struct{ *submission.Client }

// Close says good-bye.
func (t taker) Close() { _ = t.Quit(context.Background()) } // what was sent was answered before

// dialMX connects to a mail host, with TLS as the settings want it: where it is only used if it is offered, a host that does not
// offer it gets the message without.
func dialMX(ctx context.Context, options submission.Options, mode config.MXTLS) (probemail.Taker, error) {
	options.Security = protocol.StartTLS
	if mode == config.MXNone {
		options.Security = protocol.NoTLS
	}
	client, err := submission.Dial(ctx, options)
	var status *submission.StatusError
	if mode == config.MXOffered && errors.As(err, &status) && status.Unsent {
		options.Security = protocol.NoTLS
		client, err = submission.Dial(ctx, options)
	}
	if err != nil {
		return nil, mxFault(options, err)
	}
	return taker{client}, nil
}

// mxFault tells a host that is away from one that is there and cannot be trusted.
func mxFault(options submission.Options, err error) error {
	var status *submission.StatusError
	var untrusted *tls.CertificateVerificationError
	fault := &rehome.Fault{Class: rehome.ClassTemporary, Op: "connect to", Object: options.TLS.ServerName, Cause: err,
		Hint: "check that this network allows outgoing connections to port 25"}
	switch {
	case errors.As(err, &status):
		return err // its own words
	case errors.As(err, &untrusted):
		fault.Class = rehome.ClassUntrusted
		fault.Hint = "its certificate has to name it; for one of your own, set destination.mx.ca_file or destination.mx.tls"
	}
	return fault
}

// probed is the account at one end.
type probed struct {
	rehearsal.Mail
	entered rehearsal.Entered
}

func openProbed(ctx context.Context, door rehearsal.Door, account rehome.Account) (probemail.Mailbox, error) {
	entered, err := door.Open(ctx, account)
	if err != nil {
		return nil, err
	}
	mail, able := entered.(rehearsal.Mail)
	if !able {
		entered.Close()
		return nil, errors.New("the session cannot look for messages")
	}
	return &probed{mail, entered}, nil
}

// Close implements probemail.Mailbox.
func (p *probed) Close() { p.entered.Close() }

// Find implements probemail.Mailbox.
func (p *probed) Find(ctx context.Context, messageID, content string) ([]probemail.Place, error) {
	var found []probemail.Place
	err := p.each(ctx, messageID, content, func(place rehearsal.Place, _ []uint32) error {
		found = append(found, probemail.Place{Name: place.Name, Junk: place.Junk})
		return nil
	})
	return found, err
}

// Remove implements probemail.Mailbox.
func (p *probed) Remove(ctx context.Context, messageID, content string) error {
	return p.each(ctx, messageID, content, func(place rehearsal.Place, uids []uint32) error { return p.Mail.Remove(ctx, place, uids) })
}

// each visits the mailboxes that hold the message.
func (p *probed) each(ctx context.Context, messageID, content string, visit func(rehearsal.Place, []uint32) error) error {
	places, err := p.Places(ctx)
	if err != nil {
		return err
	}
	for _, place := range slices.Clone(places) {
		uids, err := p.Mail.Find(ctx, place, messageID, content)
		if err == nil && len(uids) > 0 {
			err = visit(place, uids)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
