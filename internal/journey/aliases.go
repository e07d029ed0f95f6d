// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"slices"

	"rehome"
	"rehome/internal/alias"
	"rehome/internal/people"
	"rehome/internal/vault"
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
		if slices.Contains(aliasFindings, finding.Code) {
			export.Findings = append(export.Findings, finding)
		}
	}
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"aliases.csv", plan.WriteCSV},
		{"aliases.txt", plan.WriteText},
		{"aliases.json", func(w io.Writer) error { return writeIndented(w, plan) }},
		{"aliases.postfix", func(w io.Writer) error { return book.WritePostfix(w, plan) }},
		{"aliases.exim", func(w io.Writer) error { return book.WriteExim(w, plan) }},
	} {
		path, err := m.writeOutput(file.name, file.write)
		if err != nil {
			return AliasExport{}, err
		}
		export.Files = append(export.Files, path)
	}
	return export, nil
}

// aliasFindings are those that the plan's lines do not say themselves.
var aliasFindings = []string{"alias_twice", "forward_unparsed", "forward_to_self", "forward_copy_unknown"}

func writeIndented(w io.Writer, value any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(value)
}

// writeOutput puts a file into the folder of exports, whole or not at all.
func (m *Move) writeOutput(name string, write func(io.Writer) error) (path string, err error) {
	path = filepath.Join(m.settings.Accounts.Output, name)
	var content bytes.Buffer
	if err := write(&content); err != nil {
		return "", &rehome.Fault{Class: rehome.ClassBug, Op: "write", Object: path, Cause: err}
	}
	return path, vault.WriteFile(path, content.Bytes())
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
