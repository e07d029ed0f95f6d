// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rehome"
	"rehome/internal/clientsetup"
	"rehome/internal/config"
	"rehome/internal/people"
)

// ClientDocuments writes what people's devices need to find the servers: for each domain what fits everybody, before and after
// its switch, and for each person of the choice what is their own, for after it. Nothing in it is secret.
func (m *Move) ClientDocuments(ctx context.Context, only people.Choice) (clientsetup.Written, error) {
	written := clientsetup.Written{Folder: filepath.Join(m.settings.Accounts.Output, "clients"), LeftOut: []clientsetup.LeftOut{}}
	signer, err := m.profileSigner()
	if err != nil {
		return written, err
	}
	p, err := m.people(ctx)
	if err != nil {
		return written, err
	}
	accounts, err := choose(p, only)
	if err != nil {
		return written, err
	}
	written.Signed = signer != nil
	services := map[string]clientsetup.Service{}
	for _, domain := range p.DomainsOf(m.settings.Domains) {
		both, left := m.clientServices(domain)
		if err := clientsetup.WriteDomain(written.Folder, both, m.settings.Clients.Responder, m.settings.Clients.DAVPaths); err != nil {
			return written, err
		}
		services[domain] = both.Destination
		written.Domains = append(written.Domains, both)
		written.LeftOut = append(written.LeftOut, left...)
	}
	papers, err := m.guidesOf(ctx, p, accounts)
	if err != nil {
		return written, err
	}
	for _, account := range accounts {
		if err := ctx.Err(); err != nil {
			return written, err
		}
		folder := filepath.Join(written.Folder, "people")
		made, err := clientsetup.WritePerson(folder, services[account.Domain()], deviceOwner(account), signer)
		if err != nil {
			return written, err
		}
		if made {
			written.People++
		}
		if err := papers.write(ctx, folder, account, nil); err != nil {
			return written, err
		}
	}
	return written, nil
}

func deviceOwner(account rehome.Account) clientsetup.Person {
	return clientsetup.Person{
		Address: account.Address, Login: account.DestinationUser, Name: strings.TrimSpace(account.FirstName + " " + account.LastName),
	}
}

// profileSigner returns nil if profiles are not signed.
func (m *Move) profileSigner() (*clientsetup.Signer, error) {
	if m.settings.Clients.ProfileSigner == "" {
		return nil, nil
	}
	return clientsetup.LoadSigner(m.settings.Clients.ProfileSigner)
}

// clientServices describes both sides of a domain as devices see them.
func (m *Move) clientServices(domain string) (clientsetup.Services, []clientsetup.LeftOut) {
	src, dst, c := m.settings.Source, m.settings.Destination, m.settings.Clients
	source := clientsetup.End{
		Side: rehome.Source, Login: clientsetup.LoginForm(c.SourceLogin), DAV: src.DAV.URL, Webmail: src.Webmail,
		IMAP: imapAddress(src.IMAP), POP3: popAddress(src.POP3), Submission: submissionAddress(src.Submission), Sieve: sieveAddress(src.Sieve),
	}
	destination := clientsetup.End{
		Side: rehome.Destination, Login: clientsetup.LoginForm(c.DestinationLogin), DAV: dst.DAV.URL, Webmail: dst.Webmail,
		IMAP: imapAddress(dst.IMAP), POP3: popAddress(dst.POP3), Submission: submissionAddress(dst.Submission), Sieve: sieveAddress(dst.Sieve),
	}
	naming := clientsetup.Naming{Organisation: m.settings.Organisation, Help: c.Help, Hosts: lowerKeys(c.Hosts)}
	return clientsetup.DescribeBoth(source, destination, naming, c.Responder, domain)
}

func imapAddress(s config.IMAP) clientsetup.Address {
	return clientsetup.Address{HostPort: s.Address, Security: s.TLS}
}
func popAddress(s config.POP3) clientsetup.Address {
	return clientsetup.Address{HostPort: s.Address, Security: s.TLS}
}
func submissionAddress(s config.Submission) clientsetup.Address {
	return clientsetup.Address{HostPort: s.Address, Security: s.TLS}
}
func sieveAddress(s config.Sieve) clientsetup.Address {
	return clientsetup.Address{HostPort: s.Address, Security: s.TLS}
}

