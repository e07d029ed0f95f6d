// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/protocol/imap"
)

// tokenOf keeps the token of a log-in name until a server refuses it: to get one may take seconds, and
// who hands them out limits how often. The lock is not held meanwhile.
func (h *IMAP) tokenOf(login string) imap.TokenFunc {
	return func(ctx context.Context, refused string) (string, error) {
		if kept := h.keptToken(login); !kept.Empty() && kept.Reveal() != refused {
			return kept.Reveal(), nil
		}
		fresh, err := h.settings.Token(ctx, login)
		if err == nil && fresh.Empty() {
			err = &rehome.Fault{Class: rehome.ClassOperator, Op: "get a token for", Object: login, Cause: errors.New("it is empty"), Hint: tokenHint}
		}
		if err != nil {
			return "", err
		}
		h.mu.Lock()
		h.tokens[login] = fresh
		h.mu.Unlock()
		return fresh.Reveal(), nil
	}
}

const tokenHint = "run the command of token by hand: it must print a token of this account that allows IMAP"

func (h *IMAP) keptToken(login string) rehome.Secret {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tokens[login]
}
