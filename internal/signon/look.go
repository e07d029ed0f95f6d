// SPDX-License-Identifier: Apache-2.0

package signon

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"

	"rehome"
)

// Doubt is what an issuer does not offer, and what helps.
type Doubt struct{ Sentence, NextStep string }

// Offer is what an issuer says that it offers to a client such as this one. Whether it knows the client shows only when somebody signs in.
type Offer struct {
	Keys   int // with which it signs tokens
	TLS    bool
	Doubts []Doubt
}

// metadata is what an issuer says of its ways (OpenID Connect Discovery 1.0, section 3). What it leaves out is not known.
type metadata struct {
	Keys       string   `json:"jwks_uri"`
	Flows      []string `json:"response_types_supported"`
	Challenges []string `json:"code_challenge_methods_supported"` // RFC 8414, section 2
	Proofs     []string `json:"token_endpoint_auth_methods_supported"`
	Signatures []string `json:"id_token_signing_alg_values_supported"`
}

// Look asks the issuer about itself, for its keys, and whether its token endpoint answers. It sends no secret, and signs nobody in.
func (p *Provider) Look(ctx context.Context) (Offer, error) {
	issuer, err := p.find(ctx)
	if err != nil {
		return Offer{}, err
	}
	var says metadata
	if err := issuer.Claims(&says); err != nil {
		return Offer{}, p.unreachable(err)
	}
	offer := Offer{Doubts: p.doubts(says), TLS: strings.HasPrefix(p.options.Issuer, "https:")}
	if offer.Keys, err = p.keysAt(ctx, says.Keys); err != nil {
		return Offer{}, err
	}
	if offer.Keys == 0 {
		offer.Doubts = append(offer.Doubts, Doubt{"it publishes no key that its tokens could be checked with", "ask whoever runs it"})
	}
	// That anything answers is enough: a token is asked for by POST, with a code that only a person can bring.
	_, _, err = p.get(ctx, issuer.Endpoint().TokenURL)
	return offer, err
}

// doubts compares what the issuer lists with what this client does.
func (p *Provider) doubts(says metadata) (all []Doubt) {
	lacks := func(listed []string, any ...string) bool {
		return len(listed) > 0 && !slices.ContainsFunc(listed, func(one string) bool { return slices.Contains(any, one) })
	}
	if lacks(says.Flows, "code") {
		all = append(all, Doubt{"it does not offer the authorization code flow", "switch it on at the issuer"})
	}
	if lacks(says.Challenges, "S256") {
		all = append(all, Doubt{"it takes no proof by PKCE with S256", "switch it on at the issuer"})
	}
	if p.options.Secret != nil && lacks(says.Proofs, "client_secret_basic", "client_secret_post") {
		all = append(all, Doubt{"it takes no client's secret, only " + shown(strings.Join(says.Proofs, ", ")),
			"allow client_secret_basic there, or leave out serve.oidc.client_secret for a public client"})
	}
	if lacks(says.Signatures, signatures...) {
		all = append(all, Doubt{"it signs tokens by " + shown(strings.Join(says.Signatures, ", ")) + " alone", "have it sign by RS256 or ES256"})
	}
	return all
}

// signatures are the algorithms by which a token counts.
var signatures = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// keysAt counts the public keys for signatures (RFC 7517, sections 4.1 and 4.2).
func (p *Provider) keysAt(ctx context.Context, address string) (n int, err error) {
	status, text, err := p.get(ctx, address)
	if err != nil {
		return 0, err
	}
	var set struct {
		Keys []struct {
			Type string `json:"kty"`
			Use  string `json:"use"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); status != http.StatusOK || err != nil {
		return 0, p.refused("its keys at "+shown(address)+" cannot be read", "ask whoever runs it")
	}
	for _, key := range set.Keys {
		if slices.Contains([]string{"RSA", "EC", "OKP"}, key.Type) && (key.Use == "" || key.Use == "sig") {
			n++
		}
	}
	return n, nil
}

// get returns what answers at an address of the issuer, whatever it is.
func (p *Provider) get(ctx context.Context, address string) (status int, text []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, p.refused("it names "+shown(address)+", which is no address", "ask whoever runs it")
	}
	response, err := p.client.Do(request)
	if err != nil {
		fault := &rehome.Fault{Class: rehome.ClassTemporary, Op: "reach", Object: shown(address), Cause: causeOf(err),
			Hint: "look whether this machine can reach it; the issuer names that address"}
		return 0, nil, fault
	}
	defer response.Body.Close()
	text, err = io.ReadAll(response.Body) // bounded by the client
	if err != nil {
		return 0, nil, p.unreachable(err)
	}
	return response.StatusCode, text, nil
}

// causeOf leaves out the address, which is told anyway.
func causeOf(err error) error {
	if at, is := err.(*url.Error); is { //nolint:errorlint // the client wraps it once
		return at.Err
	}
	return err
}
