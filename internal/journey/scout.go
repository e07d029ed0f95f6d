// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome/internal/clientcheck"
	"rehome/internal/config"
	"rehome/internal/scout"
)

// Scout looks at what the world publishes of a domain. Of the settings, which need not be those of a move, it takes only how DNS is
// asked.
func Scout(ctx context.Context, settings *config.Config, subject scout.Subject) (scout.Found, error) {
	m := New(settings, "", nil)
	subject.LowTTL = settings.Cutover.TTL
	return scout.Look(ctx, scout.World{World: m.publicWorld(), Clients: clientcheck.World{
		Names: m.resolver(), Inner: len(settings.DNS.RootAddresses()) > 0, Timeout: reachedWithin,
	}}, subject)
}
