// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"net/http"
	"sync/atomic"
	"testing"
)

// What one client was asked for the next one knows, even if the first was nobody: its first request carries the password. Never does it
// where it would not be sent if it were asked for.
func TestLogins_sharedByClients(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		offered []string
		options Options
		strange int64 // requests of the second client that carry nothing
	}{
		{"Basic", []string{`Basic realm="x"`}, Options{Password: secret(password), AllowPlaintextBasic: true}, 0},
		{"Basic over http", []string{`Basic realm="x"`}, Options{Password: secret(password)}, 1},
		{"only a hash", []string{`Basic realm="x"`}, Options{HA1: secret("00"), AllowPlaintextBasic: true}, 1},
		{"Digest, too", []string{`Basic realm="x"`, `Digest realm="x", nonce="y", qop="auth"`},
			Options{Password: secret(password), AllowPlaintextBasic: true}, 1},
	} {
		var strange atomic.Int64
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				strange.Add(1)
				w.Header()["Www-Authenticate"] = c.offered
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
		logins := &Logins{}
		_, _ = newClient(t, Options{URL: server.URL, Logins: logins}).Capabilities(t.Context(), server.URL)
		if n := strange.Swap(0); n != 1 {
			t.Errorf("%s: nobody was refused %d times, want 1", c.name, n)
		}
		c.options.URL, c.options.User, c.options.Logins = server.URL, anna, logins
		_, _ = newClient(t, c.options).Capabilities(t.Context(), server.URL)
		if n := strange.Load(); n != c.strange {
			t.Errorf("%s: %d requests without a log-in, want %d", c.name, n, c.strange)
		}
	}
}
