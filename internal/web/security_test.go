// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/lab/issuer"
)

// methodOf and pathOf take a pattern apart, with an account that there is in the place of a wildcard.
func methodOf(r route) string {
	if method, _, is := strings.Cut(r.pattern, " "); is {
		return method
	}
	return http.MethodGet
}

func pathOf(r route) string {
	path := r.pattern[strings.Index(r.pattern, "/"):]
	path = strings.NewReplacer("{$}", "", "{address}", "a001@example.test").Replace(path)
	if path == "/static/" {
		return path + "screen.css"
	}
	return path
}

// changes reports whether a route may change something.
func changes(r route) bool { return methodOf(r) != http.MethodGet }

// become gives the operator who has signed in another role.
func (s *stand) become(role ledger.Role) {
	s.move.mu.Lock()
	defer s.move.mu.Unlock()
	s.move.operators[0].Role = role
}

// Every route is behind the door, but for the door itself and what paints it; and nothing that changes anything can be asked for by a link.
func TestRoutes_nothingWithoutASession(t *testing.T) {
	t.Parallel()
	s := byIssuer(t)
	open := []string{"GET /static/", "GET /sign-in", "POST /sign-in", "GET /sign-in/oidc", "GET /sign-in/oidc/back", "POST /sign-in/oidc/out"}
	for _, r := range s.screen.routes() {
		if r.role == anybody {
			if !slices.Contains(open, r.pattern) {
				t.Errorf("%s is open to everybody", r.pattern)
			}
			continue
		}
		for _, method := range []string{methodOf(r), http.MethodGet, http.MethodPost, http.MethodHead} {
			for _, cookie := range []string{"", "rehome=x", "rehome=" + strings.Repeat("A", 52)} {
				status, body, header := s.ask(method, pathOf(r), url.Values{}, map[string]string{"Cookie": cookie})
				if status < 300 || strings.Contains(body, "example.test") || strings.Contains(body, hostile) {
					t.Errorf("%s as %s with %q: %d %.200s", r.pattern, method, cookie, status, body)
				}
				if !strings.Contains(header.Get("Content-Security-Policy"), "frame-ancestors 'none'") || header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s: headers %v", r.pattern, header)
				}
			}
		}
	}
	if s.move.changed() > 0 {
		t.Errorf("changed: %v", s.move.deeds)
	}
}

// call asks as a program does, and returns status, body and header; a token that is "" is none.
func (s *stand) call(method, path, token, body string) (int, string, http.Header) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header
}

// token makes one that counts for a day by the clock of the test.
func (s *stand) token(name string, role ledger.Role) string {
	secret := "rehome_" + strings.Repeat(name, 43)[:43]
	s.move.mu.Lock()
	defer s.move.mu.Unlock()
	s.move.tokens = append(s.move.tokens, ledger.Token{Name: name, Role: role, Digest: journey.TokenDigest(secret),
		Expires: time.Unix(1_700_000_000, 0).Add(24 * time.Hour)})
	return secret
}

// orderFor is what a program may send to a route.
func orderFor(r route) string {
	switch path := pathOf(r); {
	case !changes(r):
		return ""
	case strings.Contains(path, "cutover"), strings.Contains(path, "rollback"):
		return `{"domains": ["example.test"]}`
	case strings.HasSuffix(path, "/differences/accept"):
		return `{"ids": ["3f9a01c27b44"], "accounts": ["a001@example.test"], "reason": "spam"}`
	case strings.HasSuffix(path, "/accept"):
		return `{"ids": ["3f9a01c27b44"], "reason": "spam"}`
	case strings.HasSuffix(path, "/withdraw"):
		return `{"ids": ["3f9a01c27b44"]}`
	case strings.HasSuffix(path, "/confirm"):
		return `{"token": "x"}`
	}
	return `{}`
}

