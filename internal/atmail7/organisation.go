// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"rehome"
)

// Organisation reads everything that moves, and what an operator must know about it. The name of the
// organisation is not in the database. Accounts, aliases and forwards are sorted.
//
// Left out, each with a finding: internal calendar users, accounts of domains that are not local, and
// rows that are no account.
func (d *Database) Organisation(ctx context.Context) (rehome.Organisation, []rehome.Finding, error) {
	a := newAssembly(d)
	err := d.snapshot(ctx, func(r *reading) error { return a.build(ctx, r) })
	if err != nil {
		return rehome.Organisation{}, nil, err
	}
	return a.org, a.findings, nil
}

// assembly is one organisation in the making.
type assembly struct {
	schema    *schema
	reading   *reading
	quotaUnit int64
	overrides map[string]bool // accounts of Settings.PlainLooksHashed; true once met

	people     peopleTables
	members    map[string]int // accounts by group
	masterKey  rehome.Secret
	unsealed   int // passwords that the master key has opened
	classified []classified
	org        rehome.Organisation
	findings   []rehome.Finding
}

func newAssembly(d *Database) *assembly {
	a := &assembly{
		schema: d.schema, quotaUnit: d.quotaUnit, masterKey: d.settings.MasterKey, overrides: map[string]bool{}, members: map[string]int{},
		people: peopleTables{
			users: map[string]user{}, settings: map[string]setting{}, contacts: map[string]contact{}, groups: map[string]group{},
		},
	}
	for _, address := range d.settings.PlainLooksHashed {
		a.overrides[key([]byte(address))] = false
	}
	return a
}

func (a *assembly) build(ctx context.Context, r *reading) error {
	a.reading = r
	for _, read := range []func(context.Context) error{
		a.readDomains, a.readConfig, a.readGroups, a.readUsers, a.readSettings, a.readContacts, a.readSessions, a.readAliases,
	} {
		if err := read(ctx); err != nil {
			return err
		}
	}
	if a.people.domains == nil {
		a.org.Domains = domainsOf(a.org.Accounts)
	}
	a.addForwards()
	a.findAbout()
	slices.SortFunc(a.findings, func(x, y rehome.Finding) int {
		return cmp.Or(cmp.Compare(x.Code, y.Code), cmp.Compare(x.Account, y.Account), cmp.Compare(x.Object, y.Object), cmp.Compare(x.Sentence, y.Sentence))
	})
	return nil
}

func (a *assembly) read(ctx context.Context, sel selection, row func([]sql.RawBytes) error) error {
	return a.schema.read(ctx, a.reading, sel, row)
}

func (a *assembly) readTexts(ctx context.Context, sel selection, row func([]sql.RawBytes, []recoding) error) error {
	return a.schema.readTexts(ctx, a.reading, sel, row)
}

// findAbout says what concerns the database as a whole.
func (a *assembly) findAbout() {
	if len(a.schema.missing) > 0 {
		var all []string
		for _, m := range a.schema.missing {
			all = append(all, m.String())
		}
		a.find(databaseIncomplete, "", "database", rehome.Values{"what": strings.Join(all, "; ")})
	}
	if stale := a.schema.stale; len(stale) > 0 {
		shown := strings.Join(stale[:min(len(stale), 5)], ", ")
		a.find(tablesNotRead, "", "database", rehome.Values{"n": len(stale), "profile": a.schema.profile, "tables": shown})
	}
	if !a.reading.readOnly {
		a.find(databaseNotLocked, "", "database", nil)
	}
	if a.unsealed > 0 {
		a.find(passwordUnsealed, "", "UserSession", rehome.Values{"n": a.unsealed})
	}
	for address, met := range a.overrides {
		if !met && address != EveryAccount {
			a.find(overrideUnused, address, "plain_looks_hashed", nil)
		}
	}
	a.findServicesOff()
}

// domainsOf is for a database that does not list its domains.
func domainsOf(accounts []rehome.Account) []string {
	all := map[string]bool{}
	for _, account := range accounts {
		all[account.Domain()] = true
	}
	return slices.Sorted(maps.Keys(all))
}

func (a *assembly) readDomains(ctx context.Context) error {
	if !a.schema.has(roleDomain) {
		return nil
	}
	a.people.domains = map[string]bool{}
	sel := selection{role: roleDomain, fields: []string{"domain.name", "domain.enabled"}}
	err := a.read(ctx, sel, func(v []sql.RawBytes) error {
		name := strings.TrimSuffix(key(v[0]), ".")
		if _, err := rehome.ParseAddress("x@" + name); err != nil {
			a.find(domainMalformed, "", name, nil)
			return nil //nolint:nilerr // it is a finding, and the other domains go on
		}
		if v[1] != nil && isZero(v[1]) {
			a.find(domainDisabled, "", name, nil)
		}
		a.people.domains[name] = true
		return nil
	})
	if len(a.people.domains) == 0 {
		a.people.domains = nil // as if there were no such table
		a.find(domainsEmpty, "", "Domains", nil)
		return err
	}
	a.org.Domains = slices.Sorted(maps.Keys(a.people.domains))
	return err
}
