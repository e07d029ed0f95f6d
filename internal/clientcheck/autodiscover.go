// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"rehome/internal/protocol"
	"rehome/internal/protocol/dns"
)

const autodiscoverPath = "/autodiscover/autodiscover.xml"

// The most that a redirect inside Autodiscover's documents is followed: of Thunderbird for addresses, of Outlook for places.
const (
	mostAddresses = 2
	mostPlaces    = 10
)

// poxDocument is the answer of Autodiscover's XML form ([MS-OXDSCLI] section 2.2.4).
type poxDocument struct {
	XMLName  xml.Name `xml:"Autodiscover"`
	Response struct {
		Account struct {
			Type         string        `xml:"AccountType"`
			Action       string        `xml:"Action"`
			RedirectAddr string        `xml:"RedirectAddr"`
			RedirectURL  string        `xml:"RedirectUrl"`
			Protocols    []poxProtocol `xml:"Protocol"`
		} `xml:"Account"`
		Error *struct {
			Code    string `xml:"ErrorCode"`
			Message string `xml:"Message"`
		} `xml:"Error"`
	} `xml:"Response"`
}

type poxProtocol struct {
	Type       string `xml:"Type"`
	Server     string `xml:"Server"`
	Port       string `xml:"Port"`
	LoginName  string `xml:"LoginName"`
	SPA        string `xml:"SPA"`
	SSL        string `xml:"SSL"`
	Encryption string `xml:"Encryption"`
}

// poxAnswer is what a client makes of it: settings, or where to ask next.
type poxAnswer struct {
	settings settings
	address  string // ask again for this address
	place    string // ask there
}

// readPOX reads an answer. office reads it as Outlook does, otherwise it is Thunderbird.
func readPOX(body []byte, p Person, office bool) (poxAnswer, error) {
	var document poxDocument
	if err := readXML(body, &document); err != nil {
		return poxAnswer{}, err
	}
	account := document.Response.Account
	switch action := strings.ToLower(strings.TrimSpace(account.Action)); {
	case document.Response.Error != nil:
		e := document.Response.Error
		return poxAnswer{}, errors.New("it answers with error " + shortened(e.Code+" "+e.Message))
	case account.RedirectAddr != "" && (action == "redirectaddr" || !office):
		return poxAnswer{address: strings.TrimSpace(account.RedirectAddr)}, nil
	case action == "redirecturl" && account.RedirectURL != "" && office: // Thunderbird does not read it
		return poxAnswer{place: strings.TrimSpace(account.RedirectURL)}, nil
	}
	var s settings
	var last error
	for _, one := range account.Protocols {
		server, note, err := one.read(p, office)
		switch {
		case err != nil:
			last = err
		case server.Service == "" || len(s.servers) == maxServers:
		default:
			s.servers = append(s.servers, server)
			if note != "" && s.trouble == nil {
				s.trouble = &hindrance{what: note, step: "have the document corrected: every Protocol needs SPA off"}
			}
		}
	}
	if !s.sendsAndReceives() {
		if last == nil {
			last = errors.New("it names no IMAP or POP3 server with one for outgoing mail")
		}
		return poxAnswer{}, last
	}
	return poxAnswer{settings: s}, nil
}

// read understands one server; note is what would trouble Outlook.
func (a poxProtocol) read(p Person, office bool) (s Server, note string, err error) {
	s.Service = map[string]Service{"imap": IMAP, "pop3": POP3, "smtp": Submission}[strings.ToLower(strings.TrimSpace(a.Type))]
	if s.Service == "" {
		return Server{}, "", nil
	}
	s.Host = strings.ToLower(strings.TrimSpace(a.Server))
	if s.Port, err = readPort(a.Port); err != nil {
		return Server{}, "", err
	}
	if !isHostName(s.Host) {
		return Server{}, "", errors.New("it has a server without a proper host name")
	}
	local, _ := p.split()
	s.User = strings.TrimSpace(a.LoginName)
	if s.User == "" {
		s.User = p.Address
		if office { // without a name, it takes what stands before the @
			s.User = local
		}
	}
	s.Security = a.security(s.Port, office)
	if spa := strings.TrimSpace(a.SPA); office && !strings.EqualFold(spa, "off") {
		note = "SPA is on (which it also is if it is not mentioned), so Outlook asks for the password again and again"
	}
	return s, note, nil
}

// security follows each program: Encryption overrides SSL for Outlook; for Thunderbird the port says which way of TLS it is.
func (a poxProtocol) security(port int, office bool) protocol.Security {
	off := strings.EqualFold(strings.TrimSpace(a.SSL), "off")
	encryption := strings.ToLower(strings.TrimSpace(a.Encryption))
	if encryption == "none" {
		return protocol.NoTLS
	}
	if office {
		switch encryption {
		case "ssl":
			return protocol.ImplicitTLS
		case "tls":
			return protocol.StartTLS
		}
	}
	switch {
	case off:
		return protocol.NoTLS
	case startsPlain(port):
		return protocol.StartTLS
	}
	return protocol.ImplicitTLS
}

// startsPlain tells the ports at which TLS begins by a command (RFC 8314 section 7.3).
func startsPlain(port int) bool { return port == 143 || port == 110 || port == 25 || port == 587 }

// poxWay is one program's way through Autodiscover: what it has followed so far.
type poxWay struct {
	w                 *walk
	p                 Person
	office            bool
	addresses, places int
	ended             bool // what has answered ends the way
}

