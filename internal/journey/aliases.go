// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome"
	"rehome/internal/alias"
	"rehome/internal/atmail7"
	"rehome/internal/handover"
	"rehome/internal/people"
)

// AliasExport is what exporting the aliases has written.
type AliasExport struct {
	alias.Plan
	Files    []string         `json:"files"`
	Findings []rehome.Finding `json:"findings"`
}

// ExportAliases writes the plan of aliases and forwards: a sheet, the same for reading and as JSON, and
// maps for Postfix and Exim.
func (m *Move) ExportAliases(ctx context.Context) (AliasExport, error) {
	p, book, err := m.book(ctx)
	if err != nil {
		return AliasExport{}, err
	}
	plan := book.Plan()
	export := AliasExport{Plan: plan, Findings: []rehome.Finding{}}
	for _, finding := range p.Findings {
		if finding.Topic == rehome.TopicAliases && !saidByPlan(finding) {
			export.Findings = append(export.Findings, finding)
		}
	}
	export.Files, err = handover.WriteAliases(m.settings.Accounts.Output, plan, book)
	return export, err
}

// saidByPlan reports whether a line of the plan says the same.
func saidByPlan(f rehome.Finding) bool {
	return atmail7.AliasUnparsed.Is(f) || atmail7.AliasDomainUnknown.Is(f) || atmail7.AliasOfInstaller.Is(f)
}

// book reads who receives mail at the source.
func (m *Move) book(ctx context.Context) (*people.Everybody, *alias.Book, error) {
	p, err := m.people(ctx)
	if err != nil {
		return nil, nil, err
	}
	settings := m.settings.Aliases
	input := alias.Input{
		Domains: m.settings.Domains, Staying: map[string]string{}, Aliases: p.Organisation.Aliases, SkipInstaller: settings.SkipInstaller,
		Abilities: alias.Abilities{CatchAll: alias.Ability(settings.CatchAll), Domain: alias.Ability(settings.Domain),
			Outside: alias.Ability(settings.Outside), Several: alias.Ability(settings.Several)},
	}
	for _, account := range p.Moving {
		input.Accounts = append(input.Accounts, account.Address)
		if len(m.settings.Domains) == 0 {
			input.Domains = append(input.Domains, account.Domain())
		}
	}
	if len(m.settings.Domains) == 0 {
		input.Domains = append(input.Domains, p.Organisation.Domains...)
	}
	for _, s := range p.Staying {
		input.Staying[s.Account] = s.Reason
	}
	input.Forwards = m.forwards(p)
	return p, alias.NewBook(input), nil
}
