// SPDX-License-Identifier: Apache-2.0

package checkup

import (
	"context"
	"fmt"
	"strings"

	"rehome"
	"rehome/internal/content/sieve"
	"rehome/internal/endpoint"
)

// Sieve logs in once at a ManageSieve server.
func Sieve(ctx context.Context, c *List, side rehome.Side, end *endpoint.Sieve, account rehome.Account) {
	client, err := end.Open(ctx, account)
	switch {
	case side == rehome.Destination && rehome.ClassOf(err) == rehome.ClassAuth:
		c.Warn("rules", err.Error(), "expected before accounts.csv is imported; afterwards: "+rehome.HintOf(err))
		return
	case err != nil:
		c.Fail("rules", err)
		return
	}
	defer client.Close() // only looked at
	caps := client.Capabilities()
	if missing := lacking(caps.Sieve); side == rehome.Destination && len(missing) > 0 {
		c.Warn("rules", fmt.Sprintf("%s accepts scripts, without %s", caps.Implementation, strings.Join(missing, ", ")),
			"users whose rules need these are listed by \"rehome rules plan\"")
		return
	}
	c.OK("rules", caps.Implementation+" opens the scripts of "+account.Address)
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
