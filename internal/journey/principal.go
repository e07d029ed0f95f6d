// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
)

// principalKept is how long the way from the URL in the settings to an account's principal is taken for what it was. The principal
// says itself each time whether it is the account's; but a server that has moved may answer at the old place, too, for a while.
const principalKept = time.Hour

// openDAV logs in as an account at one end.
type openDAV func(ctx context.Context, account rehome.Account) (*endpoint.DAVSession, error)

// remembering opens accounts by who they are, as far as the ledger has that of this server and log-in, and keeps there what was found
// by the whole way.
func remembering(store *ledger.Objects, host *endpoint.DAV) openDAV {
	side, server := host.Host().Settings().Side, host.Settings().URL
	return func(ctx context.Context, account rehome.Account) (*endpoint.DAVSession, error) {
		known, err := store.Principal(ctx, account.Address, side)
		if err != nil {
			return nil, err
		}
		login := host.LoginOf(account)
		if age := time.Since(known.Noted); known.Server != server || known.Login != login || age < 0 || age >= principalKept {
			known.Href = ""
		}
		session, err := host.OpenAt(ctx, account, known.Href)
		if err != nil {
			return nil, err
		}
		if href, asked := session.Principal(); asked && href != "" {
			err = store.NotePrincipal(ctx, ledger.Principal{Address: account.Address, Side: side, Server: server, Login: login, Href: href})
		}
		if err != nil {
			session.Close()
			return nil, err
		}
		return session, nil
	}
}