// No call has an answer without a token that counts, whatever stands in its place; a token opens no page, and does no more than its role.
func TestRoutes_tokens(t *testing.T) {
	t.Parallel()
	s := open(t)
	old := s.token("old", ledger.RoleSwitch)
	s.move.tokens[0].Expires = time.Unix(1_700_000_000, 0)
	tokens := map[ledger.Role]string{}
	for _, role := range journey.Roles() {
		tokens[role] = s.token(string(role), role)
	}
	for _, r := range s.screen.routes() {
		if r.role == anybody || strings.HasSuffix(r.pattern, "/live") {
			continue
		}
		for _, wrong := range []string{"", "x", old, tokens[ledger.RoleLook][:49], journey.TokenDigest(tokens[ledger.RoleSwitch])} {
			status, body, header := s.call(methodOf(r), pathOf(r), wrong, orderFor(r))
			if r.api && status != http.StatusUnauthorized || status < 300 || strings.Contains(body, "example.test") {
				t.Errorf("%s with %q: %d %.200s", r.pattern, wrong, status, body)
			}
			if r.api && header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: %v", r.pattern, header)
			}
		}
		for i, role := range journey.Roles() {
			before := s.move.changed()
			status, body, header := s.call(methodOf(r), pathOf(r), tokens[role], orderFor(r))
			switch may := i >= slices.Index(journey.Roles(), r.role); {
			case !r.api && status < 300:
				t.Errorf("%s opens to a token: %d", r.pattern, status)
			case r.api && (status == http.StatusForbidden) == may:
				t.Errorf("%s as %s: %d %.300s", r.pattern, role, status, body)
			case !may && s.move.changed() != before:
				t.Errorf("%s as %s was refused, and changed %v", r.pattern, role, s.move.deeds)
			case r.api && header.Get("Content-Type") != "application/json" || strings.Contains(body, hostile):
				t.Errorf("%s: %v %.200s", r.pattern, header, body)
			}
		}
	}
	s.move.mu.Lock()
	if used := s.move.used; !slices.Contains(used, "look") || slices.Contains(used, "old") {
		t.Errorf("used %v", used)
	}
	s.move.tokens = nil
	s.move.mu.Unlock()
	if status, _, _ := s.call(http.MethodGet, "/api/v1/move", tokens[ledger.RoleLook], ""); status != http.StatusUnauthorized {
		t.Errorf("after it was revoked: %d", status)
	}
}

// Whoever lacks the role of a route is refused there, and changes nothing; whoever has it is not.
func TestRoutes_noRoleDoesMore(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.mustSignIn()
	noRoleDoesMore(t, s, s.become)
}

// The same of who has come by an issuer, whose groups say the role.
func TestRoutes_noRoleDoesMoreByIssuer(t *testing.T) {
	t.Parallel()
	s := byIssuer(t)
	noRoleDoesMore(t, s.stand, func(role ledger.Role) { s.mustCome("group-" + string(role)) })
}

func noRoleDoesMore(t *testing.T, s *stand, become func(ledger.Role)) {
	t.Helper()
	for _, r := range s.screen.routes() {
		if r.role == anybody || r.pattern == "POST /sign-out" || strings.HasSuffix(r.pattern, "/live") {
			continue
		}
		for i, role := range journey.Roles() {
			may := i >= slices.Index(journey.Roles(), r.role)
			become(role)
			before := s.move.changed()
			status, body, _ := s.ask(methodOf(r), pathOf(r), url.Values{}, nil)
			if refused := status == http.StatusForbidden; refused == may {
				t.Errorf("%s as %s: %d %.300s", r.pattern, role, status, body)
			}
			if !may && s.move.changed() != before {
				t.Errorf("%s as %s was refused, and changed %v", r.pattern, role, s.move.deeds)
			}
		}
	}
}

// No other site changes anything, whatever the operator may do.
func TestRoutes_otherSites(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.mustSignIn()
	s.become(ledger.RoleSwitch)
	for _, fields := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site"}} {
		for _, r := range s.screen.routes() {
			if !changes(r) {
				continue
			}
			if status, _, _ := s.ask(methodOf(r), pathOf(r), url.Values{}, fields); status != http.StatusForbidden {
				t.Errorf("%s with %v: %d", r.pattern, fields, status)
			}
		}
	}
	if s.move.changed() > 0 {
		t.Errorf("changed: %v", s.move.deeds)
	}
}

// settingsWithSecrets name a secret everywhere where one can be named.
const settingsWithSecrets = `organisation: Example
domains: [example.test]
store: %[1]s/rehome.db
roster: people.csv
source:
  kind: imap
  imap: {address: "mail.example.test:993", login: master, master_user: mover, master_password: "file:%[1]s/master"}
destination:
  kind: imap
  imap: {address: "new.example.test:993", login: oauth, token: "cmd:%[1]s/token"}
  dns: {mx: [10 mx.example.test]}
dns:
  providers:
    own: {kind: rfc2136, server: "192.0.2.1:53", key: rehome., secret: "file:%[1]s/dnskey"}
serve: {oidc: {issuer: "%[2]s", client_id: rehome, client_secret: "file:%[1]s/oidc", roles: {movers: switch}}}
`

