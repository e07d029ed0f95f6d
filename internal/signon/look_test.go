// SPDX-License-Identifier: Apache-2.0

package signon_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/signon"
	"rehome/lab/issuer"
)

// What an issuer lists and this client cannot use is told before anybody tries; what it does not list is no doubt.
func TestProvider_looks(t *testing.T) {
	t.Parallel()
	at := issuer.Open(t, time.Now)
	for name, test := range map[string]struct {
		says map[string]any
		want string
	}{
		"honest":                {nil, ""},
		"another flow":          {map[string]any{"response_types_supported": []string{"id_token"}}, "authorization code flow"},
		"one flow of many":      {map[string]any{"response_types_supported": []string{"id_token", "code"}}, ""},
		"no PKCE":               {map[string]any{"code_challenge_methods_supported": []string{"plain"}}, "PKCE"},
		"no secret":             {map[string]any{"token_endpoint_auth_methods_supported": []string{"private_key_jwt"}}, "only private_key_jwt"},
		"unknown signature":     {map[string]any{"id_token_signing_alg_values_supported": []string{"HS256"}}, "HS256 alone"},
		"keys are not there":    {map[string]any{"jwks_uri": at.URL + "/nowhere"}, "cannot be read"},
		"keys elsewhere, plain": {map[string]any{"jwks_uri": "http://other.example/keys"}, "not https"},
		"nobody listens":        {map[string]any{"token_endpoint": "http://127.0.0.1:1/token"}, "reach http://127.0.0.1:1/token"},
		"no address":            {map[string]any{"jwks_uri": "http://\x7f"}, "no address"},
	} {
		at.Say(test.says)
		offer, err := provider(at).Look(t.Context())
		said := ""
		for _, doubt := range offer.Doubts {
			said += doubt.Sentence + " -> " + doubt.NextStep
		}
		if err != nil {
			said += err.Error() + " -> " + rehome.HintOf(err)
		}
		if test.want == "" && said != "" || !strings.Contains(said, test.want) || strings.HasSuffix(said, "-> ") {
			t.Errorf("%s: %q", name, said)
		}
	}
	if at.Asked() != 0 {
		t.Errorf("it was asked for %d tokens", at.Asked())
	}
}

// An issuer that is not there, calls itself otherwise, or has a certificate that nobody trusts is told with the next step.
func TestProvider_looksInVain(t *testing.T) {
	t.Parallel()
	at := issuer.Open(t, time.Now)
	at.Lie(issuer.OtherName)
	sealed := httptest.NewUnstartedServer(http.NotFoundHandler())
	sealed.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes that fail
	sealed.StartTLS()
	defer sealed.Close()
	for address, want := range map[string]string{
		at.URL: "calls itself", "http://127.0.0.1:1": "refused", sealed.URL: "certificate", "https" + strings.TrimPrefix(at.URL, "http"): "HTTP response",
	} {
		_, err := signon.New(signon.Options{Issuer: address, Client: "x"}).Look(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || rehome.HintOf(err) == "" {
			t.Errorf("%s: %v -> %s", address, err, rehome.HintOf(err))
		}
	}
}
