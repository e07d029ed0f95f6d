// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"net"
	"net/netip"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/maillog"
)

// sourceDrops is the POP3 service of the source. It notes each log-in: the source's logs have it beside those of people.
type sourceDrops struct {
	*endpoint.POP3
	note func(ctx context.Context, account rehome.Account, from net.Addr) error
}

// sourceDrops returns it beside the IMAP service of the source, within the limits of host.
func (m *Move) sourceDrops(src *endpoint.IMAP, host *endpoint.Host) (sourceDrops, error) {
	pop, err := pop3End(m.settings.Source.POP3, src, host)
	return sourceDrops{POP3: pop, note: m.noteLogin}, err
}

// Open logs in as endpoint.POP3 does.
func (d sourceDrops) Open(ctx context.Context, account rehome.Account) (*endpoint.POP3Session, error) {
	session, err := d.POP3.Open(ctx, account)
	if err != nil {
		return nil, err
	}
	if err := d.note(ctx, account, session.LocalAddr()); err != nil {
		session.Close()
		return nil, err
	}
	return session, nil
}

// noteLogin keeps a log-in by POP3. Where there is no ledger there is none to keep it in.
func (m *Move) noteLogin(ctx context.Context, account rehome.Account, from net.Addr) error {
	m.mu.Lock()
	store := m.ledger
	m.mu.Unlock()
	tcp, is := from.(*net.TCPAddr)
	if store == nil || !is {
		return nil
	}
	return store.Sightings.LoggedIn(ctx, account.Address, "pop3", tcp.AddrPort().Addr().Unmap().WithZone("").String())
}

// ownLogins tells which log-ins by POP3 in a log of the source may be those of this program. A ledger that is nil knows of none.
func ownLogins(ctx context.Context, store *ledger.Ledger) (*maillog.Own, error) {
	if store == nil {
		return nil, nil
	}
	known, err := store.Sightings.OwnLogins(ctx, "pop3")
	if err != nil {
		return nil, err
	}
	visits := make([]maillog.Visit, 0, len(known))
	for _, k := range known {
		if from, err := netip.ParseAddr(k.From); err == nil {
			visits = append(visits, maillog.Visit{Account: k.Address, From: from, Times: k.Times, First: k.First, Last: k.Last})
		}
	}
	return maillog.NewOwn(visits), nil
}
