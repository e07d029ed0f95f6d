// SPDX-License-Identifier: Apache-2.0

package signon

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// longestName bounds what a person may be called, in characters; mostGroups how many groups are looked at.
const (
	longestName = 128
	mostGroups  = 1000
)

// judge believes a token that the issuer has signed for this client and this attempt (OpenID Connect Core 1.0, section 3.1.3.7).
func (p *Provider) judge(ctx context.Context, issuer *found, kept Attempt, token *oauth2.Token) (Person, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return Person{}, p.refused("it has sent no ID token", "allow the scope openid to this client at the issuer")
	}
	ctx = oidc.ClientContext(ctx, p.client)
	id, err := issuer.VerifierContext(ctx, &oidc.Config{ClientID: p.options.Client, Now: p.options.Now}).Verify(ctx, raw)
	if err != nil {
		var expired *oidc.TokenExpiredError
		if errors.As(err, &expired) {
			return Person{}, p.refused("its token has expired", "compare the clocks of both machines, and sign in again")
		}
		return Person{}, p.refused(shown(err.Error()), "compare serve.oidc.issuer and client_id with what is set at the issuer")
	}
	claims := claims{}
	if err := id.Claims(&claims); err != nil {
		return Person{}, p.refused(shown(err.Error()), "ask whoever runs the issuer")
	}
	switch by, given := claims["azp"]; {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(kept.Nonce)) != 1:
		return Person{}, p.refused("its token is not for this attempt", "sign in again")
	case given && by != p.options.Client, !given && len(id.Audience) > 1:
		return Person{}, p.refused("its token was made for another client", "use a client of its own for rehome: serve.oidc.client_id")
	case id.Subject == "":
		return Person{}, p.refused("its token names nobody", "ask whoever runs the issuer")
	case id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil:
		return Person{}, p.refused("its two tokens do not belong together", "sign in again")
	}
	if err := p.complete(ctx, issuer, id, token, claims); err != nil {
		return Person{}, err
	}
	return p.person(id.Subject, claims)
}

// complete asks for the claims that the token lacks, if the issuer tells them elsewhere (OpenID Connect Core 1.0, section 5.3).
func (p *Provider) complete(ctx context.Context, issuer *found, id *oidc.IDToken, token *oauth2.Token, claims claims) error {
	_, named := claims.at(p.options.Name)
	_, grouped := claims.at(p.options.Groups)
	if named && grouped || issuer.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := issuer.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return p.unreachable(err)
	}
	if info.Subject != id.Subject { // section 5.3.2
		return p.refused("it speaks of somebody else than its token", "sign in again; if that repeats, ask whoever runs the issuer")
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return p.refused(shown(err.Error()), "ask whoever runs the issuer")
	}
	for name, value := range more {
		if _, given := claims[name]; !given {
			claims[name] = value
		}
	}
	return nil
}

// person reads the claims. Who has no name of that kind goes by the subject.
func (p *Provider) person(subject string, claims claims) (Person, error) {
	person := Person{Subject: subject, Name: subject}
	if names := claims.texts(p.options.Name); len(names) == 1 {
		person.Name = names[0]
	}
	person.Session, _ = claims["sid"].(string)
	person.Groups = claims.texts(p.options.Groups)
	person.Groups = person.Groups[:min(len(person.Groups), mostGroups)]
	if !nameable(person.Name) {
		return Person{}, p.refused("what it says in "+p.options.Name+" is not a name", "name another claim in serve.oidc.name")
	}
	return person, nil
}

// nameable reports whether a text can stand for a person in a log.
func nameable(name string) bool {
	return name != "" && utf8.RuneCountInString(name) <= longestName && strings.TrimSpace(name) == name &&
		!strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) || r == utf8.RuneError })
}

// claims are what the issuer says of a person.
type claims map[string]any

// at finds a claim by its name or, where there is none of that name, by the way that dots lead.
func (c claims) at(name string) (value any, given bool) {
	if value, given = c[name]; given {
		return value, true
	}
	first, rest, deeper := strings.Cut(name, ".")
	inner, is := c[first].(map[string]any)
	if !deeper || !is {
		return nil, false
	}
	return claims(inner).at(rest)
}

// texts are the text of a claim, or those of its list. An address counts only if the issuer has verified that it is the person's.
func (c claims) texts(name string) []string {
	if name == "email" && !c.verified() {
		return nil
	}
	value, _ := c.at(name)
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		all := []string{}
		for _, one := range value {
			if text, is := one.(string); is && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}

// verified reports whether the issuer has said so. Some say it as text.
func (c claims) verified() bool {
	text, err := json.Marshal(c["email_verified"])
	return err == nil && strings.Trim(string(text), `"`) == "true"
}