// at asks one place, and follows what it says.
func (y *poxWay) at(place, address string, via []string) *found {
	q := question{how: post, where: place, address: address}
	if !y.w.have(q) {
		return nil
	}
	a := y.w.answers[q]
	if !a.answers() {
		y.w.pass(q, statusWords(a))
		if a.trouble == NoTrouble && a.status == 401 { // behind the password there may be anything
			y.w.passed[len(y.w.passed)-1].unknown = true
		}
		return nil
	}
	y.ended = !y.office // Thunderbird takes the first place that answers, whatever that is
	said, err := poxAnswer{}, error(nil)
	if y.office || isXML(a) {
		said, err = readPOX(a.body, y.p, y.office)
	} else {
		err = fmt.Errorf("it is %q, and Thunderbird takes only text/xml and application/xml", shortened(a.media))
	}
	via = append(via, viaOf(place, a)...)
	switch {
	case err != nil:
		y.w.pass(q, err.Error())
		return nil
	case said.address != "":
		if y.addresses++; y.addresses > mostAddresses || !isAddress(said.address) {
			y.w.pass(q, "it sends clients from address to address")
			return nil
		}
		_, domain, _ := strings.Cut(said.address, "@")
		y.ended = false
		return y.at("https://autodiscover."+strings.ToLower(domain)+autodiscoverPath, said.address, append(via, place))
	case said.place != "":
		if y.places++; y.places > mostPlaces || !strings.HasPrefix(strings.ToLower(said.place), "https://") || hostOf(said.place) == "" {
			y.w.pass(q, "it sends clients on without an end, or to an address without TLS")
			return nil
		}
		return y.at(said.place, address, append(via, place))
	}
	return &found{at: lastOf(place, a), via: via, settings: said.settings}
}

func isAddress(text string) bool {
	local, domain, ok := strings.Cut(text, "@")
	return ok && local != "" && len(text) < 255 && isHostName(domain)
}

// then asks the places in their order until one has settings, or an answer is lacking.
func (y *poxWay) then(places ...string) *found {
	for _, place := range places {
		if f := y.at(place, y.p.Address, nil); f != nil || len(y.w.lacking) > 0 || y.ended {
			return f
		}
	}
	return nil
}

// thunderbirdAutodiscover is Thunderbird's own order.
func (w *walk) thunderbirdAutodiscover(p Person) *found {
	_, domain := p.split()
	y := &poxWay{w: w, p: p}
	if f := y.then("https://autodiscover."+domain+autodiscoverPath, "https://"+domain+autodiscoverPath); f != nil || len(w.lacking) > 0 || y.ended {
		return f
	}
	return y.byRedirectAndSRV(domain)
}

// outlook asks the domain itself first, as [MS-OXDISCO] has it; at each place the JSON form, and then the XML form without a
// password.
func outlook(w *walk, p Person, _ Subject) *found {
	_, domain := p.split()
	y := &poxWay{w: w, p: p, office: true}
	for _, host := range []string{domain, "autodiscover." + domain} {
		place, ok := w.officePlace(host, p.Address)
		if !ok {
			return nil
		}
		if f := y.then(place); f != nil || len(w.lacking) > 0 {
			return f
		}
	}
	return y.byRedirectAndSRV(domain)
}

// officePlace is where a host's JSON form says that the XML form is, or else where that is usually. ok is false if it is not
// known yet.
func (w *walk) officePlace(host, address string) (place string, ok bool) {
	usual := "https://" + host + autodiscoverPath
	q := question{how: get, where: "https://" + host + "/autodiscover/autodiscover.json?Email=" + url.QueryEscape(address) +
		"&Protocol=AutodiscoverV1&RedirectCount=1"}
	if !w.have(q) {
		return "", false
	}
	var said struct{ Protocol, URL string }
	a := w.answers[q]
	if a.trouble != NoTrouble || a.status != 200 || json.Unmarshal(a.body, &said) != nil {
		return usual, true
	}
	u, err := url.Parse(said.URL)
	if err != nil || u.Scheme != "https" || !isHostName(u.Hostname()) {
		return usual, true
	}
	return u.String(), true
}

// byRedirectAndSRV asks without TLS where to go, and then DNS.
func (y *poxWay) byRedirectAndSRV(domain string) *found {
	redirect := question{how: getOnce, where: "http://autodiscover." + domain + autodiscoverPath}
	srv := question{how: record, kind: dns.SRV, where: "_autodiscover._tcp." + domain}
	if !y.w.have(redirect, srv) {
		return nil
	}
	if to := y.w.answers[redirect].location; strings.HasPrefix(strings.ToLower(to), "https://") {
		if f := y.at(to, y.p.Address, []string{redirect.where}); f != nil || len(y.w.lacking) > 0 || y.ended {
			return f
		}
	} else {
		y.w.pass(redirect, statusWords(y.w.answers[redirect]))
	}
	targets, _ := dns.ReadSRV(y.w.answers[srv].records)
	if len(targets) == 0 || !isHostName(targets[0].Host) {
		y.w.pass(srv, "there is no such record")
		return nil
	}
	port := targets[0].Port
	if !y.office { // Thunderbird does not read it
		port = 443
	}
	return y.at("https://"+hostPort(targets[0].Host, port)+autodiscoverPath, y.p.Address, []string{srv.words()})
}
