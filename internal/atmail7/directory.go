// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"

	"rehome"
	"rehome/internal/mapping"
	"rehome/internal/people"
)

// A database is a directory of people with every ability that the move asks for.
var (
	_ people.Directory        = (*Database)(nil)
	_ people.Describer        = (*Database)(nil)
	_ people.PreferenceReader = (*Database)(nil)
	_ people.ShareReader      = (*Database)(nil)
	_ people.RuleReader       = (*Database)(nil)
	_ people.DAVLocator       = (*Database)(nil)
	_ people.DigestReader     = (*Database)(nil)
	_ people.ObjectReader     = (*Database)(nil)
)

// About says what Describe knows, as far as it is the same for every source system.
func (d *Database) About(ctx context.Context) (people.About, error) {
	about, err := d.Describe(ctx)
	return people.About{Server: about.Server, Profile: about.Profile, Domains: about.Domains, Accounts: about.Accounts}, err
}

// Objects begins to read an account's contacts and calendars, as ReadObjects does.
func (d *Database) Objects(ctx context.Context, account string) (people.Objects, error) {
	objects, err := d.ReadObjects(ctx, account)
	if err != nil {
		return nil, err
	}
	return objects, nil
}

// OnlyInTables reports whether a collection is atmail's own address book.
func (d *Database) OnlyInTables(href string) bool { return mapping.LastSegment(href) == ownBook }

// Digest reads an account's HA1 out of SabreDAV's own table of users; empty where that does not have it.
func (d *Database) Digest(ctx context.Context, account string) (rehome.Secret, error) {
	objects, err := d.ReadObjects(ctx, account)
	if err != nil {
		return rehome.Secret{}, err
	}
	defer objects.Close()
	ha1, err := objects.Digest(ctx)
	return rehome.NewSecret(ha1), err
}
