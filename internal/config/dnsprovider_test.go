// SPDX-License-Identifier: Apache-2.0

package config

import (
	"path/filepath"
	"strings"
	"testing"

	"rehome/internal/dnswrite"
)

func TestDNSProviders_eachZoneHasOne(t *testing.T) {
	t.Parallel()
	c, err := Parse(filepath.Join("move", "rehome.yaml"), []byte(minimal+`dns:
  providers:
    here: {kind: rfc2136, server: "192.0.2.53:53", zones: [Example.com.], key: rehome., secret: "file:key"}
    person: {kind: by_hand}
`))
	if err != nil {
		t.Fatal(err)
	}
	name, p := c.DNS.Writer("example.com")
	if name != "here" || p.Algorithm != "hmac-sha256" || p.TLSMin != "1.2" {
		t.Errorf("got %s %+v, want here with its defaults", name, p)
	}
	if name, p := c.DNS.Writer("example.org"); name != "person" || p.Kind != dnswrite.Hand {
		t.Errorf("got %s %+v, want the one without zones", name, p)
	}
	references := c.References()
	if len(references) != 1 || references[0].Key != "dns.providers.here.secret" {
		t.Errorf("got %v, want the secret of the key", references)
	}
}

func TestDNSProviders_whatCannotWork(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"here: {kind: rfc2136, server: ns1}":                                          "dns.providers.here.server is no host and port",
		"here: {kind: rfc2136, server: 'ns1:53', key: k}":                             "dns.providers.here.secret and key belong together",
		"here: {kind: rfc2136, server: 'ns1:53', algorithm: hmac-md5}":                "dns.providers.here.algorithm must be one of",
		"here: {kind: rfc2136, server: 'ns1:53', key: k, secret: c2VjcmV0}":           "dns.providers.here.secret holds the secret itself",
		"here: {kind: powerdns, secret: 'env:X'}":                                     "dns.providers.here.url is no address",
		"here: {kind: powerdns, secret: 'env:X', url: 'http://ns1.example.com:8081'}": "dns.providers.here.url is not encrypted",
		"here: {kind: cloudflare}":                                                    "dns.providers.here.secret is missing",
		"here: {kind: route53, secret: 'env:X'}":                                      "dns.providers.here.key is missing",
		"here: {kind: doorbell}":                                                      "dns.providers.here.kind",
		"here: {zones: [a.example]}":                                                  "dns.providers.here.kind cannot be",
		"here: {kind: by_hand, zone: [a.example]}":                                    "dns.providers.here.zone is not a key",
		"here: {kind: by_hand, zones: ['a b']}":                                       "dns.providers.here.zones",
		"one: {kind: by_hand}\n    two: {kind: by_hand}":                              "dns.providers.two.zones is missing, as in dns.providers.one",
		"one: {kind: by_hand, zones: [a.example]}\n    two: {kind: by_hand, zones: [a.example]}"://
		"dns.providers.two.zones has a.example, as dns.providers.one has",
		"'a.b': {kind: by_hand}": "is no name for a provider",
		"here:":                  "dns.providers.here.kind cannot be",
		"[]":                     "dns.providers wants names, and keys below each",
	} {
		problems := problemsOf(t, minimal+"dns:\n  providers:\n    "+text+"\n")
		found := ""
		for _, p := range problems {
			found += p.Key + " " + p.Sentence + "; "
		}
		if !strings.Contains(found, want) {
			t.Errorf("%s: got %q, want %q", text, found, want)
		}
	}
}
