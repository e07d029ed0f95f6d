// SPDX-License-Identifier: Apache-2.0

package signon

import (
	"context"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// SignedOut is what the issuer says of somebody who has signed out there, or was signed out.
type SignedOut struct {
	ID      string    // of this message, which counts once
	Until   time.Time // it counts no longer
	Subject string    // "" where only a session is named
	Session string    // at the issuer, as Person has it; "" means all of the subject's
}

// SignedOut believes a message that the issuer has signed for this client just now (OpenID Connect Back-Channel Logout 1.0, section 2.6).
func (p *Provider) SignedOut(ctx context.Context, token string) (SignedOut, error) {
	issuer, err := p.find(ctx)
	if err != nil {
		return SignedOut{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	said, err := issuer.VerifierContext(ctx, &oidc.Config{ClientID: p.options.Client, Now: p.options.Now}).VerifyLogout(ctx, token)
	if err != nil {
		return SignedOut{}, p.refused(shown(err.Error()),
			"compare serve.oidc.issuer and client_id with what is set at the issuer, and the clocks of both machines")
	}
	return SignedOut{ID: said.TokenID, Until: said.Expiry, Subject: said.Subject, Session: said.SessionID}, nil
}
