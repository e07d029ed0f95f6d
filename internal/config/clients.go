// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
)

// LoginForm says what people's user name is.
type LoginForm string

// The forms.
const (
	LoginFormAddress   LoginForm = "address"
	LoginFormLocalPart LoginForm = "local_part"
)

// Clients says what people's devices are told, and how "clients serve" tells them.
type Clients struct {
	Hosts             map[string]string `yaml:"hosts" example:"{10.0.0.5: mail.example.com}"`
	SourceLogin       LoginForm         `yaml:"source_login" enum:"address,local_part"`
	DestinationLogin  LoginForm         `yaml:"destination_login" enum:"address,local_part"`
	Help              string            `yaml:"help" example:"https://www.example.com/mail-help"`
	ProfileSigner     string            `yaml:"profile_signer" kind:"path" example:"secrets/profile-signer.pem"`
	Responder         string            `yaml:"responder" example:"setup.example.com"`
	Switched          string            `yaml:"switched" kind:"path"`
	Listen            string            `yaml:"listen"`
	ListenHTTP        string            `yaml:"listen_http" example:"\":80\""`
	Certificates      []string          `yaml:"certificates" kind:"path" example:"[/etc/letsencrypt/live/example.com]"`
	RequestsPerMinute int               `yaml:"requests_per_minute"`
	DAVPaths          map[string]string `yaml:"dav_paths" example:"{/calendars/users/: /dav/calendars/}"`
	Contact           string            `yaml:"contact" example:"\"IT service, it@example.com, ext. 123\""`
	Language          string            `yaml:"language"`
	Texts             string            `yaml:"texts" kind:"path" example:"texts"`
	Notify            Notify            `yaml:"notify" optional:"true" doc:"The server through which \"clients notify\" sends each user's page."`
}

func defaultClients() Clients {
	return Clients{
		SourceLogin: LoginFormAddress, DestinationLogin: LoginFormAddress, Switched: "switched.txt", Listen: ":443", RequestsPerMinute: 600,
		Language: "en", Notify: defaultNotify(),
	}
}

func (d *document) checkClients(path string, c Clients) {
	for _, host := range slices.Sorted(maps.Keys(c.Hosts)) {
		name := strings.ReplaceAll(c.Hosts[host], "{domain}", "example.com")
		if host == "" || name == "" || strings.ContainsAny(host+name, "/ :@{}") {
			d.addAt(path+".hosts", "has a name that is not a host name", "write names without scheme and port, for example {10.0.0.5: mail.example.com}")
		}
	}
	if u, err := url.Parse(c.Help); c.Help != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		d.addAt(path+".help", "is not an address of a web page", "write it with its scheme, such as https://www.example.com/help")
	}
	if strings.ContainsAny(c.Responder, "/ :@") {
		d.addAt(path+".responder", "is not a host name", "write only the name, for example setup.example.com")
	}
	for key, address := range map[string]string{"listen": c.Listen, "listen_http": c.ListenHTTP} {
		if _, _, err := net.SplitHostPort(address); err != nil && (address != "" || key == "listen") {
			d.addAt(path+"."+key, "is not an address and port", "write for example :443, or 127.0.0.1:8080")
		}
	}
	d.checkNotify(path+".notify", c.Notify)
	if c.RequestsPerMinute < 1 {
		d.addAt(path+".requests_per_minute", "must be at least 1", "")
	}
	for from, to := range c.DAVPaths {
		if !isFolder(from) || !isFolder(to) {
			d.addAt(path+".dav_paths", "has a path that does not begin and end with /", "write for example {/calendars/users/: /dav/calendars/}")
		}
	}
}

// isFolder tells paths below which there can be others.
func isFolder(path string) bool {
	return len(path) > 1 && path[0] == '/' && path[len(path)-1] == '/' && !strings.ContainsAny(path, "?# ")
}
