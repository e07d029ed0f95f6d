// SPDX-License-Identifier: Apache-2.0

// Package issuer is an OpenID Connect issuer that lets everybody in who is asked for, and lies where a test says so. Real issuers do
// not lie: what a client does with one that does cannot be tried with them.
package issuer

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Lie is something that an honest issuer does not do.
type Lie string

// The lies about a token, and about the issuer itself.
const (
	Honest        Lie = ""
	WrongNonce    Lie = "a token of another attempt"
	WrongAudience Lie = "a token for another client"
	TwoAudiences  Lie = "a token for two clients that does not say which asked"
	WrongParty    Lie = "a token that another client has asked for"
	Expired       Lie = "a token that has expired"
	NotYet        Lie = "a token of tomorrow"
	Unsigned      Lie = "a token with alg none"
	KeyAsSecret   Lie = "a token with HS256, with the public key as the secret"
	OtherKey      Lie = "a token with a key that it does not publish"
	OtherIssuer   Lie = "a token of another issuer"
	OtherName     Lie = "an issuer that calls itself otherwise"
	OtherPerson   Lie = "claims of somebody else"
	OtherTokens   Lie = "an access token of another ID token"
	Nobody        Lie = "a token without a subject"
	NoToken       Lie = "no ID token"
	Endless       Lie = "an answer without an end"
	Elsewhere     Lie = "a redirect of the token endpoint"
	Plain         Lie = "an endpoint without TLS elsewhere"
)

// Lies are all of them.
func Lies() []Lie {
	return []Lie{
		WrongNonce, WrongAudience, TwoAudiences, WrongParty, Expired, NotYet, Unsigned, KeyAsSecret, OtherKey, OtherIssuer, OtherName, OtherPerson,
		OtherTokens, Nobody, NoToken, Endless, Elsewhere, Plain,
	}
}

// The client that it knows.
const (
	Client = "rehome"
	Secret = "planted-issuer-7711"
)

// Issuer is one.
type Issuer struct {
	URL string

	server *httptest.Server
	key    *rsa.PrivateKey
	now    func() time.Time

	mu     sync.Mutex
	lie    Lie
	claims map[string]any
	apart  map[string]any
	says   map[string]any        // of itself, beside or instead of what is true
	codes  map[string]url.Values // what was asked for, by the code that was given for it
	asked  int
}

// Open starts one on this machine, until the test ends.
func Open(t testing.TB, now func() time.Time) *Issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{key: key, now: now, claims: map[string]any{"sub": "0815"}, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.describe)
	mux.HandleFunc("GET /keys", i.keys)
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("GET /userinfo", i.userinfo)
	i.server = httptest.NewServer(mux)
	i.URL = strings.Replace(i.server.URL, "127.0.0.1", "localhost", 1) // for browsers another site than what is at 127.0.0.1
	t.Cleanup(i.server.Close)
	return i
}

// Tell sets what it says of whoever comes, in its token and elsewhere.
func (i *Issuer) Tell(claims, apart map[string]any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.claims, i.apart = claims, apart
}

// Say sets what it says of itself, beside or instead of what is true.
func (i *Issuer) Say(says map[string]any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.says = says
}

// Lie makes it lie from now on.
func (i *Issuer) Lie(lie Lie) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lie = lie
}

// Asked counts the requests for tokens.
func (i *Issuer) Asked() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}

func (i *Issuer) seen() (lie Lie, claims, apart map[string]any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.lie, maps.Clone(i.claims), maps.Clone(i.apart)
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // whoever has gone does not need it
}

func (i *Issuer) describe(w http.ResponseWriter, _ *http.Request) {
	lie, _, _ := i.seen()
	self := map[string]any{
		"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
		"userinfo_endpoint": i.URL + "/userinfo", "end_session_endpoint": i.URL + "/out",
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
	}
	i.mu.Lock()
	maps.Copy(self, i.says)
	i.mu.Unlock()
	switch lie {
	case OtherName:
		self["issuer"] = "https://other.example"
	case Plain:
		self["token_endpoint"] = "http://other.example/token"
	case Endless:
		for {
			if _, err := w.Write([]byte(strings.Repeat(" ", 1<<16))); err != nil {
				return
			}
		}
	}
	answer(w, http.StatusOK, self)
}

