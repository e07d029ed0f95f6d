// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"strings"

	"rehome/internal/atmail8"
	"rehome/internal/handover"
	"rehome/internal/ledger"
	"rehome/internal/vault"
)

// PurgePlan lists the files with secrets that the move knows of. The identity is among those to destroy only on request.
func (m *Move) PurgePlan(_ context.Context, identity bool) (vault.Purge, error) {
	return m.register().PlanPurge(m.purgeOptions(identity))
}

// Purge destroys the files of the plan and writes down what it destroyed.
func (m *Move) Purge(ctx context.Context, identity bool) (vault.Purge, error) {
	purge, err := m.register().Purge(m.purgeOptions(identity))
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

func (m *Move) purgeOptions(identity bool) vault.PurgeOptions {
	options := vault.PurgeOptions{Identity: m.settings.Secrets.Identity, WithIdentity: identity, LooksSecret: looksSecret}
	options.Yours = append(options.Yours, vault.PurgeFile{File: m.signingKeyFile(), What: "the key that signs certificates"})
	if m.settings.Roster != "" {
		options.Yours = append(options.Yours, vault.PurgeFile{File: m.settings.Roster, What: "the roster, which may hold passwords: yours"})
	}
	for _, placed := range m.settings.References() {
		if file := placed.Reference.File(); file != "" {
			options.Yours = append(options.Yours, vault.PurgeFile{File: file, What: "the secret of " + placed.Key + ": yours"})
		}
	}
	return options
}

func looksSecret(name string) bool {
	return atmail8.IsAccountFile(name) || strings.HasSuffix(name, ".age") ||
		strings.HasPrefix(name, "handover") && strings.HasSuffix(name, handover.BundleExtension)
}