func lowerKeys(hosts map[string]string) map[string]string {
	lower := make(map[string]string, len(hosts))
	for host, name := range hosts {
		lower[strings.ToLower(host)] = name
	}
	return lower
}

// ClientService is a responder that is about to answer mail programs.
type ClientService struct {
	uncovered []string
	leftOut   []clientsetup.LeftOut

	move      *Move
	responder *clientsetup.Responder
	switches  *switches
	pairs     *clientsetup.KeyPairs // nil behind a proxy
}

// NewClientService reads all that the responder needs, so that what is wrong with it is said before it answers. It reads
// nobody's address: the settings name the domains. logAddresses puts e-mail and IP addresses into the log.
func (m *Move) NewClientService(ctx context.Context, logAddresses bool) (*ClientService, error) {
	c := m.settings.Clients
	if len(m.settings.Domains) == 0 {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "the domains to answer for",
			Cause: &config.SettingsError{Cause: errors.New("domains is not in the settings")}, Hint: "list them there: clients serve reads no accounts"}
	}
	signer, err := m.profileSigner()
	if err != nil {
		return nil, err
	}
	s := &ClientService{move: m, uncovered: []string{}, leftOut: []clientsetup.LeftOut{}}
	if s.switches, err = m.openSwitches(ctx, m.settings.Domains); err != nil {
		return nil, err
	}
	options := clientsetup.ResponderOptions{
		Domains: map[string]clientsetup.Services{}, Switches: s.switches, Signer: signer, Paths: c.DAVPaths,
		RequestsPerMinute: c.RequestsPerMinute, BehindProxy: len(c.Certificates) == 0, LogAddresses: logAddresses, Log: m.log,
	}
	for _, domain := range m.settings.Domains {
		both, left := m.clientServices(domain)
		options.Domains[domain] = both
		s.leftOut = append(s.leftOut, left...)
	}
	if len(c.Certificates) > 0 {
		if s.pairs, err = clientsetup.OpenKeyPairs(c.Certificates); err != nil {
			return nil, err
		}
		s.uncovered = s.pairs.Lacking(clientsetup.HostNames(options.Domains, c.Responder))
	}
	s.responder = clientsetup.NewResponder(options)
	return s, nil
}

// Answering is what a responder answers from its start on.
type Answering struct {
	Addresses []string              `json:"addresses"` // on which it listens
	Domains   []AnsweredDomain      `json:"domains"`
	Uncovered []string              `json:"uncovered"` // host names that clients ask and that no certificate is for
	LeftOut   []clientsetup.LeftOut `json:"left_out"`  // services that are in no answer
}

// AnsweredDomain is one domain, and whose servers its people are told.
type AnsweredDomain struct {
	Domain string      `json:"domain"`
	Side   rehome.Side `json:"side"`           // now
	Next   rehome.Side `json:"next,omitempty"` // from then on; "" if nothing is planned
	From   time.Time   `json:"from,omitzero"`  // when Side began, or when Next begins
}

// Outcome implements rehome.Answer.
func (Answering) Outcome() rehome.Outcome { return rehome.OutcomeDone }

func (s *ClientService) answering(addresses []string) Answering {
	a := Answering{Addresses: addresses, Uncovered: s.uncovered, LeftOut: s.leftOut}
	now := time.Now()
	for _, domain := range s.move.settings.Domains {
		state := s.switches.OfDomain(domain)
		one := AnsweredDomain{Domain: domain, Side: state.At(now), From: state.From}
		if one.Side != state.Side {
			one.Next = state.Side
		}
		a.Domains = append(a.Domains, one)
	}
	return a
}

// Serve answers until the context ends. ready is called once, when it has begun; tell and warn get what changes meanwhile, one
// sentence at a time.
func (s *ClientService) Serve(ctx context.Context, ready func(Answering), tell func(string), warn func(error)) error {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	watching.Go(func() { s.switches.Watch(ctx, tell, warn) })
	if s.pairs != nil {
		watching.Go(func() { s.pairs.Watch(ctx, tell, warn) })
	}
	c := s.move.settings.Clients
	return clientsetup.Serve(ctx, s.responder, clientsetup.ServeOptions{
		Listen: c.Listen, Redirect: c.ListenHTTP, Pairs: s.pairs, Ready: func(addresses []string) { ready(s.answering(addresses)) },
	})
}
