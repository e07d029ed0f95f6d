// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"strings"

	"rehome/internal/atmail8"
	"rehome/internal/handover"
	"rehome/internal/itinerary"
	"rehome/internal/ledger"
	"rehome/internal/vault"
)

// PurgeChoice says what else is destroyed than what nothing needs any more.
type PurgeChoice struct {
	Identity bool // the identity too: then nobody can open a sealed file any more
	Needed   bool // also what later passes need, as at the end of a move
}

// PurgePlan lists the files with secrets that the move knows of, and why some have to stay until later.
func (m *Move) PurgePlan(ctx context.Context, choice PurgeChoice) (vault.Purge, error) {
	options, err := m.purgeOptions(ctx, choice)
	if err != nil {
		return vault.Purge{}, err
	}
	return m.register().PlanPurge(options)
}

// Purge destroys the files of the plan and writes down what it destroyed.
func (m *Move) Purge(ctx context.Context, choice PurgeChoice) (vault.Purge, error) {
	options, err := m.purgeOptions(ctx, choice)
	if err != nil {
		return vault.Purge{}, err
	}
	purge, err := m.register().Purge(options)
	var lines []ledger.AuditLine
	for _, file := range purge.Files {
		if purge.Destroyed {
			lines = append(lines, ledger.AuditLine{Action: actionDestroyed, Object: file.File, Before: file.What})
		}
	}
	return purge, errors.Join(err, m.note(ctx, lines...))
}

// register knows the files with secrets that this move has written.
func (m *Move) register() vault.Register { return vault.NewRegister(m.settings.Accounts.Output) }

func (m *Move) purgeOptions(ctx context.Context, choice PurgeChoice) (vault.PurgeOptions, error) {
	options := vault.PurgeOptions{Identity: m.settings.Secrets.Identity, WithIdentity: choice.Identity, LooksSecret: looksSecret}
	if !choice.Needed {
		state, err := m.known(ctx, nil)
		if err != nil {
			return options, err
		}
		options.Needed = m.needed(itinerary.Hold(state))
	}
	options.Yours = append(options.Yours, vault.PurgeFile{File: m.signingKeyFile(), What: "the key that signs certificates"})
	if m.settings.Roster != "" {
		options.Yours = append(options.Yours, vault.PurgeFile{File: m.settings.Roster, What: "the roster, which may hold passwords: yours"})
	}
	for _, placed := range m.settings.References() {
		if file := placed.Reference.File(); file != "" {
			options.Yours = append(options.Yours, vault.PurgeFile{File: file, What: "the secret of " + placed.Key + ": yours"})
		}
	}
	return options, nil
}

// needed says which files the move still needs. A sheet that the register has lost is known by its place.
func (m *Move) needed(holds itinerary.Holds) func(vault.PurgeFile) string {
	return func(file vault.PurgeFile) string {
		switch {
		case file.What == vault.SecretSheet, file.File == m.sheetFile(), file.File == m.settings.Secrets.Identity:
			return holds.Sheet
		case file.What == vault.SecretImport:
			return holds.Import
		}
		return ""
	}
}

func looksSecret(name string) bool {
	return atmail8.IsAccountFile(name) || strings.HasSuffix(name, ".age") ||
		strings.HasPrefix(name, "handover") && strings.HasSuffix(name, handover.BundleExtension)
}