func encode(octets []byte) string { return base64.RawURLEncoding.EncodeToString(octets) }

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "one",
		"n": encode(i.key.N.Bytes()), "e": encode(big.NewInt(int64(i.key.E)).Bytes())}}})
}

// authorize sends everybody back at once, as an issuer does where somebody has signed in before.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	back, err := url.Parse(query.Get("redirect_uri"))
	if err != nil || query.Get("client_id") != Client || query.Get("response_type") != "code" || query.Get("code_challenge_method") != "S256" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	i.mu.Lock()
	i.codes[code] = query
	i.mu.Unlock()
	back.RawQuery = url.Values{"code": {code}, "state": {query.Get("state")}, "iss": {i.URL}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	lie, claims, _ := i.seen()
	if lie == Elsewhere {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		return
	}
	client, secret, basic := r.BasicAuth()
	if !basic {
		client, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	i.mu.Lock()
	asked, known := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code"))
	i.asked++
	i.mu.Unlock()
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case client != Client || secret != Secret:
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client", "error_description": "wrong secret"})
		return
	case !known || asked.Get("redirect_uri") != r.PostFormValue("redirect_uri") || asked.Get("code_challenge") != encode(challenge[:]):
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	access := rand.Text()
	hash := sha256.Sum256([]byte(access))
	full := map[string]any{"iss": i.URL, "aud": Client, "exp": i.now().Add(time.Minute).Unix(), "iat": i.now().Unix(), "nonce": asked.Get("nonce"),
		"at_hash": encode(hash[:16])}
	maps.Copy(full, claims)
	given := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": i.signed(lie, full)}
	if lie == NoToken {
		delete(given, "id_token")
	}
	answer(w, http.StatusOK, given)
}

// SignOut is the message that somebody has signed out, who is named by the claims sub and sid, with a lie in it.
func (i *Issuer) SignOut(lie Lie, claims map[string]any) string {
	full := map[string]any{"iss": i.URL, "aud": Client, "exp": i.now().Add(time.Minute).Unix(), "iat": i.now().Unix(), "jti": rand.Text(),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}
	maps.Copy(full, claims)
	return i.signed(lie, full)
}

// signed makes a token (RFC 7519, RFC 7515), with a lie in it.
func (i *Issuer) signed(lie Lie, claims map[string]any) string {
	header, key := map[string]string{"alg": "RS256", "kid": "one", "typ": "JWT"}, i.key
	switch lie {
	case WrongNonce:
		claims["nonce"] = rand.Text()
	case WrongAudience:
		claims["aud"] = "another"
	case TwoAudiences:
		claims["aud"] = []string{Client, "another"}
	case WrongParty:
		claims["azp"] = "another"
	case Expired:
		claims["exp"] = i.now().Add(-time.Minute).Unix()
	case NotYet:
		claims["nbf"] = i.now().Add(24 * time.Hour).Unix()
	case OtherIssuer:
		claims["iss"] = "https://other.example"
	case OtherTokens:
		claims["at_hash"] = encode(make([]byte, 16))
	case Nobody:
		delete(claims, "sub")
	case OtherKey:
		key, _ = rsa.GenerateKey(rand.Reader, 2048) // one that fails signs nothing, which is as good
	case Unsigned:
		header["alg"] = "none"
	case KeyAsSecret:
		header["alg"] = "HS256"
	}
	head, _ := json.Marshal(header) // texts
	body, _ := json.Marshal(claims)
	text := encode(head) + "." + encode(body)
	digest := sha256.Sum256([]byte(text))
	switch lie {
	case Unsigned:
		return text + "."
	case KeyAsSecret:
		mac := hmac.New(sha256.New, i.key.N.Bytes())
		_, _ = mac.Write([]byte(text)) // it never fails
		return text + "." + encode(mac.Sum(nil))
	}
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		return text + "."
	}
	return text + "." + encode(signature)
}

func (i *Issuer) userinfo(w http.ResponseWriter, _ *http.Request) {
	lie, claims, apart := i.seen()
	if apart == nil {
		apart = map[string]any{}
	}
	if _, given := apart["sub"]; !given {
		apart["sub"] = claims["sub"]
	}
	if lie == OtherPerson {
		apart = map[string]any{"sub": "somebody else", "groups": []string{"movers"}}
	}
	answer(w, http.StatusOK, apart)
}
