// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
)

// enter brings a new connection to the account: log-in, change of user, compression. The error never
// shows a secret.
func (h *IMAP) enter(ctx context.Context, client *imap.Client, c credentials) error {
	login := imap.Credentials{
		User: c.user, Password: c.password.Reveal(), Identity: c.identity, Mechanism: h.mechanism(),
		Clear: h.settings.Security == protocol.NoTLS, // which somebody has asked for by name
		Once:  h.settings.Trial,
	}
	if h.settings.Token != nil {
		login.Token = h.tokenOf(c.user)
	}
	used, err := client.LogIn(ctx, login)
	if err == nil && c.become != "" {
		h.lockout.welcome() // the master user; that the account cannot be had is its own trouble
		err = client.ProxyAuth(ctx, c.become)
	}
	if err != nil {
		return h.hide(c, err)
	}
	h.worked(used)
	return h.compress(ctx, client)
}

func (h *IMAP) mechanism() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.settings.Mechanism != "" {
		return h.settings.Mechanism
	}
	return h.simple
}

// worked remembers a mechanism that every account has. Stronger ones depend on the kind of hash that
// the host holds of a password, and are tried for each account.
func (h *IMAP) worked(mechanism string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if mechanism == "PLAIN" || mechanism == "LOGIN" {
		h.simple = mechanism
	}
}

// compress turns compression on where it is wanted and possible.
func (h *IMAP) compress(ctx context.Context, client *imap.Client) error {
	if !h.settings.Compress {
		return nil
	}
	err := client.Compress(ctx)
	var unsupported *imap.UnsupportedError
	if errors.As(err, &unsupported) || imap.IsStatus(err, "NO") {
		return nil
	}
	return err
}

// hide takes the secret out of what went wrong with a log-in: some servers repeat the command that
// they did not like, and their words go into errors and reports.
func (h *IMAP) hide(c credentials, err error) error {
	clean := h.mask(c, err.Error())
	if clean == err.Error() {
		return err
	}
	var status *imap.StatusError
	if !errors.As(err, &status) {
		return errors.New(clean)
	}
	hidden := *status
	hidden.Text = h.mask(c, status.Text)
	return &hidden
}

// mask takes the secret out of a server's words.
func (h *IMAP) mask(c credentials, words string) string {
	return withoutSecrets(words, []rehome.Secret{c.password, h.keptToken(c.user)})
}
