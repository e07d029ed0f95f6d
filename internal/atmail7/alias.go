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
	merged := map[aliasIdentity]*mergedAlias{}
	err := a.read(ctx, sel, func(v []sql.RawBytes) error {
		row := aliasRow{decodeExact(v[0]), decodeExact(v[1]), decodeExact(v[2]), decodeExact(v[3])}
		alias := row.alias(a.people.domains)
		id := aliasIdentity{alias.Name, alias.Kind}
		if known := merged[id]; known != nil && alias.Kind != rehome.AliasUnparsed {
			if !known.add(&a.org.Aliases[known.at], alias.Targets) {
				a.find(aliasTwice, "", alias.Name, nil)
			}
			return nil
		}
		merged[id] = &mergedAlias{at: len(a.org.Aliases)}
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

type aliasIdentity struct {
	name string
	kind rehome.AliasKind
}

// mergedAlias is an alias of several rows: those of one name deliver to all their targets.
type mergedAlias struct {
	at   int             // its place
	seen map[string]bool // its targets, from the second row on
}

// add takes the targets of a further row, and reports whether it has any that are new.
func (m *mergedAlias) add(to *rehome.Alias, targets []string) (adds bool) {
	if m.seen == nil {
		m.seen = map[string]bool{}
		for _, target := range to.Targets {
			m.seen[target] = true
		}
	}
	for _, target := range targets {
		if !m.seen[target] {
			to.Targets = append(to.Targets, target)
			adds = true
		}
		m.seen[target] = true
	}
	return adds
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
		return r.unparsed(name)
	}
	return rehome.Alias{Name: name, Kind: kind, Targets: targets}
}

// unparsed is the row for a person to decide about: by its address, if it has one, because that receives mail today.
func (r aliasRow) unparsed(name string) rehome.Alias {
	alias := rehome.Alias{Name: name, Kind: rehome.AliasUnparsed, Raw: r.raw()}
	if _, err := rehome.ParseAddress(name); err != nil {
		alias.Name = tidy(r.name)
	}
	if target := tidy(strings.TrimSpace(r.target)); target != "" {
		alias.Targets = []string{target}
	}
	return alias
}

// nameAndKind returns the name in its one form, or "" if it has none that is known.
func (r aliasRow) nameAndKind(domains map[string]bool) (string, rehome.AliasKind) {
	name := key([]byte(r.name))
	owner := key([]byte(r.domain))
	bare, isDomain := domainIn(name)
	to, targetIsDomain := domainIn(key([]byte(r.target)))
	// Two bare names with dots in a row with a domain of its own, neither of them a domain that the source has, are local
	// parts: "john.doe" to "j.doe".
	locals := name == bare && to == key([]byte(r.target)) && owner != "" && bare != owner && !domains[bare] && !domains[to]
	switch {
	case isDomain && targetIsDomain && !locals:
		return "@" + bare, rehome.AliasDomain
	// A bare name with a dot may as well be the local part of an address in the row's own domain.
	case isDomain && (name != bare || domains[bare] || bare == owner):
		return "@" + bare, rehome.AliasCatchAll
	}
	address, ok := inDomain(name, owner)
	if !ok {
		address, ok = parseTarget(name)
	}
	if !ok {
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
	parts := splitTargets(r.target)
	bare := !strings.ContainsAny(r.target, "<>\"()") // no part has a person's name
	seen := map[string]bool{}
	for _, part := range parts {
		address, ok := parseTarget(part)
		if !ok && bare {
			address, ok = inDomain(part, key([]byte(r.domain)))
		}
		if !ok {
			return nil, false
		}
		if !seen[address] {
			targets = append(targets, address)
		}
		seen[address] = true
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
