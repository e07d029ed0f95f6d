// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"encoding/xml"

	"rehome/internal/protocol"
)

// The two versions of Thunderbird's format. Clients read both, and must not reject one by its number.
const (
	autoconfigOld = "1.1" // what all clients read; contacts and calendars in Mozilla's spelling
	autoconfigNew = "1.2" // draft-ietf-mailmaint-autoconfig-06
)

// The paths at which clients look for the document: on autoconfig.DOMAIN, and on the domain itself.
const (
	autoconfigPath      = "/mail/config-v1.1.xml"
	autoconfigWellKnown = "/.well-known/autoconfig/mail/config-v1.1.xml"
)

// Autoconfig returns the document that Thunderbird, K-9 and others look for as config-v1.1.xml, in a version: "1.1" or "1.2".
// It fits everybody of the domain: the client puts in the address. ok is false where the service cannot send and receive.
func (s Service) Autoconfig(version string) (document []byte, ok bool) {
	if !s.SendsAndReceives() {
		return nil, false
	}
	config := clientConfig{Version: version, Provider: s.provider()}
	if s.DAV != nil {
		config.Calendar, config.Addressbook, config.AddressBook = s.davSections(version)
	}
	if version == autoconfigNew && s.Sieve.Known() {
		sieve := s.autoconfigServer("managesieve", s.Sieve)
		config.Setup = &sieve
	}
	text, err := xml.MarshalIndent(config, "", "  ")
	if err != nil {
		return nil, false // nothing in the types can fail
	}
	return append([]byte(xml.Header), append(text, '\n')...), true
}

type clientConfig struct {
	XMLName     xml.Name          `xml:"clientConfig"`
	Version     string            `xml:"version,attr"`
	Provider    emailProvider     `xml:"emailProvider"`
	Addressbook *davSection       `xml:"addressbook"`
	AddressBook *davSection       `xml:"addressBook"`
	Calendar    *davSection       `xml:"calendar"`
	Setup       *autoconfigServer `xml:"setupServer"`
}

type emailProvider struct {
	ID            string             `xml:"id,attr"` // has to be a host name: K-9 and Thunderbird refuse others
	Domain        string             `xml:"domain"`
	Name          string             `xml:"displayName"`
	ShortName     string             `xml:"displayShortName"`
	Incoming      []autoconfigServer `xml:"incomingServer"`
	Outgoing      autoconfigServer   `xml:"outgoingServer"`
	Documentation *documentation     `xml:"documentation"`
}

type documentation struct {
	URL   string `xml:"url,attr"`
	Descr string `xml:"descr"`
}

type autoconfigServer struct {
	Type           string   `xml:"type,attr"`
	Host           string   `xml:"hostname"`
	Port           int      `xml:"port"`
	Socket         string   `xml:"socketType"`
	Authentication string   `xml:"authentication"`
	User           string   `xml:"username"`
	POP3           *popHint `xml:"pop3"`
}

// popHint keeps a new device from taking all mail away from the server.
type popHint struct {
	Leave bool `xml:"leaveMessagesOnServer"`
}

// davSection is a calendar or address book: serverURL in Mozilla's spelling, url in the draft's.
type davSection struct {
	Type           string         `xml:"type,attr"`
	URL            string         `xml:"url,omitempty"`
	User           string         `xml:"username"`
	Authentication authentication `xml:"authentication"`
	ServerURL      string         `xml:"serverURL,omitempty"`
}

type authentication struct {
	System string `xml:"system,attr,omitempty"`
	Name   string `xml:",chardata"`
}

func (s Service) provider() emailProvider {
	p := emailProvider{
		ID: s.Domain, Domain: s.Domain, Name: s.name(60), ShortName: s.name(20), Outgoing: s.autoconfigServer("smtp", s.Submission),
	}
	if s.IMAP.Known() { // the first one is what a client proposes
		p.Incoming = append(p.Incoming, s.autoconfigServer("imap", s.IMAP))
	}
	if s.POP3.Known() {
		pop := s.autoconfigServer("pop3", s.POP3)
		pop.POP3 = &popHint{Leave: true}
		p.Incoming = append(p.Incoming, pop)
	}
	if s.Help != "" {
		p.Documentation = &documentation{URL: s.Help, Descr: s.name(60)}
	}
	return p
}

func (s Service) autoconfigServer(kind string, server Server) autoconfigServer {
	socket := "SSL"
	if server.Security == protocol.StartTLS {
		socket = "STARTTLS"
	}
	// password-cleartext is the log-in inside TLS that every client can do; OAuth2 is skipped by Thunderbird for hosts that
	// it does not know.
	return autoconfigServer{
		Type: kind, Host: server.Host, Port: server.Port, Socket: socket, Authentication: "password-cleartext", User: s.placeholder(),
	}
}

// placeholder is what the client replaces by its user name.
func (s Service) placeholder() string {
	if s.Login == LoginLocalPart {
		return "%EMAILLOCALPART%"
	}
	return "%EMAILADDRESS%"
}

func (s Service) davSections(version string) (calendar, draftBook, oldBook *davSection) {
	address := s.DAV.String()
	if version == autoconfigOld {
		section := func(kind string) *davSection {
			return &davSection{Type: kind, User: s.placeholder(), Authentication: authentication{Name: "http-basic"}, ServerURL: address}
		}
		return section("caldav"), nil, section("carddav")
	}
	section := func(kind string) *davSection {
		return &davSection{Type: kind, User: s.placeholder(), Authentication: authentication{System: "http", Name: "Basic"}, URL: address}
	}
	return section("caldav"), section("carddav"), nil
}
