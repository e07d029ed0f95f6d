// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/config"
	"rehome/internal/endpoint"
	"rehome/internal/mailcopy"
)

// importer is what brings messages with their UIDs; nil where the settings name no dsync-server.
func (m *Move) importer(ctx context.Context, hosts hosts) (mailcopy.Importer, error) {
	if !m.settings.Destination.Dsync.Used() {
		return nil, nil
	}
	end, err := m.dsyncEnd(ctx, hosts)
	if err != nil {
		return nil, err
	}
	return end, nil
}

// dropConnections is how many POP3 connections there are besides those of limits.source_connections: whoever reads a maildrop
// holds one of these already.
const dropConnections = 2

// maildrop is what tells the identifiers of POP3; nil where the settings say nothing of it, or that nobody needs them.
func (m *Move) maildrop(src *endpoint.IMAP, hosts hosts) (mailcopy.Maildrop, error) {
	s := m.settings.Source.POP3
	if s.Address == "" || !m.settings.Destination.Dsync.Used() || m.settings.Destination.Dsync.UIDLs == config.UIDLsLeave {
		return nil, nil
	}
	return m.sourceDrops(src, hosts.drops)
}

func (m *Move) dsyncEnd(ctx context.Context, hosts hosts) (*endpoint.Dsync, error) {
	s := m.settings.Destination.Dsync
	trust, err := s.Client()
	if err != nil {
		return nil, err
	}
	settings := endpoint.DsyncSettings{
		Host: hosts.dsync, Address: s.Address, Security: s.TLS, TLS: trust, Command: s.Command, Timeout: s.Timeout,
	}
	if s.Address != "" {
		if settings.Password, err = s.Password.Resolve(ctx); err != nil {
			return nil, err
		}
	}
	return endpoint.NewDsync(settings), nil
}

// checkDsync begins one conversation, where the settings name a dsync-server, and ends it without a change.
func (m *Move) checkDsync(ctx context.Context, c *checkup.List, accounts []rehome.Account) {
	if !m.settings.Destination.Dsync.Used() || len(accounts) == 0 {
		return
	}
	end, err := m.dsyncEnd(ctx, m.hosts(nil))
	if err != nil {
		c.Fail("dsync", err)
		return
	}
	checkup.Dsync(ctx, c, end, accounts[0])
}
