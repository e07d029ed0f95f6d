// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"fmt"
	"strings"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/content/sieve"
	"rehome/internal/people"
)

// checkRules logs in at the ManageSieve servers that are named, once each.
func (m *Move) checkRules(ctx context.Context, source, destination *checkup, p *people.Everybody) {
	m.checkSieve(ctx, source, p, rehome.Source, m.settings.Source.Sieve)
	m.checkSieve(ctx, destination, p, rehome.Destination, m.settings.Destination.Sieve)
}

func (m *Move) checkSieve(ctx context.Context, c *checkup, p *people.Everybody, side rehome.Side, settings config.Sieve) {
	if settings.Address == "" && side == rehome.Destination {
		c.ok("rules", "no ManageSieve server is named: they become files to be handed over, see \"rehome rules export\"")
	}
	if settings.Address == "" || p == nil {
		return
	}
	host, err := m.end(ctx, side, nil)
	if err != nil {
		return // said already
	}
	account, ok := sample(p, host, func(a rehome.Account) bool {
		return side == rehome.Source && !a.SourcePassword.Empty() || side == rehome.Destination && !a.DestinationPassword.Empty()
	})
	if !ok {
		return // said already
	}
	end, err := sieveEnd(settings, host)
	if err != nil {
		c.fail("rules", err)
		return
	}
	client, err := end.Open(ctx, account)
	switch {
	case side == rehome.Destination && rehome.ClassOf(err) == rehome.ClassAuth:
		c.warn("rules", err.Error(), "before accounts.csv is imported this is as it should be; afterwards: "+rehome.HintOf(err))
		return
	case err != nil:
		c.fail("rules", err)
		return
	}
	defer func() { _ = client.Logout(ctx) }() // only looked at
	caps := client.Capabilities()
	if missing := lacking(caps.Sieve); side == rehome.Destination && len(missing) > 0 {
		c.warn("rules", fmt.Sprintf("%s takes scripts, without %s", caps.Implementation, strings.Join(missing, ", ")), "people whose rules need that are named by \"rehome rules plan\"")
		return
	}
	c.ok("rules", caps.Implementation+" opens the scripts of "+account.Address)
}

// lacking names the extensions that common rules need and a server does not have.
func lacking(offered sieve.Capabilities) []string {
	var missing []string
	for _, extension := range []string{"fileinto", "vacation", "copy"} {
		if !offered.Has(extension) {
			missing = append(missing, extension)
		}
	}
	return missing
}
