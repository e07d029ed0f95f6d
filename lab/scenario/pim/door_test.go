// SPDX-License-Identifier: Apache-2.0

package pim_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// door stands before a server and counts what changes it.
type door struct {
	URL string

	mu     sync.Mutex
	writes map[string]int // by method
}

// newDoor opens a door to the server at that URL, at the same port of another address: DAViCal writes its
// own port into what it says. It ends with the test.
func newDoor(t *testing.T, server string) *door {
	t.Helper()
	target, err := url.Parse(server)
	must(t, err)
	d := &door{writes: map[string]int{}}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { // the Host stays, so that hrefs lead back here
		r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
		r.Out.Host = r.In.Host
	}}
	forward.ModifyResponse = func(r *http.Response) error {
		d.count(r)
		return nil
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.99.0.1", target.Port()))
	must(t, err)
	front := &httptest.Server{Listener: listener, Config: &http.Server{Handler: forward}}
	front.Start()
	t.Cleanup(front.Close)
	d.URL = front.URL + target.EscapedPath()
	return d
}

// count notes what has changed something: a refused object has not, which Xandikos says with 207. The canary
// flies anew in a pass that tries a refused event with attendees again, and leaves nothing behind; nor does the test
// object that tells a server that is down from one that fails on an object.
func (d *door) count(r *http.Response) {
	method := r.Request.Method
	if strings.Contains(r.Request.URL.Path, "/rehome-canary-") || strings.Contains(r.Request.URL.Path, "/rehome-test") {
		return
	}
	switch method {
	case http.MethodPut, http.MethodDelete, http.MethodPost, "MKCOL", "MKCALENDAR", "MOVE", "COPY":
		if r.StatusCode/100 != 2 || r.StatusCode == http.StatusMultiStatus {
			return
		}
	case "PROPPATCH":
	default:
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes[method]++
}

// taken returns what was counted since the last time.
func (d *door) taken() map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	writes := d.writes
	d.writes = map[string]int{}
	return writes
}

func decoded[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return v
}
