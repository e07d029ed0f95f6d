// SPDX-License-Identifier: Apache-2.0

// Package signon asks an OpenID Connect issuer who somebody is: by the authorization code flow (OpenID Connect Core 1.0, section 3.1) with
// PKCE (RFC 7636), and nothing else of it.
//
// The steps of a caller: New once; Begin, whose address the browser is sent to, and whose Attempt that browser keeps; Finish with what the
// browser brings back. What a person may do is not decided here: Person has the groups that the issuer names.
//
//   - Nobody is let in but by a token that the issuer has signed with a key of its own, for this client, just now, and for this attempt.
//   - What the issuer says counts only where it came over TLS, from the address that the settings name or one that this names; nothing
//     is followed to a third. An issuer on this machine may do without TLS.
//   - An address that the issuer has not verified names nobody.
package signon

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"rehome"
)

// Options name an issuer and this client of it.
type Options struct {
	Issuer string
	Client string
	Secret func(context.Context) (rehome.Secret, error) // nil is a client without one, which PKCE alone proves
	Scopes []string                                     // beside openid
	Name   string                                       // the claim that names a person, as in the audit log
	Groups string                                       // the claim that roles come from; dots lead into objects: "realm_access.roles"
	TLS    *tls.Config                                  // nil trusts what this machine trusts
	Now    func() time.Time                             // nil means time.Now
}

// Person is somebody whom the issuer knows.
type Person struct {
	Subject string   // what is never given to anybody else at this issuer (OpenID Connect Core 1.0, section 2)
	Name    string   // what people know; another one may come to have it
	Groups  []string // the texts of the claim, none if there is no such claim
	Session string   // how the issuer calls its own session with them, "" where it does not (Front-Channel Logout 1.0, section 3: sid)
}

// Attempt is what the browser that begins has to bring back, and nobody else may know. Its parts are of chance, 130 bits each or more.
type Attempt struct{ State, Nonce, Verifier string }

// String is its form in a cookie.
func (a Attempt) String() string { return a.State + "." + a.Nonce + "." + a.Verifier }

// ParseAttempt is the reverse of String; anything else gives an attempt with which nobody gets in.
func ParseAttempt(text string) Attempt {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return Attempt{}
	}
	return Attempt{parts[0], parts[1], parts[2]}
}

// Provider is an issuer. Several goroutines may use it.
type Provider struct {
	options Options
	client  *http.Client

	mu     sync.Mutex
	found  *found
	failed error     // why it was not found
	again  time.Time // before that it is not asked again
}

// found is what the issuer says of itself (OpenID Connect Discovery 1.0, section 3).
type found struct {
	*oidc.Provider

	signOut string // its end_session_endpoint, "" if there is none
}

// pauseAfter is for how long an issuer is left alone that could not be asked.
const pauseAfter = 5 * time.Second

// New asks nothing yet: the issuer may be down when the screen starts.
func New(options Options) *Provider {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Provider{options: options, client: newClient(options)}
}

// Host is how people know the issuer.
func (p *Provider) Host() string {
	at, err := url.Parse(p.options.Issuer)
	if err != nil {
		return p.options.Issuer
	}
	return at.Host
}

// Begin returns where a browser is sent, from which it comes back to an address of ours, and what it has to keep until then.
func (p *Provider) Begin(ctx context.Context, back string) (to string, attempt Attempt, err error) {
	issuer, err := p.find(ctx)
	if err != nil {
		return "", Attempt{}, err
	}
	attempt = Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	settings := p.settings(issuer, back, rehome.Secret{})
	return settings.AuthCodeURL(attempt.State, oidc.Nonce(attempt.Nonce), oauth2.S256ChallengeOption(attempt.Verifier)), attempt, nil
}

func (p *Provider) settings(issuer *found, back string, secret rehome.Secret) *oauth2.Config {
	return &oauth2.Config{ClientID: p.options.Client, ClientSecret: secret.Reveal(), Endpoint: issuer.Endpoint(), RedirectURL: back,
		Scopes: append([]string{oidc.ScopeOpenID}, p.options.Scopes...)}
}

