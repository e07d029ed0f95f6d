// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/url"
	"strconv"
)

// Person is whose devices are set up.
type Person struct {
	Address string // as rehome.ParseAddress returns it
	Login   string // "" is what the service says
	Name    string // as recipients see it; "" is not known
}

// Profile returns a configuration profile for Apple's devices: mail, calendars and contacts, without a password. Its identifiers
// hang on the address alone: a device that installs the profile of the other side replaces the account that it has by the
// new one, and does not get a second one. ok is false where the service cannot send and receive.
func (s Service) Profile(p Person) (document []byte, ok bool) {
	local, domain, ok := splitAddress(p.Address)
	if !ok || !s.SendsAndReceives() {
		return nil, false
	}
	if p.Login == "" {
		p.Login = s.Login.of(local, domain)
	}
	p.Address = local + "@" + domain
	payloads := []dict{s.mailPayload(p)}
	if s.DAV != nil {
		payloads = append(payloads, s.davPayload(p, "CalDAV", "com.apple.caldav.account"), s.davPayload(p, "CardDAV", "com.apple.carddav.account"))
	}
	head := payloadHead("Configuration", p, "", s.name(60))
	return plist(append(head,
		entry{"PayloadDescription", "Mail, calendars and contacts of " + p.Address},
		entry{"PayloadOrganization", s.name(60)},
		entry{"PayloadRemovalDisallowed", false},
		entry{"PayloadContent", payloads},
	)), true
}

// payloadHead is what every payload begins with.
func payloadHead(kind string, p Person, part, name string) dict {
	identifier := "rehome." + identity(p.Address, "")
	if part != "" {
		identifier += "." + part
	}
	return dict{
		{"PayloadType", kind}, {"PayloadVersion", 1}, {"PayloadIdentifier", identifier},
		{"PayloadUUID", identity(p.Address, part+".")}, {"PayloadDisplayName", name},
	}
}

// identity is a UUID of an address and a part of its profile: version 8 (RFC 9562 section 5.8), of a digest.
func identity(address, part string) string {
	sum := sha256.Sum256([]byte("rehome profile\x00" + part + "\x00" + address))
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func (s Service) mailPayload(p Person) dict {
	kind, incoming := "EmailTypeIMAP", s.IMAP
	if !incoming.Known() {
		kind, incoming = "EmailTypePOP", s.POP3
	}
	d := append(payloadHead("com.apple.mail.managed", p, "mail", "Mail"),
		entry{"EmailAccountDescription", s.name(60)},
		entry{"EmailAccountType", kind},
		entry{"EmailAddress", p.Address},
		entry{"IncomingMailServerAuthentication", "EmailAuthPassword"},
		entry{"IncomingMailServerHostName", incoming.Host},
		entry{"IncomingMailServerPortNumber", incoming.Port},
		entry{"IncomingMailServerUseSSL", true}, // the default is false; STARTTLS counts as SSL
		entry{"IncomingMailServerUsername", p.Login},
		entry{"OutgoingMailServerAuthentication", "EmailAuthPassword"},
		entry{"OutgoingMailServerHostName", s.Submission.Host},
		entry{"OutgoingMailServerPortNumber", s.Submission.Port}, // absent, a device tries 25 first
		entry{"OutgoingMailServerUseSSL", true},
		entry{"OutgoingMailServerUsername", p.Login},
		entry{"OutgoingPasswordSameAsIncomingPassword", true},
	)
	if p.Name != "" {
		d = append(d, entry{"EmailAccountName", p.Name})
	}
	return d
}

// davPayload has no principal's URL unless the server's place is not its root: a Mac knows no such key for contacts and looks at
// /.well-known/carddav.
func (s Service) davPayload(p Person, prefix, kind string) dict {
	port, _ := strconv.Atoi(cmp.Or(s.DAV.Port(), "443")) // the settings were checked
	name := map[string]string{"CalDAV": "Calendars", "CardDAV": "Contacts"}[prefix]
	d := append(payloadHead(kind, p, prefix, name),
		entry{prefix + "AccountDescription", s.name(60)},
		entry{prefix + "HostName", s.DAV.Hostname()},
		entry{prefix + "Port", port},
		entry{prefix + "UseSSL", true},
		entry{prefix + "Username", p.Login},
	)
	if path := s.DAV.EscapedPath(); path != "/" {
		d = append(d, entry{prefix + "PrincipalURL", path})
	}
	return d
}

// DAVLinks returns links that open a calendar and contacts program on Android (DAVx5 and others) with the account filled in.
// ok is false without such a server.
func (s Service) DAVLinks(p Person) (calendars, contacts string, ok bool) {
	local, domain, ok := splitAddress(p.Address)
	if !ok || s.DAV == nil {
		return "", "", false
	}
	link := url.URL{User: url.User(cmp.Or(p.Login, s.Login.of(local, domain))), Host: s.DAV.Host, Path: s.DAV.Path, RawPath: s.DAV.RawPath}
	link.Scheme = "caldavs"
	calendars = link.String()
	link.Scheme = "carddavs"
	return calendars, link.String(), true
}
