// SPDX-License-Identifier: Apache-2.0

package dnswrite_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rehome"
	"rehome/internal/dnswrite"
	"rehome/internal/protocol/dns"
)

// at returns a writer of a kind to a server that answers as handle does, and the longest that it would have waited.
func at(t *testing.T, kind dnswrite.Kind, handle http.HandlerFunc) (dnswrite.Writer, *time.Duration) {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	w, err := dnswrite.New(dnswrite.Options{Kind: kind, Zone: "example.org", URL: server.URL, Key: "the-key", Secret: rehome.NewSecret(goodToken)})
	if err != nil {
		t.Fatal(err)
	}
	longest := new(time.Duration)
	dnswrite.Hasten(w, func(long time.Duration) { *longest = max(*longest, long) })
	return w, longest
}

func mxOf(w dnswrite.Writer) []dnswrite.Key { return []dnswrite.Key{{Name: w.Zone(), Type: dns.MX}} }

// kinds are those with an interface over HTTP.
func kinds() []dnswrite.Kind {
	return []dnswrite.Kind{dnswrite.PowerDNS, dnswrite.Cloudflare, dnswrite.Route53, dnswrite.Hetzner, dnswrite.DeSEC, dnswrite.Gandi}
}

// TestHTTP_hostileAnswers: what is not understood is an error with a next step, never "there is no such record".
func TestHTTP_hostileAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handle http.HandlerFunc
		class  rehome.Class
	}{
		"a page":     {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Sign in") }, rehome.ClassTemporary},
		"half":       {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"rrsets": [{"name": "exam`) }, rehome.ClassTemporary},
		"too much":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.CopyN(w, endless{}, 9<<20) }, rehome.ClassTemporary},
		"broken off": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, rehome.ClassTemporary},
		"a fault":    {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oops", http.StatusBadGateway) }, rehome.ClassTemporary},
		"revoked":    {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) }, rehome.ClassAuth},
		"forbidden":  {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }, rehome.ClassOperator},
		"no zone":    {http.NotFound, rehome.ClassOperator},
	} {
		for _, kind := range kinds() {
			w, _ := at(t, kind, c.handle)
			sets, err := w.Read(t.Context(), mxOf(w))
			if err == nil || rehome.HintOf(err) == "" || rehome.ClassOf(err) != c.class || strings.Contains(err.Error(), goodToken) {
				t.Errorf("%s, %s: got %v, %v (%s, %q), want an error of class %s with a next step", name, kind, sets, err,
					rehome.ClassOf(err), rehome.HintOf(err), c.class)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("%s, %s: the error has %d octets", name, kind, len(err.Error()))
			}
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestHTTP_limits: a provider that asks to come back is obeyed for as long as a person would wait, and quoted otherwise.
func TestHTTP_limits(t *testing.T) {
	t.Parallel()
	for after, c := range map[string]struct {
		asked int32
		wait  time.Duration
		hint  string
	}{"5": {4, 5 * time.Second, "after 5s"}, "": {4, time.Second, "later"}, "7200": {1, 0, "after 2h0m0s"}, "soon": {4, time.Second, "later"}} {
		var asked atomic.Int32
		w, longest := at(t, dnswrite.DeSEC, func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.Header().Set("Retry-After", after)
			http.Error(w, `{"detail": "Request was throttled."}`, http.StatusTooManyRequests)
		})
		_, err := w.Read(t.Context(), mxOf(w))
		if rehome.ClassOf(err) != rehome.ClassThrottled || !strings.Contains(rehome.HintOf(err), c.hint) ||
			asked.Load() != c.asked || *longest != c.wait {
			t.Errorf("after %q: asked %d times, waited %v, got %v (%s), want %d, %v and a hint with %q", after, asked.Load(), *longest, err,
				rehome.HintOf(err), c.asked, c.wait, c.hint)
		}
	}
}

// TestHTTP_redirect: the token goes to nobody else.
func TestHTTP_redirect(t *testing.T) {
	t.Parallel()
	var seen atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Store(true) }))
	defer other.Close()
	for _, kind := range kinds() {
		w, _ := at(t, kind, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
		})
		if err := w.Check(t.Context()); err == nil || seen.Load() {
			t.Errorf("%s: got %v, followed: %v, want an error and nobody asked", kind, err, seen.Load())
		}
	}
}

// TestProviders_whatTheyCannotDo: what a provider shows and rehome should not touch is named.
func TestProviders_whatTheyCannotDo(t *testing.T) {
	t.Parallel()
	const awsZone = `<L><HostedZones>%s</HostedZones></L>`
	const one = `<HostedZone><Id>/hostedzone/Z</Id><Name>example.org.</Name></HostedZone>`
	const alias = `<L><ResourceRecordSets><ResourceRecordSet><Name>example.org.</Name><Type>MX</Type><AliasTarget><DNSName>x.</DNSName>` +
		`</AliasTarget></ResourceRecordSet></ResourceRecordSets></L>`
	const secondary = `{"zone": {"mode": "secondary"}, "rrsets": [{"name": "@", "type": "MX", "records": [{"value": "10 a."}]}]}`
	flare := func(permission, record string) map[string]string {
		return map[string]string{"/zones": `{"result": [{"id": "z", "name": "example.org", "permissions": ["` + permission + `"]}]}`,
			"/dns_records": `{"result": [{"name": "example.org", "type": "MX", "content": "a"` + record + `}]}`}
	}
	byPath := func(answers map[string]string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for end, text := range answers {
				if strings.HasSuffix(r.URL.Path, end) {
					fmt.Fprint(w, text)
					return
				}
			}
			http.NotFound(w, r)
		}
	}
	for name, c := range map[string]struct {
		kind    dnswrite.Kind
		answers map[string]string
		want    string
	}{
		"a token that reads":  {dnswrite.Cloudflare, flare("#dns_records:read", ""), "may not change"},
		"a zone of others":    {dnswrite.Cloudflare, map[string]string{"/zones": `{"result": []}`}, "knows no such zone"},
		"behind the proxy":    {dnswrite.Cloudflare, flare("#dns_records:edit", `, "priority": 1, "proxied": true`), "proxy"},
		"an MX without order": {dnswrite.Cloudflare, flare("#dns_records:edit", ""), "no priority"},
		"two zones":           {dnswrite.Route53, map[string]string{"byname": fmt.Sprintf(awsZone, one+one)}, "2 public hosted zones"},
		"no zone":             {dnswrite.Route53, map[string]string{"byname": fmt.Sprintf(awsZone, "")}, "0 public hosted zones"},
		"an alias":            {dnswrite.Route53, map[string]string{"byname": fmt.Sprintf(awsZone, one), "rrset": alias}, "alias"},
		"a secondary zone":    {dnswrite.Hetzner, map[string]string{"example.org": secondary, "rrsets": secondary}, "secondary"},
		"a strange record": {dnswrite.DeSEC, map[string]string{"/rrsets/": `[{"type": "MX", "ttl": 3600, "records": ["ten a."]}]`},
			"not understood"},
	} {
		w, _ := at(t, c.kind, byPath(c.answers))
		_, err := w.Read(t.Context(), mxOf(w))
		if err == nil || !strings.Contains(err.Error(), c.want) || rehome.HintOf(err) == "" {
			t.Errorf("%s: got %v (%s), want an error with %q and a next step", name, err, rehome.HintOf(err), c.want)
		}
	}
}
