// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"slices"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/ledger"
	"rehome/internal/signon"
)

// SignOn lets people into the screen whom an OpenID Connect issuer knows.
type SignOn struct {
	*signon.Provider

	Claim string // that roles come from
	Roles map[string]ledger.Role
}

// SignsOnOutside reports whether the settings name an issuer.
func (m *Move) SignsOnOutside() bool { return m.settings.Serve.OIDC.Issuer != "" }

// SignOn is nil where the settings name no issuer. Nothing is asked yet.
func (m *Move) SignOn() (*SignOn, error) {
	settings := m.settings.Serve.OIDC
	if !m.SignsOnOutside() {
		return nil, nil //nolint:nilnil // there is none
	}
	trust, err := settings.Client()
	if err != nil {
		return nil, err
	}
	options := signon.Options{Issuer: settings.Issuer, Client: settings.ClientID, Scopes: settings.Scopes, Name: settings.Name,
		Groups: settings.Groups, TLS: trust}
	if !settings.ClientSecret.IsZero() {
		options.Secret = settings.ClientSecret.Resolve
	}
	roles := map[string]ledger.Role{}
	for group, role := range settings.Roles {
		roles[group] = ledger.Role(role)
	}
	return &SignOn{Provider: signon.New(options), Claim: settings.Groups, Roles: roles}, nil
}

// checkSignOn looks at the issuer, where the settings name one.
func (m *Move) checkSignOn(ctx context.Context, c *checkup.List) {
	issuer, err := m.SignOn()
	switch {
	case err != nil:
		c.Warn("sign-in", err.Error(), rehome.HintOf(err)) // the move works without
	case issuer != nil:
		checkup.SignOn(ctx, c, issuer.Provider)
	}
}

// RoleOf is the role that may most of those that the groups have; "" if they have none.
func (s *SignOn) RoleOf(groups []string) (most ledger.Role) {
	all := Roles()
	for _, group := range groups {
		if role := s.Roles[group]; slices.Index(all, role) > slices.Index(all, most) {
			most = role
		}
	}
	return most
}
