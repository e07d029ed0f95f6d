// SPDX-License-Identifier: Apache-2.0

package signon_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/signon"
	"rehome/lab"
	"rehome/lab/glewlwyd"
	"rehome/lab/issuer"
)

const back = "http://127.0.0.1:8025/sign-in/oidc/back"

func provider(at *issuer.Issuer) *signon.Provider {
	return signon.New(signon.Options{Issuer: at.URL, Client: issuer.Client, Name: "preferred_username", Groups: "groups",
		Secret: func(context.Context) (rehome.Secret, error) { return rehome.NewSecret(issuer.Secret), nil }})
}

// A real issuer lets somebody in, under the name and with the group that it knows, and only with the secret of the client.
func TestProvider_realIssuer(t *testing.T) {
	t.Parallel()
	server, err := glewlwyd.Start(t.Context(), lab.Open(t), t.TempDir(), back)
	if err != nil {
		t.Fatal(err)
	}
	browser, err := server.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	secret := glewlwyd.Secret
	p := signon.New(signon.Options{Issuer: server.Issuer, Client: glewlwyd.Client, Name: "preferred_username", Groups: "groups",
		Secret: func(context.Context) (rehome.Secret, error) { return rehome.NewSecret(secret), nil }})
	for _, good := range []bool{true, false} {
		to, attempt, err := p.Begin(t.Context(), back)
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to+"&g_continue", nil) // what its page adds that asks "go on?"
		if err != nil {
			t.Fatal(err)
		}
		response, err := browser.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		at, err := response.Location()
		if err != nil || !strings.HasPrefix(at.String(), back) {
			t.Fatalf("sent to %v, %v", at, err)
		}
		got, err := p.Finish(t.Context(), back, attempt, at.Query())
		if good && (err != nil || got.Name != glewlwyd.Person || len(got.Groups) != 1 || got.Groups[0] != glewlwyd.Group || got.Subject == "") {
			t.Errorf("%+v, %v", got, err)
		}
		if !good && (err == nil || rehome.HintOf(err) == "") {
			t.Errorf("with another secret: %+v, %v", got, err)
		}
		secret = "another"
	}
	if !strings.Contains(p.SignOutAt(), "client_id=rehome") {
		t.Error(p.SignOutAt())
	}
	if offer, err := p.Look(t.Context()); err != nil || offer.Keys == 0 || len(offer.Doubts) > 0 {
		t.Errorf("looked at: %+v, %v", offer, err)
	}
}

// browse goes where a browser is sent, and returns what it brings back.
func browse(t *testing.T, to string) url.Values {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	at, err := url.Parse(response.Header.Get("Location"))
	if err != nil || response.StatusCode != http.StatusFound || !strings.HasPrefix(at.String(), back) {
		t.Fatalf("%d, to %s: %v", response.StatusCode, at, err)
	}
	return at.Query()
}

// enter goes the whole way.
func enter(t *testing.T, p *signon.Provider) (signon.Person, error) {
	t.Helper()
	to, attempt, err := p.Begin(t.Context(), back)
	if err != nil {
		return signon.Person{}, err
	}
	return p.Finish(t.Context(), back, signon.ParseAttempt(attempt.String()), browse(t, to))
}

