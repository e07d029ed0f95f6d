// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"net/url"
	"slices"
)

// Serve shapes the screen of "rehome serve".
type Serve struct {
	OIDC OIDC `yaml:"oidc" optional:"true"`
}

// OIDC is an OpenID Connect issuer that people sign in by.
type OIDC struct {
	Issuer       string            `yaml:"issuer" example:"https://login.example.com/realms/staff"`
	ClientID     string            `yaml:"client_id" example:"rehome" doc:"Name of the client that is registered there for rehome."`
	ClientSecret Reference         `yaml:"client_secret" example:"\"file:secrets/oidc\"" doc:"Reference to the client's secret. Empty: a public client."`
	Scopes       []string          `yaml:"scopes" doc:"What is asked for beside openid. Some issuers tell groups only for a scope of that name."`
	Name         string            `yaml:"name"`
	Groups       string            `yaml:"groups"`
	Roles        map[string]string `yaml:"roles" example:"{mail-team: operate, mail-leads: switch, everybody: look}"`
	Trust        `yaml:",inline"`
}

// The roles of the screen, as internal/journey has them.
func roles() []string { return []string{"look", "operate", "switch"} }

func defaultServe() Serve {
	return Serve{OIDC: OIDC{Scopes: []string{"profile", "email"}, Name: "preferred_username", Groups: "groups", Trust: Trust{TLSMin: "1.2"}}}
}

func (d *document) checkOIDC(path string, o OIDC) {
	d.checkTrust(path, o.Trust)
	if o.Issuer == "" {
		if _, given := d.keys[path]; given {
			d.addAt(path+".issuer", "is missing", "write the address that the issuer calls itself, for example https://login.example.com/realms/staff")
		}
		return
	}
	at, err := url.Parse(o.Issuer)
	switch {
	case err != nil || at.Host == "" || at.Scheme != "https" && (at.Scheme != "http" || !isLoopback(at.Hostname())):
		d.addAt(path+".issuer", "is not an https address", "people's log-ins pass there: only https will do, or http on this machine")
	case at.User != nil || at.RawQuery != "" || at.Fragment != "":
		d.addAt(path+".issuer", "is more than an address", "leave out log-in, ? and #")
	}
	if o.ClientID == "" {
		d.addAt(path+".client_id", "is missing", "register rehome as a client at the issuer, and write its id here")
	}
	if o.Name == "" || o.Groups == "" {
		d.addAt(path, "lacks the claims that name people", "leave out name and groups for the usual ones")
	}
	if len(o.Roles) == 0 {
		d.addAt(path+".roles", "is missing", "nobody may do anything without a role: write for example {mail-team: operate}")
	}
	for group, role := range o.Roles {
		if group == "" || !slices.Contains(roles(), role) {
			d.addAt(path+".roles", fmt.Sprintf("has %q: %q, which is no role", group, role), "use look, operate or switch")
		}
	}
}
