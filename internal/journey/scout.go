// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"time"

	"rehome/internal/clientcheck"
	"rehome/internal/config"
	"rehome/internal/scout"
)

// scoutedWithin bounds a question to one of many servers that may be there while somebody waits.
const scoutedWithin = 5 * time.Second

// Scout looks at what the world publishes of a domain. Of the settings, which need not be those of a move, it takes only how DNS is
// asked.
func Scout(ctx context.Context, settings *config.Config, subject scout.Subject) (scout.Found, error) {
	m := New(settings, "", nil)
	subject.LowTTL = settings.Cutover.TTL
	return scout.Look(ctx, scout.World{World: m.publicWorld(), Clients: clientcheck.World{
		Names: m.resolver(), Inner: len(settings.DNS.RootAddresses()) > 0, Timeout: scoutedWithin,
	}}, subject)
}
