// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"rehome"
)

// aliasRow is one row of MailAliases. How the kinds of the administration screen show in it is not
// documented: they are told by shape, and what has no known shape is listed, never dropped.
type aliasRow struct {
	name, target, domain, maildir string
}

func (a *assembly) readAliases(ctx context.Context) error {
	sel := selection{
		role: roleAlias, fields: []string{"alias.name", "alias.target", "alias.domain", "alias.maildir"},
		where: func(t *table) (string, bool) {
			if id, ok := t.columns["alias.id"]; ok {
				return " ORDER BY " + quoted(id.name), true
			}
			return "", true
		},
	}
	// The several rows of one name deliver to all their targets.
	type identity struct {
		name string
		kind rehome.AliasKind
	}
	merged := map[identity]int{}
	err := a.read(ctx, sel, func(v []sql.RawBytes) error {
		row := aliasRow{decodeExact(v[0]), decodeExact(v[1]), decodeExact(v[2]), decodeExact(v[3])}
		alias := row.alias(a.people.domains)
		id := identity{alias.Name, alias.Kind}
		if i, known := merged[id]; known && alias.Kind != rehome.AliasUnparsed {
			if addsNothing(a.org.Aliases[i], alias) {
				a.find(aliasTwice, "", alias.Name, nil)
			}
			a.org.Aliases[i].Targets = appendNew(a.org.Aliases[i].Targets, alias.Targets...)
			return nil
		}
		merged[id] = len(a.org.Aliases)
		a.org.Aliases = append(a.org.Aliases, alias)
		return nil
	})
	for i := range a.org.Aliases {
		a.finishAlias(&a.org.Aliases[i])
	}
	slices.SortFunc(a.org.Aliases, func(x, y rehome.Alias) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Raw, y.Raw))
	})
	return err
}

// addsNothing reports whether a row of the same name has only targets that are there already.
func addsNothing(to, row rehome.Alias) bool {
	return !slices.ContainsFunc(row.Targets, func(target string) bool { return !slices.Contains(to.Targets, target) })
}

// finishAlias tells local aliases, which only shows once all rows are there, and says what an
// operator should look at.
func (a *assembly) finishAlias(alias *rehome.Alias) {
	if alias.Kind == rehome.AliasDeliver && len(alias.Targets) == 1 && a.isLocal(alias.Targets[0]) {
		alias.Kind = rehome.AliasLocal
	}
	if alias.Kind == rehome.AliasUnparsed {
		a.find(AliasUnparsed, "", alias.Name, nil)
		return
	}
	if !a.isLocal(alias.Name) && alias.Kind != rehome.AliasDomain {
		a.find(AliasDomainUnknown, "", alias.Name, nil)
	}
	local, _, _ := strings.Cut(alias.Name, "@")
	if local == "postmaster" || local == "mailer-daemon" {
		a.find(AliasOfInstaller, "", alias.Name, nil)
	}
}

// alias says what the row means by itself. Everything that goes to addresses is AliasDeliver here.
func (r aliasRow) alias(domains map[string]bool) rehome.Alias {
	name, kind := r.nameAndKind(domains)
	targets, ok := r.targets(kind)
	if name == "" || !ok {
		return rehome.Alias{Name: tidy(r.name), Kind: rehome.AliasUnparsed, Raw: r.raw()}
	}
	return rehome.Alias{Name: name, Kind: kind, Targets: targets}
}

// nameAndKind returns the name in its one form, or "" if it has none that is known.
func (r aliasRow) nameAndKind(domains map[string]bool) (string, rehome.AliasKind) {
	name := key([]byte(r.name))
	owner := key([]byte(r.domain))
	bare, isDomain := domainIn(name)
	_, targetIsDomain := domainIn(key([]byte(r.target)))
	switch {
	case isDomain && targetIsDomain:
		return "@" + bare, rehome.AliasDomain
	// A bare name with a dot may as well be the local part of an address in the row's own domain.
	case isDomain && (name != bare || domains[bare] || bare == owner):
		return "@" + bare, rehome.AliasCatchAll
	}
	if !strings.Contains(name, "@") {
		name += "@" + owner
	}
	address, err := rehome.ParseAddress(name)
	if err != nil {
		return "", rehome.AliasUnparsed
	}
	if r.folder() != "" {
		return address, rehome.AliasMaildir
	}
	return address, rehome.AliasDeliver
}

// targets returns what the alias goes to. One target that is not understood spoils the row: half of
// a list is no list.
func (r aliasRow) targets(kind rehome.AliasKind) (targets []string, ok bool) {
	switch kind {
	case rehome.AliasMaildir:
		return []string{r.folder()}, true
	case rehome.AliasDomain:
		domain, _ := domainIn(key([]byte(r.target)))
		return []string{"@" + domain}, true
	}
	for _, part := range strings.FieldsFunc(r.target, func(c rune) bool { return strings.ContainsRune(",;\r\n", c) }) {
		if strings.TrimSpace(part) == "" {
			continue
		}
		address, err := rehome.ParseAddress(part)
		if err != nil {
			return nil, false
		}
		targets = appendNew(targets, address)
	}
	return targets, len(targets) > 0
}

// folder returns the path of an alias that delivers into one. Beside a target the column may just
// repeat where that target's mail lies.
func (r aliasRow) folder() string {
	target, maildir := strings.TrimSpace(r.target), strings.TrimSpace(r.maildir)
	switch {
	case target == "":
		return maildir
	case strings.HasPrefix(target, "/") && !strings.ContainsAny(target, ",;\r\n"):
		return target
	}
	return ""
}

// raw is the row for the list of what could not be parsed.
func (r aliasRow) raw() string {
	return tidy(strings.Join([]string{r.name, r.target, r.domain, r.maildir}, " | "))
}

// domainIn returns the domain of "@domain", "*@domain" or a bare "domain" with a dot.
func domainIn(text string) (domain string, ok bool) {
	domain, marked := strings.CutPrefix(strings.TrimPrefix(text, "*"), "@")
	if !marked && (domain != text || !strings.Contains(domain, ".")) {
		return "", false
	}
	_, err := rehome.ParseAddress("x@" + domain)
	return domain, err == nil && !strings.Contains(domain, "@")
}

func appendNew(list []string, more ...string) []string {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}