// Who the issuer names is who it is, with the groups of the claim, from the token or from the endpoint for the rest.
func TestProvider_names(t *testing.T) {
	t.Parallel()
	at := issuer.Open(t, time.Now)
	p := provider(at)
	for name, test := range map[string]struct {
		claims, apart map[string]any
		want          signon.Person
	}{
		"in the token": {map[string]any{"sub": "1", "preferred_username": "anna", "groups": []string{"movers", "movers"}}, nil,
			signon.Person{Subject: "1", Name: "anna", Groups: []string{"movers"}}},
		"elsewhere": {map[string]any{"sub": "1"}, map[string]any{"preferred_username": "anna", "groups": "movers"},
			signon.Person{Subject: "1", Name: "anna", Groups: []string{"movers"}}},
		"the token counts": {map[string]any{"sub": "1", "groups": []string{}}, map[string]any{"preferred_username": "anna", "groups": "movers"},
			signon.Person{Subject: "1", Name: "anna", Groups: []string{}}},
		"no name, no group": {map[string]any{"sub": "1"}, map[string]any{}, signon.Person{Subject: "1", Name: "1"}},
		"no list of texts": {map[string]any{"sub": "1", "preferred_username": 7, "groups": []any{1, map[string]any{"movers": true}}}, nil,
			signon.Person{Subject: "1", Name: "1", Groups: []string{}}},
	} {
		at.Tell(test.claims, test.apart)
		got, err := enter(t, p)
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	for _, hostile := range []string{"anna\nroot", "\u202eanna", " ", strings.Repeat("a", 200)} {
		at.Tell(map[string]any{"sub": "1", "preferred_username": hostile}, nil)
		if got, err := enter(t, p); err == nil {
			t.Errorf("%q is %v", hostile, got)
		}
	}
}

// Dots lead into objects, and an address counts only if it is verified.
func TestProvider_claims(t *testing.T) {
	t.Parallel()
	at := issuer.Open(t, time.Now)
	options := signon.Options{Issuer: at.URL, Client: issuer.Client, Name: "sub", Groups: "realm_access.roles",
		Secret: func(context.Context) (rehome.Secret, error) { return rehome.NewSecret(issuer.Secret), nil }}
	at.Tell(map[string]any{"sub": "1", "realm_access": map[string]any{"roles": []string{"movers"}}}, nil)
	if got, err := enter(t, signon.New(options)); err != nil || len(got.Groups) != 1 {
		t.Errorf("%v %v", got, err)
	}
	options.Groups = "email"
	for _, test := range []struct {
		verified any
		want     int
	}{{true, 1}, {"true", 1}, {false, 0}, {nil, 0}, {"yes", 0}} {
		at.Tell(map[string]any{"sub": "1", "email": "anna@example.test", "email_verified": test.verified}, nil)
		if got, err := enter(t, signon.New(options)); err != nil || len(got.Groups) != test.want {
			t.Errorf("%v: %v %v", test.verified, got, err)
		}
	}
}

// An issuer that lies lets nobody in, whatever the lie, and the error names it and the next step.
func TestProvider_lies(t *testing.T) {
	t.Parallel()
	at := issuer.Open(t, time.Now)
	at.Tell(map[string]any{"sub": "1", "preferred_username": "anna"}, map[string]any{})
	for _, lie := range issuer.Lies() {
		at.Lie(lie)
		got, err := enter(t, provider(at))
		if err == nil || got.Subject != "" {
			t.Errorf("%s: %v is in", lie, got)
		} else if !strings.Contains(err.Error(), at.URL) || rehome.HintOf(err) == "" || strings.Contains(err.Error(), issuer.Secret) {
			t.Errorf("%s: %v -> %s", lie, err, rehome.HintOf(err))
		}
	}
	at.Lie(issuer.Honest)
	if _, err := enter(t, provider(at)); err != nil {
		t.Errorf("and an honest one: %v", err)
	}
}

// What comes back counts once, in the browser that has begun, and only there.
func TestProvider_comesBack(t *testing.T) {
	t.Parallel()
	at := issuer.Open(t, time.Now)
	p := provider(at)
	to, attempt, err := p.Begin(t.Context(), back)
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := p.Begin(t.Context(), back)
	if err != nil {
		t.Fatal(err)
	}
	sent := browse(t, to)
	with := func(key, value string) url.Values {
		changed := url.Values{}
		for k, v := range sent {
			changed[k] = v
		}
		changed.Set(key, value)
		return changed
	}
	for name, try := range map[string]struct {
		kept signon.Attempt
		sent url.Values
	}{
		"no browser":      {signon.ParseAttempt(""), sent},
		"nothing at all":  {signon.ParseAttempt(""), url.Values{}},
		"empty parts":     {signon.ParseAttempt(".."), with("state", "")},
		"another browser": {other, sent},
		"another issuer":  {attempt, with("iss", "https://other.example")},
		"no code":         {attempt, with("code", "")},
		"refused":         {attempt, with("error", "access_denied")},
	} {
		if got, err := p.Finish(t.Context(), back, try.kept, try.sent); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	if at.Asked() != 0 {
		t.Errorf("the issuer was asked %d times about what was never begun", at.Asked())
	}
	wrong := attempt
	wrong.Verifier = other.Verifier
	if _, err := p.Finish(t.Context(), back, wrong, sent); err == nil {
		t.Error("a code counts without the proof of who has begun")
	}
	if _, err := p.Finish(t.Context(), back, attempt, sent); err == nil {
		t.Error("a code counts twice")
	}
}

// An issuer that is not there, or knows this client otherwise, is named with its own words.
func TestProvider_errors(t *testing.T) {
	t.Parallel()
	p := signon.New(signon.Options{Issuer: "http://127.0.0.1:1", Client: "x"})
	_, _, err := p.Begin(t.Context(), back)
	if rehome.ClassOf(err) != rehome.ClassTemporary || !strings.Contains(rehome.HintOf(err), "openid-configuration") {
		t.Errorf("%v -> %s", err, rehome.HintOf(err))
	}
	at := issuer.Open(t, time.Now)
	p = signon.New(signon.Options{Issuer: at.URL, Client: issuer.Client})
	_, err = enter(t, p)
	if err == nil || !strings.Contains(err.Error(), `"invalid_client wrong secret"`) || !strings.Contains(rehome.HintOf(err), "client_secret") {
		t.Errorf("%v -> %s", err, rehome.HintOf(err))
	}
	p = signon.New(signon.Options{Issuer: at.URL, Client: issuer.Client,
		Secret: func(context.Context) (rehome.Secret, error) { return rehome.Secret{}, errors.New("is not there") }})
	if _, err = enter(t, p); err == nil || !strings.Contains(err.Error(), "is not there") {
		t.Error(err)
	}
	for _, open := range []string{"http://issuer.example", "ftp://127.0.0.1"} {
		_, _, err = signon.New(signon.Options{Issuer: open, Client: "x"}).Begin(t.Context(), back)
		if err == nil || !strings.Contains(err.Error(), "https") {
			t.Errorf("%s: %v", open, err)
		}
	}
}
