// SPDX-License-Identifier: Apache-2.0

// Package clientsetup tells people's devices how to reach their mail, contacts and calendars, before and after a domain's
// switch: it makes the documents that mail programs look for (one file of the package for each kind), writes them into a
// folder, and answers the programs that ask for them (Responder).
//
// It connects to nothing: whether the servers answer is checked elsewhere. It does not know who moves; the responder has no
// list of people at all, so that it can tell nobody whose address exists.
//
//   - No document holds a password, and none names a server that takes one without encryption.
//   - The same settings give the same documents, octet for octet. Only a signature differs.
//   - Whatever a client or a setting says is escaped by the writer of the format, never by the caller.
//
// The steps of a caller: Describe each side for each domain; then WriteDomain and WritePerson, or NewResponder and Serve.
package clientsetup

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"rehome"
	"rehome/internal/protocol"
)

// LoginForm says what the user name of a log-in is.
type LoginForm string

// The forms.
const (
	LoginAddress   LoginForm = "address"    // anna@example.com
	LoginLocalPart LoginForm = "local_part" // anna
)

// of returns the user name of an address of local part and domain.
func (f LoginForm) of(local, domain string) string {
	if f == LoginLocalPart {
		return local
	}
	return local + "@" + domain
}

// Address is a server as the settings name it.
type Address struct {
	HostPort string // "" is none
	Security protocol.Security
}

// End is one side as the settings describe it.
type End struct {
	Side                          rehome.Side
	Login                         LoginForm
	IMAP, POP3, Submission, Sieve Address
	DAV                           string // URL of calendars and contacts; "" is none
	Webmail                       string
}

// Naming says how devices call what the settings call otherwise.
type Naming struct {
	Organisation string
	Help         string            // URL of a page for people; "" is none
	Hosts        map[string]string // the settings' host to that of the devices; {domain} stands for the domain
}

// Server is one service as a device reaches it. The zero Server is none.
type Server struct {
	Host     string            `json:"host"`
	Port     int               `json:"port"`
	Security protocol.Security `json:"tls"`
}

// Known reports whether there is one.
func (s Server) Known() bool { return s.Host != "" }

// Service is what the people of one domain set up while one side is theirs.
type Service struct {
	Domain       string      `json:"domain"` // its ASCII form
	Side         rehome.Side `json:"side"`
	Organisation string      `json:"-"`
	Help         string      `json:"-"`
	Login        LoginForm   `json:"login"`
	IMAP         Server      `json:"imap"`
	POP3         Server      `json:"pop3"`
	Submission   Server      `json:"submission"`
	Sieve        Server      `json:"sieve"`
	DAV          *url.URL    `json:"-"`             // always https; nil is none
	DAVAddress   string      `json:"dav,omitempty"` // the same as text
	Webmail      string      `json:"webmail"`
}

// SendsAndReceives reports whether a device can be set up at all: every client wants a server for either way (Thunderbird
// takes no document with only one of them).
func (s Service) SendsAndReceives() bool {
	return (s.IMAP.Known() || s.POP3.Known()) && s.Submission.Known()
}

// name is the organisation's, for a list of accounts on a device, of at most so many characters.
func (s Service) name(most int) string {
	name := []rune(cmp.Or(s.Organisation, s.Domain))
	return string(name[:min(len(name), most)])
}

// LeftOut is a service that no document names, with the reason.
type LeftOut struct {
	Domain   string      `json:"domain"`
	Side     rehome.Side `json:"side"`
	Service  string      `json:"service"` // the key of the settings: "imap"
	Sentence string      `json:"sentence"`
	NextStep string      `json:"next_step"`
	Needed   bool        `json:"needed"` // without it, no mail program can be set up
}

// Describe returns what the people of a domain set up at one side, and what has to be left out of it.
func Describe(end End, naming Naming, domain string) (Service, []LeftOut) {
	d := description{end: end, naming: naming, domain: domain}
	s := Service{
		Domain: domain, Side: end.Side, Organisation: naming.Organisation, Help: naming.Help, Login: cmp.Or(end.Login, LoginAddress),
		IMAP: d.server("imap", end.IMAP), POP3: d.server("pop3", end.POP3), Submission: d.server("submission", end.Submission),
		Sieve: d.server("sieve", end.Sieve), DAV: d.url("dav", end.DAV), Webmail: end.Webmail,
	}
	if s.DAV != nil {
		s.DAVAddress = s.DAV.String()
	}
	if !s.IMAP.Known() && !s.POP3.Known() {
		d.missing("imap")
	}
	if !s.Submission.Known() {
		d.missing("submission")
	}
	return s, d.leftOut
}

type description struct {
	end     End
	naming  Naming
	domain  string
	leftOut []LeftOut
}

func (d *description) leave(service, sentence, next string) {
	d.leftOut = append(d.leftOut, LeftOut{Domain: d.domain, Side: d.end.Side, Service: service, Sentence: sentence, NextStep: next})
}

// missing says that a service is needed, in place of a word for why it is not there if there is none yet.
func (d *description) missing(service string) {
	for i := range d.leftOut {
		if d.leftOut[i].Service == service {
			d.leftOut[i].Needed = true
			return
		}
	}
	key := string(d.end.Side) + "." + service
	d.leave(service, key+" is not in the settings, so mail programs cannot be set up for this side", "add "+key+".address to the settings")
	d.leftOut[len(d.leftOut)-1].Needed = true
}

func (d *description) server(service string, address Address) Server {
	host, port, err := net.SplitHostPort(address.HostPort)
	number, notNumber := strconv.Atoi(port)
	if err != nil || notNumber != nil || number < 1 || number > 65535 {
		return Server{} // none: the settings were checked
	}
	key := string(d.end.Side) + "." + service
	if address.Security == protocol.NoTLS {
		d.leave(service, key+" takes passwords without encryption, so no document names it", "set up TLS on that server, then change "+key+".tls")
		return Server{}
	}
	if host = d.host(service, host); host == "" {
		return Server{}
	}
	return Server{Host: host, Port: number, Security: address.Security}
}

// host returns the name of a host for devices, or "" and says why there is none.
func (d *description) host(service, host string) string {
	key := string(d.end.Side) + "." + service
	given := d.naming.Hosts[strings.ToLower(host)]
	public := strings.ReplaceAll(cmp.Or(given, host), "{domain}", d.domain)
	if _, err := netip.ParseAddr(public); err == nil {
		d.leave(service, key+" is an IP address, for which devices accept no certificate",
			"write the server's public name in clients.hosts, for example {"+host+": mail."+d.domain+"}")
		return ""
	}
	if strings.EqualFold(public, "localhost") {
		d.leave(service, key+" is this machine, which devices do not reach by that name", "write its public name in clients.hosts")
		return ""
	}
	ascii, ok := asciiHost(public)
	if !ok {
		d.leave(service, key+" is not a valid host name", "correct it, or write its public name in clients.hosts")
		return ""
	}
	return ascii
}

func (d *description) url(service, address string) *url.URL {
	if address == "" {
		return nil
	}
	key := string(d.end.Side) + "." + service
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil // the settings were checked
	}
	if u.Scheme != "https" {
		d.leave(service, key+" takes passwords without encryption, so no document names it",
			"give that server a certificate, then change "+key+".url to https")
		return nil
	}
	host := d.host(service, u.Hostname())
	if host == "" {
		return nil
	}
	if port := u.Port(); port != "" && port != "443" {
		host = net.JoinHostPort(host, port)
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	clean, err := url.Parse("https://" + host + path) // without user, query and fragment
	if err != nil {
		return nil
	}
	return clean
}
