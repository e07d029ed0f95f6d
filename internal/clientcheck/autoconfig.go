// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/html/charset"

	"rehome/internal/protocol"
	"rehome/internal/protocol/dns"
)

// maxServers bounds what is taken from one document.
const maxServers = 8

// autoconfigDocument is Thunderbird's format, as far as clients read it.
type autoconfigDocument struct {
	XMLName   xml.Name `xml:"clientConfig"`
	Providers []struct {
		ID       string             `xml:"id,attr"`
		Domains  []string           `xml:"domain"`
		Incoming []autoconfigServer `xml:"incomingServer"`
		Outgoing []autoconfigServer `xml:"outgoingServer"`
	} `xml:"emailProvider"`
}

type autoconfigServer struct {
	Type           string   `xml:"type,attr"`
	Host           string   `xml:"hostname"`
	Port           string   `xml:"port"`
	Sockets        []string `xml:"socketType"`
	Authentication []string `xml:"authentication"`
	User           string   `xml:"username"`
}

// readXML reads a document of one kind. Go's reader expands no entities of a document type; what is not UTF-8 is read all the
// same, as clients do.
func readXML(body []byte, into any) error {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	decoder.CharsetReader = charset.NewReaderLabel
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("it is not such a document: %s", shortened(err.Error()))
	}
	return nil
}

// readAutoconfig reads a document as Thunderbird does, or, strict, as Thunderbird for Android: it knows IMAP only, and gives up a
// document with a kind of connection that it does not know, which includes connections without TLS.
func readAutoconfig(body []byte, p Person, strict bool) (settings, error) {
	var document autoconfigDocument
	if err := readXML(body, &document); err != nil {
		return settings{}, err
	}
	if len(document.Providers) == 0 {
		return settings{}, errors.New("it has no emailProvider")
	}
	provider := document.Providers[0]
	if !isHostName(provider.ID) {
		return settings{}, errors.New("the id of its emailProvider is no host name")
	}
	if !strict && !anyHostName(provider.Domains) {
		return settings{}, errors.New("it names no domain")
	}
	var s settings
	var last error
	for _, one := range append(provider.Incoming, provider.Outgoing...) {
		server, err := one.read(p, strict)
		switch {
		case err != nil && strict && errors.Is(err, errSocket):
			return settings{}, err
		case err != nil:
			last = err
		case len(s.servers) < maxServers && server.Service != "":
			s.servers = append(s.servers, server)
		}
	}
	if !s.sendsAndReceives() {
		if last == nil {
			last = errors.New("it names no server for one of both ways")
		}
		return settings{}, last
	}
	return s, nil
}

var errSocket = errors.New("it has a socketType that the client does not know")

// read understands one server. One of a kind that the client does not use has no service, and is no error.
func (a autoconfigServer) read(p Person, strict bool) (Server, error) {
	service := map[string]Service{"imap": IMAP, "pop3": POP3, "smtp": Submission}[a.Type]
	if service == "" || strict && service == POP3 {
		return Server{}, nil
	}
	s := Server{Service: service, Host: strings.ToLower(strings.TrimSpace(a.Host)), User: filledIn(a.User, p)}
	var err error
	if s.Port, err = readPort(a.Port); err != nil {
		return Server{}, err
	}
	if !isHost(s.Host) {
		return Server{}, errors.New("it has a server without a proper host name")
	}
	if s.Security = a.security(strict); s.Security == "" {
		return Server{}, errSocket
	}
	if s.User == "" && !strict {
		return Server{}, errors.New("it has a server without a user name")
	}
	for _, way := range a.Authentication {
		switch strings.TrimSpace(way) {
		case "password-cleartext", "password-encrypted", "GSSAPI", "NTLM", "plain", "secure":
			return s, nil
		case "none", "client-IP-address", "smtp-after-pop":
			if service == Submission {
				return s, nil
			}
		case "TLS-client-cert":
			if strict {
				return s, nil
			}
		}
	}
	return Server{}, errors.New("it offers only log-ins that the client does not use there (OAuth2 works with the providers that it knows)")
}

// security is the first kind of connection that the client knows, or "".
func (a autoconfigServer) security(strict bool) protocol.Security {
	ways := map[string]protocol.Security{"SSL": protocol.ImplicitTLS, "STARTTLS": protocol.StartTLS, "plain": protocol.NoTLS}
	for _, socket := range a.Sockets {
		known := ways[strings.TrimSpace(socket)]
		if known == protocol.NoTLS && strict {
			return ""
		}
		if known != "" || strict {
			return known
		}
	}
	return ""
}

// filledIn puts in what stands for parts of the address.
func filledIn(user string, p Person) string {
	local, domain := p.split()
	return strings.NewReplacer("%EMAILADDRESS%", p.Address, "%EMAILLOCALPART%", local, "%EMAILDOMAIN%", domain).Replace(strings.TrimSpace(user))
}

func readPort(text string) (int, error) {
	port, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || port < 1 || port > 65535 {
		return 0, fmt.Errorf("it has %q as a port", shortened(text))
	}
	return port, nil
}

func isHostName(name string) bool {
	name = strings.TrimSpace(name)
	return name != "" && dns.ValidName(strings.ToLower(name)) && !strings.ContainsAny(name, " /:@\"'<>")
}

// isHost takes addresses too.
func isHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || isHostName(host)
}

func anyHostName(names []string) bool {
	for _, name := range names {
		if isHostName(name) {
			return true
		}
	}
	return false
}

// shortened is a text of somebody else's for a sentence.
func shortened(text string) string {
	const most = 120
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\ufffd")), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}

// statusWords say what an answer is that is no document.
func statusWords(a answer) string {
	switch {
	case a.trouble != NoTrouble:
		return a.why
	case a.status == 401:
		return "it asks for a password"
	case a.location != "":
		return "it sends clients on to " + shortened(a.location)
	}
	return "it answers " + strconv.Itoa(a.status)
}
