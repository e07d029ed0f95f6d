// SPDX-License-Identifier: Apache-2.0

// Package glewlwyd runs Glewlwyd, an OpenID Connect issuer that Debian has, with one client and one person.
package glewlwyd

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"rehome/lab"
)

// The client and the person that it knows. The claim groups is Group.
const (
	Client = "rehome"
	Secret = "secret-of-the-client"
	Person = "anna"
	Group  = "movers"
)

const personPassword = "the password of anna"

// tables are those of an empty database, with the administrator that it comes with.
const tables = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"

// Server is one that runs.
type Server struct {
	Issuer string

	api string
}

// Start makes one and leaves it running. back is where it may send browsers. The lab's Close stops it.
func Start(ctx context.Context, l *lab.Lab, dir, back string) (*Server, error) {
	addr, err := l.Addr()
	if err != nil {
		return nil, err
	}
	s := &Server{Issuer: "http://" + addr + "/api/oidc", api: "http://" + addr + "/api/"}
	settings, err := prepare(ctx, dir, addr)
	if err != nil {
		return nil, err
	}
	_, err = l.Start(lab.Program{Name: "glewlwyd", Command: "glewlwyd", Package: "glewlwyd",
		Args: []string{"--config-file=" + settings}, Ready: []string{addr}})
	if err != nil {
		return nil, err
	}
	return s, s.fill(ctx, back)
}

// prepare writes settings and an empty database.
func prepare(ctx context.Context, dir, addr string) (file string, err error) {
	text, err := os.ReadFile(tables)
	if err != nil {
		return "", err
	}
	place := filepath.Join(dir, "glewlwyd.db")
	db, err := sql.Open("sqlite", place)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, string(text)); err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, "glewlwyd.conf")
	return file, os.WriteFile(file, fmt.Appendf(nil, `port=%s
bind_address="%s"
external_url="http://%s"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="WARNING"
cookie_secure=0
session_expiration=3600
session_key="GLEWLWYD2_SESSION_ID"
admin_session_authentication="cookie"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database={type="sqlite3"; path="%s";};
`, port, host, addr, place), 0o600)
}

// fill adds what its administrator would add on its pages.
func (s *Server) fill(ctx context.Context, back string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	inPEM := func(kind string, octets []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: octets}))
	}
	admin, err := s.signIn(ctx, "admin", "password")
	if err != nil {
		return err
	}
	claim := func(name, property string) map[string]any {
		return map[string]any{"name": name, "user-property": property, "type": "string", "mandatory": true, "on-demand": false, "scope": []string{}}
	}
	plugin := map[string]any{
		"iss": s.Issuer, "jwt-type": "rsa", "jwt-key-size": "256", "key": inPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)),
		"cert": inPEM("PUBLIC KEY", public), "jwks-show": true, "pkce-allowed": true, "subject-type": "public",
		"access-token-duration": 600, "refresh-token-duration": 600, "code-duration": 600, "refresh-token-rolling": true, "allow-non-oidc": false,
		"auth-type-code-enabled": true, "auth-type-token-enabled": false, "auth-type-id-token-enabled": true, "auth-type-none-enabled": false,
		"auth-type-password-enabled": false, "auth-type-client-enabled": false, "auth-type-device-enabled": false, "auth-type-refresh-enabled": true,
		"scope": []string{}, "additional-parameters": []string{}, "claims": []any{claim("groups", "name"), claim("preferred_username", "username")},
		"session-cookie-name": "OIDC", "session-cookie-expiration": 600, "session-management-allowed": true, "front-channel-logout-allowed": true,
	}
	for _, add := range []struct {
		what  string
		value map[string]any
	}{
		{"mod/plugin/", map[string]any{"module": "oidc", "name": "oidc", "display_name": "oidc", "enabled": true, "parameters": plugin}},
		{"client/", map[string]any{"client_id": Client, "client_secret": Secret, "name": "rehome", "confidential": true, "enabled": true,
			"authorization_type": []string{"code"}, "token_endpoint_auth_method": []string{"client_secret_basic"},
			"redirect_uri": []string{back}, "scope": []string{"openid"}}},
		{"user/", map[string]any{"username": Person, "password": personPassword, "name": Group, "email": "anna@example.test", "enabled": true,
			"scope": []string{"openid"}}},
	} {
		if err := s.call(ctx, admin, http.MethodPost, add.what, add.value); err != nil {
			return err
		}
	}
	return nil
}

// SignIn is a browser in which the person has signed in, and has let the client know who that is. It follows no redirect.
func (s *Server) SignIn(ctx context.Context) (*http.Client, error) {
	browser, err := s.signIn(ctx, Person, personPassword)
	if err != nil {
		return nil, err
	}
	return browser, s.call(ctx, browser, http.MethodPut, "auth/grant/"+Client, map[string]any{"scope": "openid"})
}

func (s *Server) signIn(ctx context.Context, name, password string) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return browser, s.call(ctx, browser, http.MethodPost, "auth/", map[string]any{"username": name, "password": password})
}

func (s *Server) call(ctx context.Context, browser *http.Client, method, what string, value map[string]any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, s.api+what, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := browser.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("glewlwyd: %s: %s %s", what, response.Status, said)
	}
	return err
}