// Finish finds out who has come back, from what the browser has kept and the parameters that the issuer has sent it back with.
func (p *Provider) Finish(ctx context.Context, back string, kept Attempt, sent url.Values) (Person, error) {
	switch {
	case kept.State == "" || subtle.ConstantTimeCompare([]byte(kept.State), []byte(sent.Get("state"))) != 1:
		return Person{}, p.refused("it was not begun in this browser, or too long ago", "sign in again from the page of rehome")
	case sent.Get("error") != "":
		return Person{}, p.said(rehome.ClassAuth, sent.Get("error"), sent.Get("error_description"), hintFor(sent.Get("error")))
	case sent.Get("iss") != "" && sent.Get("iss") != p.options.Issuer: // RFC 9207, section 2.4
		return Person{}, p.refused("the answer is of another issuer",
			"sign in again; if that repeats, compare serve.oidc.issuer with what the issuer calls itself")
	case sent.Get("code") == "":
		return Person{}, p.refused("the answer has no code", "sign in again")
	}
	issuer, err := p.find(ctx)
	if err != nil {
		return Person{}, err
	}
	token, err := p.exchange(ctx, issuer, back, kept, sent.Get("code"))
	if err != nil {
		return Person{}, err
	}
	return p.judge(ctx, issuer, kept, token)
}

// exchange has the issuer give its tokens for a code (RFC 6749, section 4.1.3).
func (p *Provider) exchange(ctx context.Context, issuer *found, back string, kept Attempt, code string) (*oauth2.Token, error) {
	var secret rehome.Secret
	if p.options.Secret != nil {
		var err error
		if secret, err = p.options.Secret(ctx); err != nil {
			return nil, err
		}
	}
	token, err := p.settings(issuer, back, secret).Exchange(oidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(kept.Verifier))
	if err == nil {
		return token, nil
	}
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.ErrorCode != "" {
		return nil, p.said(rehome.ClassAuth, refused.ErrorCode, refused.ErrorDescription, hintFor(refused.ErrorCode))
	}
	return nil, p.unreachable(err)
}

// SignOutAt is where the issuer lets somebody sign out of it as well (OpenID Connect RP-Initiated Logout 1.0), "" if that is not known.
func (p *Provider) SignOutAt() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil || p.found.signOut == "" {
		return ""
	}
	at, err := url.Parse(p.found.signOut)
	if err != nil {
		return ""
	}
	query := at.Query()
	query.Set("client_id", p.options.Client)
	at.RawQuery = query.Encode()
	return at.String()
}

// find asks the issuer about itself, once.
func (p *Provider) find(ctx context.Context) (*found, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now() // a pause, and no moment that anything is judged by
	if p.found != nil {
		return p.found, nil
	}
	if p.failed != nil && now.Before(p.again) {
		return nil, p.failed
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.options.Issuer)
	if err == nil {
		p.found, err = p.taken(provider)
		return p.found, err
	}
	if ctx.Err() != nil {
		return nil, p.unreachable(err) // whoever asked has gone; that says nothing of the issuer
	}
	p.again = now.Add(pauseAfter)
	var other *oidc.IssuerMismatchError
	if errors.As(err, &other) {
		p.failed = p.refused("it calls itself "+shown(other.Discovered), "write serve.oidc.issuer exactly as the issuer calls itself")
	} else {
		p.failed = p.unreachable(err)
	}
	return nil, p.failed
}

// taken takes what an issuer says of itself, if browsers may be sent there.
func (p *Provider) taken(provider *oidc.Provider) (*found, error) {
	var more struct {
		SignOut string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, p.unreachable(err)
	}
	f := &found{Provider: provider}
	for _, address := range []string{provider.Endpoint().AuthURL, provider.Endpoint().TokenURL} {
		if !p.options.allows(address) {
			return nil, p.refused("it names "+shown(address)+", which is not an https address", "ask whoever runs it")
		}
	}
	if p.options.allows(more.SignOut) {
		f.signOut = more.SignOut
	}
	return f, nil
}
