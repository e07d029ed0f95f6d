// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/signon"
	"rehome/lab/issuer"
)

// outside is a screen that people can come to by an issuer, which has the roles of the groups that are called like them.
type outside struct {
	*stand

	issuer *issuer.Issuer
}

func byIssuer(t *testing.T) *outside {
	t.Helper()
	at := issuer.Open(t, time.Now)
	roles := map[string]ledger.Role{}
	for _, role := range journey.Roles() {
		roles["group-"+string(role)] = role
	}
	signOn := &journey.SignOn{Claim: "groups", Roles: roles, Provider: signon.New(signon.Options{
		Issuer: at.URL, Client: issuer.Client, Name: "preferred_username", Groups: "groups",
		Secret: func(context.Context) (rehome.Secret, error) { return rehome.NewSecret(issuer.Secret), nil },
	})}
	inside := open(t)
	s := openOn(t, inside.move, rehome.Logger(nil), signOn)
	s.move = inside.move
	return &outside{s, at}
}

// theAnna is whom the issuer calls so.
const theAnna = "sub-anna"

// come goes to the issuer as somebody who is called anna, with groups, and returns what is said on coming back.
func (s *outside) come(subject string, groups ...string) (status int, body string) {
	s.t.Helper()
	s.issuer.Tell(map[string]any{"sub": subject, "preferred_username": "anna", "groups": groups}, nil)
	return s.get(s.goOutside())
}

// goOutside goes to the issuer, and returns the path that the browser is sent back to.
func (s *outside) goOutside() string {
	s.t.Helper()
	status, body, header := s.ask(http.MethodGet, "/sign-in/oidc", nil, nil)
	if status != http.StatusSeeOther {
		s.t.Fatalf("%d %s", status, body)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, header.Get("Location"), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	return strings.TrimPrefix(response.Header.Get("Location"), s.server.URL)
}

// mustCome comes as anna, and is let in.
func (s *outside) mustCome(groups ...string) {
	s.t.Helper()
	if status, body := s.come(theAnna, groups...); status != http.StatusOK {
		s.t.Fatalf("%d %s", status, body)
	}
}

// Whose group has a role is in with that role, under a name that no operator can have, until two hours have gone.
func TestSignOn(t *testing.T) {
	t.Parallel()
	s := byIssuer(t)
	if _, body := s.get("/sign-in"); !strings.Contains(body, `href="/sign-in/oidc">Sign in by localhost:`) {
		t.Error("the page does not name the issuer")
	}
	status, body := s.come(theAnna, "group-look", "group-operate", "others")
	if status != http.StatusOK || !strings.Contains(body, `content="0; url=/"`) || !strings.Contains(body, "signed in as anna.") {
		t.Fatalf("%d %s", status, body)
	}
	host := strings.TrimPrefix(s.issuer.URL, "http://")
	if status, body := s.get("/"); status != http.StatusOK || !strings.Contains(body, "anna ("+host+")") || !strings.Contains(body, "(operate)") {
		t.Errorf("%d %.600s", status, body)
	}
	s.do("/workers/drain", url.Values{"worker": {"one"}})
	if got := s.deeds(); len(got) != 1 || got[0] != "drain [one] by anna ("+host+")" {
		t.Error(got)
	}
	status, body, _ = s.ask(http.MethodPost, "/plan/cutover", url.Values{}, nil)
	if status != http.StatusForbidden || !strings.Contains(body, "serve.oidc.roles") {
		t.Errorf("%d %s", status, body)
	}
	for range 3 {
		s.pass(50 * time.Minute)
		status, _ = s.get("/")
	}
	if status != http.StatusSeeOther {
		t.Errorf("after two and a half hours: %d", status)
	}
}

// Issuers may call two people the same: a plan that one was shown is not for the other, and the audit log would not tell them apart.
func TestSignOn_twoOfOneName(t *testing.T) {
	t.Parallel()
	s := byIssuer(t)
	s.mustCome("group-operate")
	if status, body := s.come("another", "group-switch"); status != http.StatusForbidden || !strings.Contains(body, "somebody else anna too") {
		t.Errorf("%d %s", status, body)
	}
	s.mustCome("group-operate")
}

// Who has no role is told which groups were looked at, and is not in; nor is who comes with an honest token of another attempt.
func TestSignOn_notLetIn(t *testing.T) {
	t.Parallel()
	s := byIssuer(t)
	for want, groups := range map[string][]string{"none of your groups has a role: staff": {"staff", hostile}, "claim groups names none": {}} {
		if status, body := s.come(theAnna, groups...); status != http.StatusForbidden || !strings.Contains(body, want) || strings.Contains(body, hostile) {
			t.Errorf("%d %s", status, body)
		}
	}
	s.issuer.Tell(map[string]any{"sub": "1", "groups": []string{"group-switch"}}, nil)
	first := s.goOutside()
	s.goOutside() // the same browser begins once more
	for _, path := range []string{first, "/sign-in/oidc/back", "/sign-in/oidc/back?state=&code=x", "/sign-in/oidc/back?error=access_denied"} {
		if status, body := s.get(path); status != http.StatusUnauthorized || !strings.Contains(body, "Next:") || !strings.Contains(body, s.issuer.URL) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	for _, lie := range []issuer.Lie{issuer.WrongNonce, issuer.WrongAudience, issuer.Unsigned, issuer.Expired} {
		s.issuer.Lie(lie)
		if status, body := s.come(theAnna, "group-switch"); status != http.StatusUnauthorized || strings.Contains(body, issuer.Secret) {
			t.Errorf("%s: %d %s", lie, status, body)
		}
	}
	if status, _ := s.get("/"); status != http.StatusSeeOther {
		t.Errorf("somebody is in: %d", status)
	}
}

// Cookies are what another site cannot send along, but for the one that has to come back from there, which opens nothing.
func TestSignOn_cookies(t *testing.T) {
	t.Parallel()
	s := byIssuer(t)
	s.issuer.Tell(map[string]any{"sub": "1", "groups": []string{"group-look"}}, nil)
	_, _, header := s.ask(http.MethodGet, "/sign-in/oidc", nil, nil)
	if got := header.Get("Set-Cookie"); !strings.HasPrefix(got, "rehome-way=") || !strings.Contains(got, "HttpOnly; SameSite=Lax") {
		t.Error(got)
	}
	way := s.goOutside()
	_, _, header = s.ask(http.MethodGet, way, nil, nil)
	cookies := header.Values("Set-Cookie")
	if len(cookies) != 2 || !strings.HasPrefix(cookies[0], "rehome-way=; Path=/; Max-Age=0") ||
		!strings.Contains(cookies[1], "HttpOnly; SameSite=Strict") {
		t.Errorf("%q", cookies)
	}
	if status, _ := s.get(way); status != http.StatusUnauthorized {
		t.Errorf("the way back a second time: %d", status)
	}
	status, _, header := s.ask(http.MethodPost, "/sign-out", url.Values{}, nil)
	if to := header.Get("Location"); status != http.StatusSeeOther || to != "/sign-in?still=there" {
		t.Fatalf("%d to %s", status, to)
	}
	if _, body := s.get("/sign-in?still=there"); !strings.Contains(body, `href="`+s.issuer.URL+`/out?client_id=rehome"`) {
		t.Error(body)
	}
	if status, _ := s.get("/"); status != http.StatusSeeOther {
		t.Errorf("signed out, and in: %d", status)
	}
}
