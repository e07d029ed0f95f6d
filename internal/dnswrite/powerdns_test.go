// SPDX-License-Identifier: Apache-2.0

package dnswrite_test

import (
	"strings"
	"testing"

	"rehome"
	"rehome/internal/dnswrite"
	"rehome/internal/dnswrite/dnswritetest"
	"rehome/lab"
	"rehome/lab/powerdns"
)

// TestPowerDNS_contract runs against a real server, by both ways that it offers.
func TestPowerDNS_contract(t *testing.T) {
	t.Parallel()
	server, err := powerdns.Start(lab.Open(t), powerdns.Options{Name: "pdns", Key: goodToken, Zones: []string{"example.org.", "example.test."},
		TSIG: strings.TrimSuffix(writing.Name, "."), TSIGSecret: writing.Secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("http", func(t *testing.T) { testPowerDNSOverHTTP(t, server) })
	t.Run("rfc2136", func(t *testing.T) {
		writer := func(secret string) dnswrite.Writer {
			w, err := dnswrite.New(dnswrite.Options{Kind: dnswrite.RFC2136, Zone: "example.test", Server: server.Address, Key: writing.Name,
				Secret: rehome.NewSecret(secret)})
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		dnswritetest.Run(t, dnswritetest.Bench{Writer: writer(writing.Secret), Refused: writer(otherSecret), Secret: otherSecret,
			Stranger: strangerBy(writer(writing.Secret))})
	})
}

func testPowerDNSOverHTTP(t *testing.T, server *powerdns.Server) {
	t.Helper()
	writer := func(token string) dnswrite.Writer {
		w, err := dnswrite.New(dnswrite.Options{Kind: dnswrite.PowerDNS, Zone: "example.org", URL: server.URL, Secret: rehome.NewSecret(token)})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	dnswritetest.Run(t, dnswritetest.Bench{Writer: writer(goodToken), Refused: writer(wrongToken), Secret: wrongToken,
		Stranger: strangerBy(writer(goodToken))})
}

// strangerBy has somebody else write by the same means, without any regard.
func strangerBy(w dnswrite.Writer) func(*testing.T, dnswrite.Set) {
	return func(t *testing.T, set dnswrite.Set) {
		t.Helper()
		now, err := w.Read(t.Context(), []dnswrite.Key{set.Key})
		if err == nil {
			err = w.Write(t.Context(), []dnswrite.Change{{Old: now[0], New: set}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
