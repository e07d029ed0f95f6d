// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"rehome"
	"rehome/internal/clientcheck"
	"rehome/internal/clientsetup"
	"rehome/internal/people"
)

// ClientsChecked is what each kind of device finds, looked at from outside.
type ClientsChecked struct {
	clientcheck.Report
	Switched bool `json:"switched"` // it is known who has switched; otherwise nobody has
}

// CheckClients looks at the domains as the people's mail programs and telephones do that set themselves up, and compares what they
// find with the settings. Of each domain it takes one person who has moved and one who has not, or everybody of a choice. It logs in
// nowhere.
func (m *Move) CheckClients(ctx context.Context, only people.Choice) (ClientsChecked, error) {
	p, err := m.people(ctx)
	if err != nil {
		return ClientsChecked{}, err
	}
	accounts, err := choose(p, only)
	if err != nil {
		return ClientsChecked{}, err
	}
	domains := p.DomainsOf(m.settings.Domains)
	switches, err := m.switchesIfAny(ctx, domains)
	if err != nil {
		return ClientsChecked{}, err
	}
	someOnly := len(only.Only) > 0
	var subjects []clientcheck.Subject
	for _, domain := range domains {
		both, _ := m.clientServices(domain)
		s := clientcheck.Subject{Services: both, Responder: m.settings.Clients.Responder, Side: rehome.Source}
		if switches != nil {
			s.Side = switches.OfDomain(domain).At(time.Now())
		}
		s.People = sample(accounts, domain, s.Side, switches, someOnly)
		if len(s.People) == 0 && someOnly {
			continue
		}
		if len(s.People) == 0 { // an address that everybody has to have, RFC 5321 section 4.5.1
			s.People = []clientcheck.Person{{Address: "postmaster@" + domain, Side: s.Side}}
		}
		subjects = append(subjects, s)
	}
	world := clientcheck.World{Names: m.resolver(), Inner: len(m.settings.DNS.RootAddresses()) > 0} // a root of one's own is an inner network
	report, err := clientcheck.Check(ctx, world, subjects)
	return ClientsChecked{Report: report, Switched: switches != nil}, err
}

// switchesIfAny is openSwitches, or nil if nothing says who has switched.
func (m *Move) switchesIfAny(ctx context.Context, domains []string) (clientsetup.Switches, error) {
	s, err := m.openSwitches(ctx, domains)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return s, nil
}

// sample chooses people of a domain: the first of each side, or all of them.
func sample(accounts []rehome.Account, domain string, side rehome.Side, switches clientsetup.Switches, all bool) []clientcheck.Person {
	var chosen []clientcheck.Person
	had := map[rehome.Side]bool{}
	for _, account := range accounts {
		if account.Domain() != domain {
			continue
		}
		one := clientcheck.Person{Address: account.Address, Side: side}
		if switches != nil {
			if own, has := switches.OfPerson(strings.ToLower(account.Address)); has {
				one.Side = own.At(time.Now())
			}
		}
		if one.Side == rehome.Destination {
			one.Login = account.DestinationUser
		}
		if !all && had[one.Side] {
			continue
		}
		had[one.Side] = true
		chosen = append(chosen, one)
	}
	return chosen
}
