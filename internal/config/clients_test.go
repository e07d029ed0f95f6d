// SPDX-License-Identifier: Apache-2.0

package config

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestClients_everyMistakeAtOnce(t *testing.T) {
	t.Parallel()
	problems := problemsOf(t, minimal+`clients:
  hosts: {10.0.0.5: "https://mail.example.com"}
  source_login: name
  help: help
  responder: setup.example.com:443
  listen: 443
  listen_http: "80"
  requests_per_minute: 0
  dav_paths: {/calendars: /dav/}
`)
	var keys []string
	for _, p := range problems {
		keys = append(keys, p.Key)
		if p.Line < 4 || p.Sentence == "" {
			t.Errorf("got %+v", p)
		}
	}
	slices.Sort(keys)
	want := []string{"clients.dav_paths", "clients.help", "clients.hosts", "clients.listen", "clients.listen_http", "clients.requests_per_minute",
		"clients.responder", "clients.source_login"}
	if !slices.Equal(keys, want) {
		t.Errorf("got %v, want %v", keys, want)
	}
}

// A domain in its own script is the one that its addresses have.
func TestDomains_ofOtherScripts(t *testing.T) {
	t.Parallel()
	c, err := Parse("rehome.yaml", []byte(minimal+"domains: [Bücher.example, דוגמה.example, my_own.example.]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"xn--bcher-kva.example", "xn--6dbbec0c.example", "my_own.example"}; !slices.Equal(c.Domains, want) {
		t.Errorf("got %v, want %v", c.Domains, want)
	}
}

// A list of paths counts from the folder of the file as one path does.
func TestClients_placesPaths(t *testing.T) {
	t.Parallel()
	c, err := Parse(filepath.Join("move", "rehome.yaml"), []byte(minimal+"clients: {certificates: [tls, /etc/tls.pem]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Clients.Certificates, []string{filepath.Join("move", "tls"), "/etc/tls.pem"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := c.Clients.Switched, filepath.Join("move", "switched.txt"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