// Whatever settings and session hold of secrets is on no page, in no header and in no line of the log, on pages that fail too.
func TestRoutes_noSecretIsShown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secrets := map[string]string{
		"master": "planted-master-7711", "dnskey": "cGxhbnRlZC1kbnNrZXktNzcxMQ==", "token": "#!/bin/sh\necho planted-token-7711\n",
		"oidc":       issuer.Secret,
		"people.csv": "address,source_password,destination_password\nanna@example.test,planted-anna-7711,planted-new-7711\n",
	}
	for name, secret := range secrets {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.NewReplacer("%[1]s", dir, "%[2]s", issuer.Open(t, time.Now).URL).Replace(settingsWithSecrets)
	settings, err := config.Parse(filepath.Join(dir, "rehome.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	move := journey.New(settings, "test", logger)
	defer move.Close()
	if _, err := move.SetOperator(t.Context(), "anna", ledger.RoleSwitch, rehome.NewSecret("planted-operator-7711")); err != nil {
		t.Fatal(err)
	}
	token, err := move.MakeToken(t.Context(), "watch", ledger.RoleSwitch, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	signOn, err := move.SignOn()
	if err != nil {
		t.Fatal(err)
	}
	s := openOn(t, move, logger, signOn)
	s.screen.options.Now, s.screen.door.options.Now = time.Now, time.Now
	if got := s.signIn("anna", "planted-operator-7711"); got != http.StatusSeeOther {
		t.Fatalf("signing in: %d", got)
	}
	said := visitAll(s)
	for _, r := range s.screen.routes() {
		if r.api {
			status, body, header := s.call(methodOf(r), pathOf(r), token.Secret, orderFor(r))
			said["a token at "+r.pattern] = body + strings.Join(slices.Concat(slices.Collect(maps.Values(header))...), "\n")
			if status == http.StatusUnauthorized {
				t.Errorf("%s: %d", r.pattern, status)
			}
		}
	}
	s.server.CloseClientConnections()
	s.screen.Close()
	said["the log"] = log.String()
	base, err := url.Parse(s.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	planted := []string{"7711", secrets["dnskey"], "argon2", token.Secret, journey.TokenDigest(token.Secret), s.client.Jar.Cookies(base)[0].Value}
	for _, where := range slices.Sorted(maps.Keys(said)) {
		for _, secret := range planted {
			if strings.Contains(said[where], secret) {
				t.Errorf("%s has %q", where, secret)
			}
		}
	}
}

// visitAll asks for every page and does every action, and returns what each answers.
func visitAll(s *stand) map[string]string {
	s.t.Helper()
	said := map[string]string{}
	for _, r := range s.screen.routes() {
		if strings.Contains(r.pattern, "/live") || r.pattern == "POST /sign-out" || r.pattern == "POST /sign-in" {
			continue
		}
		status, body, header := s.ask(methodOf(r), pathOf(r), url.Values{}, nil)
		said[r.pattern] = body + strings.Join(slices.Concat(slices.Collect(maps.Values(header))...), "\n")
		if status == http.StatusInternalServerError {
			s.t.Errorf("%s: %d %s", r.pattern, status, body)
		}
	}
	return said
}

// Every link and every form of every page leads to a route that there is, with the method that it takes.
func TestPages_leadSomewhere(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.mustSignIn()
	s.become(ledger.RoleSwitch)
	mux := http.NewServeMux()
	for _, r := range s.screen.routes() {
		mux.Handle(r.pattern, http.NotFoundHandler())
	}
	places := regexp.MustCompile(`(?s)<form[^>]*method="(post|get)"[^>]*action="([^"?]+)|(?:href|src|hx-sse:connect)="(/[^"?#]*)`)
	found := 0
	for _, r := range s.screen.routes() {
		if changes(r) || r.api || strings.Contains(r.pattern, "/live") || strings.HasPrefix(r.pattern, "GET /static/") {
			continue
		}
		_, body := s.get(pathOf(r))
		for _, match := range places.FindAllStringSubmatch(body, -1) {
			found++
			method, target := http.MethodGet, match[3]
			if match[2] != "" {
				method, target = strings.ToUpper(match[1]), match[2]
			}
			request := httptest.NewRequest(method, target, nil)
			if _, pattern := mux.Handler(request); pattern == "/" || pattern == "" {
				t.Errorf("%s leads to %s %s, which is nowhere", r.pattern, method, target)
			}
		}
	}
	if found < 30 {
		t.Errorf("found only %d links and forms", found)
	}
}
