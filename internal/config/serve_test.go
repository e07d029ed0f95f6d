// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"testing"
)

func TestOIDC_everyMistakeAtOnce(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"{issuer: 'http://login.example.com'}": {"serve.oidc.client_id", "serve.oidc.issuer", "serve.oidc.roles"},
		"{client_id: x}":                       {"serve.oidc.issuer"},
		"{issuer: 'https://a:b@login.example.com', client_id: x, roles: {a: admin}}": {"serve.oidc.issuer", "serve.oidc.roles"},
	} {
		var keys []string
		for _, p := range problemsOf(t, minimal+"serve: {oidc: "+text+"}\n") {
			keys = append(keys, p.Key)
		}
		if slices.Sort(keys); !slices.Equal(keys, want) {
			t.Errorf("%s: got %v, want %v", text, keys, want)
		}
	}
	for _, good := range []string{"https://login.example.com/realms/staff", "http://127.0.0.1:5556", "http://[::1]/x", "http://localhost:5556/dex"} {
		c, err := Parse("rehome.yaml", []byte(minimal+"serve: {oidc: {issuer: '"+good+"', client_id: rehome, roles: {mail-team: operate}}}\n"))
		if err != nil || c.Serve.OIDC.Name != "preferred_username" || c.Serve.OIDC.Roles["mail-team"] != "operate" {
			t.Errorf("%s: %v", good, err)
		}
	}
}
