// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
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

// Clients says what people's devices are told.
type Clients struct {
	Hosts            map[string]string `yaml:"hosts" example:"{10.0.0.5: mail.example.com}" doc:"Host names that devices use, if they differ from those in source and destination: the host there, then the public name. {domain} in a name stands for each user's domain."`
	SourceLogin      LoginForm         `yaml:"source_login" enum:"address,local_part" doc:"User name at the source: the whole address, or only the part before the @."`
	DestinationLogin LoginForm         `yaml:"destination_login" enum:"address,local_part" doc:"User name at the destination: the whole address, or only the part before the @. DestinationUser in the roster overrides it for one account."`
	Help             string            `yaml:"help" example:"https://www.example.com/mail-help" doc:"Address of a help page for users. The documents for mail programs link to it."`
	ProfileSigner    string            `yaml:"profile_signer" kind:"path" example:"secrets/profile-signer.pem" doc:"PEM file with a certificate, its chain and its private key, which signs the profiles for Apple devices. Use a certificate of its own, not the one of a server. Empty: profiles are not signed. Mode 0600."`
	Responder        string            `yaml:"responder" example:"setup.example.com" doc:"Host name of the machine that answers mail programs. The DNS records lead to it."`
}

func defaultClients() Clients {
	return Clients{SourceLogin: LoginFormAddress, DestinationLogin: LoginFormAddress}
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
}
