// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"rehome"
)

// A password that is refused for contacts and calendars is offered once, however many places there are to look at.
func TestDAV_trialIsOneAttempt(t *testing.T) {
	t.Parallel()
	for name, challenges := range map[string][]string{
		"Basic": {`Basic realm="x"`}, "Digest": {`Digest realm="x", nonce="n", algorithm=MD5, qop="auth"`},
		"both": {`Digest realm="x", nonce="n", algorithm=MD5, qop="auth"`, `Basic realm="x"`},
	} {
		var offered atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				offered.Add(1)
			}
			for _, challenge := range challenges {
				w.Header().Add("WWW-Authenticate", challenge)
			}
			w.WriteHeader(http.StatusUnauthorized)
		}))
		defer server.Close()
		host := NewDAV(DAVSettings{Host: NewHost(HostSettings{Side: rehome.Destination}), URL: server.URL, AllowPlaintext: true, Trial: true})
		defer host.Close()
		someone := rehome.Account{Address: "anna@127.0.0.1", DestinationPassword: rehome.NewSecret("wrong")}
		if _, err := host.Open(within(t), someone); rehome.ClassOf(err) != rehome.ClassAuth || offered.Load() != 1 {
			t.Errorf("%s: offered %d times, %v", name, offered.Load(), err)
		}
	}
}

// A trial is one attempt for each account, and nobody but the caller counts.
func TestLockout_trialLeavesTheCountToTheCaller(t *testing.T) {
	t.Parallel()
	l := Login{Trial: true}.lockout(rehome.Destination, "hint")
	for i := range 20 {
		account := rehome.Account{Address: fmt.Sprintf("user%d@example.test", i)}
		if err := l.admit(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		l.note(account, &rehome.Fault{Class: rehome.ClassAuth})
		if err := l.admit(t.Context(), account); err == nil {
			t.Error("a refused account was let in again")
		}
	}
}
