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

// describe returns what the manual says of each key, for tags cannot be broken into lines.
func (Clients) describe() map[string]string {
	return map[string]string{
		"clients.hosts": "Host names that devices use, if they differ from those in source and destination: the host there, " +
			"then the public name. {domain} in a name stands for each user's domain.",
		"clients.source_login": "User name at the source: the whole address, or only the part before the @.",
		"clients.destination_login": "User name at the destination: the whole address, or only the part before the @. DestinationUser in " +
			"the roster overrides it for one account.",
		"clients.help": "Address of a help page for users. The documents for mail programs link to it.",
		"clients.profile_signer": "PEM file with a certificate, its chain and its private key, which signs the profiles for Apple " +
			"devices. Use a certificate of its own, not the one of a server. Empty: profiles are not signed. Mode " +
			"0600.",
		"clients.responder": "Host name of the machine that answers mail programs. The DNS records lead to it.",
		"clients.switched": "File that says which domains and accounts have switched: one per line, then source or destination, " +
			"and optionally the time from which that holds. \"clients serve\" reads it again when it changes.",
		"clients.listen": "Address and port that \"clients serve\" listens on. Without an address: all addresses of this " +
			"machine.",
		"clients.listen_http": "Address and port for requests without TLS, which are sent on to https. Empty: none.",
		"clients.certificates": "Certificates for \"clients serve\": PEM files that contain chain and key, or folders with " +
			"fullchain.pem and privkey.pem. They are read again when they are renewed. Empty: plain HTTP on a " +
			"loopback address, behind a reverse proxy.",
		"clients.requests_per_minute": "Maximum number of requests per minute from one IP address. An office behind one address needs " +
			"several for each device.",
		"clients.dav_paths": "Where \"clients serve\" finds paths of the old calendar and contacts server on the new one: the " +
			"beginning of the old path, then that of the new one. Use it only if the rest of the path is the same " +
			"at both.",
		"clients.contact":  "Whom users ask, as their page says it.",
		"clients.language": "Language of the pages for users whose language is not known, for example en or de.",
		"clients.texts": "Folder with texts of your own for the pages: fr.tmpl adds French, en.tmpl replaces some of the English " +
			"texts. docs/clients.md has the rules.",
	}
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
