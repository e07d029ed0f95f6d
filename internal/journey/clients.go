// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"path/filepath"
	"strings"

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
		if err := clientsetup.WriteDomain(written.Folder, both, m.settings.Clients.Responder); err != nil {
			return written, err
		}
		services[domain] = both.Destination
		written.Domains = append(written.Domains, both)
		written.LeftOut = append(written.LeftOut, left...)
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
