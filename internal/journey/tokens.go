// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// The actions of the audit log about what programs may use the screen with.
const (
	actionTokenMade    = "token made"
	actionTokenRevoked = "token revoked"
)

// tokenPrefix lets people and programs that look for leaked secrets see what a token is.
const tokenPrefix = "rehome_"

// LongestToken is how long a token may live.
const LongestToken = 366 * 24 * time.Hour

// Token is what a program may use the interface of the screen with, without the words themselves.
type Token struct {
	Name    string      `json:"name"`
	Role    ledger.Role `json:"role"`
	By      string      `json:"by"` // who has made it
	Made    time.Time   `json:"made"`
	Expires time.Time   `json:"expires"`
	Expired bool        `json:"expired"`
	Used    time.Time   `json:"used,omitzero"` // the last time, to the minute
}

// TokenList is all of them.
type TokenList struct {
	Tokens []Token `json:"tokens"`
}

// Outcome implements rehome.Answer.
func (TokenList) Outcome() rehome.Outcome { return rehome.OutcomeDone }

// TokenMade is a new token. Secret is shown this once, and kept nowhere.
type TokenMade struct {
	Token

	Secret string `json:"token"`
}

// Outcome implements rehome.Answer.
func (TokenMade) Outcome() rehome.Outcome { return rehome.OutcomeDone }

// TokenDigest is what the ledger keeps of a token: SHA-256 in hexadecimal. A token is 256 bits of chance, so that a slow hash would add
// nothing.
func TokenDigest(secret string) string {
	digest := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(digest[:])
}

// Tokens returns what programs may use the screen with, those that have expired too.
func (m *Move) Tokens(ctx context.Context) ([]ledger.Token, error) {
	store, err := m.store(ctx)
	if err != nil {
		return nil, err
	}
	return store.Tokens.All(ctx)
}

// ListTokens returns them as they are shown.
func (m *Move) ListTokens(ctx context.Context) (TokenList, error) {
	all, err := m.Tokens(ctx)
	list := TokenList{Tokens: make([]Token, 0, len(all))}
	for _, t := range all {
		list.Tokens = append(list.Tokens, shownToken(t))
	}
	return list, err
}

func shownToken(t ledger.Token) Token {
	return Token{Name: t.Name, Role: t.Role, By: t.Person, Made: t.Made, Expires: t.Expires, Expired: !time.Now().Before(t.Expires), Used: t.Used}
}

// usedEvery is how exactly the last use of a token is kept: a program that asks all the time does not write all the time.
const usedEvery = time.Minute

// TokenUsed notes that a token was used, unless that was noted just now.
func (m *Move) TokenUsed(ctx context.Context, t ledger.Token) error {
	now := time.Now()
	if now.Sub(t.Used) < usedEvery {
		return nil
	}
	store, err := m.store(ctx)
	if err != nil {
		return err
	}
	return store.Tokens.Use(ctx, t, now)
}

// MakeToken lets a program use the screen with a role, for so long.
func (m *Move) MakeToken(ctx context.Context, name string, role ledger.Role, long time.Duration) (TokenMade, error) {
	fault := func(cause, hint string) error {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "make", Object: "the token " + name, Cause: errors.New(cause), Hint: hint}
	}
	switch {
	case !operatorName.MatchString(name):
		return TokenMade{}, fault("the name is not valid", "use up to 64 small letters, digits and . _ @ -")
	case long <= 0 || long > LongestToken:
		return TokenMade{}, fault("it would live too long, or not at all",
			fmt.Sprintf("let it live from 1 to %d days", int(LongestToken.Hours()/24)))
	}
	var random [32]byte
	_, _ = rand.Read(random[:]) // it never fails
	made := TokenMade{Secret: tokenPrefix + base64.RawURLEncoding.EncodeToString(random[:])}
	now := time.Now().UTC().Truncate(time.Second)
	kept := ledger.Token{Name: name, Role: role, Digest: TokenDigest(made.Secret), Person: whoIn(ctx), Made: now, Expires: now.Add(long)}
	store, err := m.store(ctx)
	if err != nil {
		return TokenMade{}, err
	}
	added, err := store.Tokens.Add(ctx, kept)
	if err != nil {
		return TokenMade{}, err
	}
	if !added {
		return TokenMade{}, fault("there is one of that name", `choose another name, or run "rehome tokens revoke `+name+`" first`)
	}
	made.Token = shownToken(kept)
	return made, m.note(ctx, ledger.AuditLine{Action: actionTokenMade, Object: name,
		After: string(role) + " until " + kept.Expires.Format(time.DateTime) + " UTC"})
}

// RevokeToken ends a token at once.
func (m *Move) RevokeToken(ctx context.Context, name string) (TokenList, error) {
	store, err := m.store(ctx)
	if err != nil {
		return TokenList{}, err
	}
	was, err := store.Tokens.Remove(ctx, name)
	if err != nil {
		return TokenList{}, err
	}
	if !was {
		return TokenList{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "revoke", Object: "the token " + name,
			Cause: errors.New("there is none of that name"), Hint: `"rehome tokens list" shows all`}
	}
	if err := m.note(ctx, ledger.AuditLine{Action: actionTokenRevoked, Object: name}); err != nil {
		return TokenList{}, err
	}
	return m.ListTokens(ctx)
}
