// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"rehome"
	"rehome/lab"
)

// https and http mistaken for each other look like silence, noise or a bad request: the hint says which it is.
func TestReach_httpAndHTTPS(t *testing.T) {
	t.Parallel()
	room := lab.Open(t)
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("DAV", "1, addressbook") })
	plain, secure := httptest.NewServer(answer), httptest.NewTLSServer(answer)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	closed, err := room.Addr()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		url         string
		class       rehome.Class
		words, hint string
	}{
		"https to an http port":  {"https://" + plain.Listener.Addr().String(), rehome.ClassUntrusted, "", "this port speaks http without TLS"},
		"http to an https port":  {"http://" + secure.Listener.Addr().String(), rehome.ClassUntrusted, "", "this port uses TLS: write https://"},
		"a certificate of ours":  {"https://" + secure.Listener.Addr().String(), rehome.ClassUntrusted, "certificate", `set pin: "sha256/`},
		"a port of nobody":       {"https://" + closed, rehome.ClassTemporary, closed + "/: connection refused", "check dav.url"},
		"a port of nobody, http": {"http://" + closed, rehome.ClassTemporary, "connection refused", "check dav.url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := NewDAV(DAVSettings{URL: test.url + "/", Timeout: 5 * time.Second})
			defer h.Close()
			err := h.Reach(within(t))
			wantFault(t, err, test.class, test.words, test.hint)
			wantFault(t, err, test.class, "connect to the ", test.hint)
		})
	}
	h := NewDAV(DAVSettings{URL: plain.URL})
	defer h.Close()
	if err := h.Reach(within(t)); err != nil {
		t.Errorf("the right address: %v", err)
	}
}

// A request that is bad for another reason is an answer.
func TestReach_badRequestIsAnAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, "no OPTIONS here")
	}))
	t.Cleanup(server.Close)
	h := NewDAV(DAVSettings{URL: server.URL})
	defer h.Close()
	if err := h.Reach(within(t)); err != nil {
		t.Error(err)
	}
}

// A probe takes the way that the host's own connections take: there may be no other.
func TestProbe_goesByTheHostsOwnWay(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "nowhere.example:143" {
			t.Errorf("%s is dialled", address)
		}
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	if !speaksHTTP(within(t), dial, "nowhere.example:143") || speaksTLS(within(t), dial, "nowhere.example:143") {
		t.Error("want HTTP without TLS")
	}
}
