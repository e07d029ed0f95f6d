// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rehome/internal/protocol"
)

// The names of Autodiscover's XML form ("POX", [MS-OXDSCLI]). Phones ask for the third: ActiveSync, which we do not have.
const (
	autodiscoverOuter  = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
	autodiscoverInner  = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
	autodiscoverMobile = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
)

// What may be in a request. Outlook's have about 400 octets.
const (
	maxAutodiscover = 16 << 10
	maxXMLDepth     = 16
	maxXMLTokens    = 1000
)

// Why a request gets no settings; the words stand in the answer.
var (
	errNoRequest    = errors.New("the request is not an Autodiscover request")
	errNoAddress    = errors.New("the request names no e-mail address")
	errNoActiveSync = errors.New("this service has no ActiveSync")
	errNoSettings   = errors.New("there are no settings for this domain")
)

// readAutodiscover returns the address that a request asks for. The reader is bounded in octets, depth and number of parts;
// a document type is refused, so that nothing is ever expanded.
func readAutodiscover(r io.Reader) (address string, err error) {
	decoder := xml.NewDecoder(io.LimitReader(r, maxAutodiscover))
	decoder.CharsetReader = func(charset string, input io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("charset %q", charset) // clients send UTF-8
	}
	addressPath := [...]string{"Autodiscover", "Request", "EMailAddress"}
	schemaPath := [...]string{"Autodiscover", "Request", "AcceptableResponseSchema"}
	var path []string
	schema := ""
	for range maxXMLTokens {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && len(path) == 0 {
			return address, judgeRequest(address, schema)
		}
		if err != nil {
			return "", errNoRequest
		}
		switch t := token.(type) {
		case xml.Directive:
			return "", errNoRequest
		case xml.StartElement:
			if path = append(path, t.Name.Local); len(path) > maxXMLDepth {
				return "", errNoRequest
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			switch {
			case slices.Equal(path, addressPath[:]):
				address += string(t)
			case slices.Equal(path, schemaPath[:]):
				schema += string(t)
			}
		}
	}
	return "", errNoRequest
}

func judgeRequest(address, schema string) error {
	switch schema = strings.TrimSpace(schema); {
	case schema == autodiscoverMobile:
		return errNoActiveSync
	case schema != "" && schema != autodiscoverInner:
		return errNoRequest
	case strings.TrimSpace(address) == "":
		return errNoAddress
	}
	return nil
}

type poxAnswer struct {
	XMLName  xml.Name `xml:"Autodiscover"`
	Space    string   `xml:"xmlns,attr"`
	Response poxResponse
}

type poxResponse struct {
	Space   string      `xml:"xmlns,attr,omitempty"`
	User    *poxUser    `xml:"User"`
	Account *poxAccount `xml:"Account"`
	Error   *poxError   `xml:"Error"`
}

type poxUser struct {
	DisplayName string
}

type poxAccount struct {
	AccountType string
	Action      string
	Protocol    []poxProtocol
}

// poxProtocol writes down every switch: most of them are on when they are absent, SPA above all, which would have Outlook
// ask for a password for ever.
type poxProtocol struct {
	Type           string
	Server         string
	Port           int
	DomainRequired string
	LoginName      string
	SPA            string
	SSL            string
	Encryption     string
	AuthRequired   string
	UsePOPAuth     string `xml:",omitempty"`
	SMTPLast       string `xml:",omitempty"`
}

type poxError struct {
	Time      string `xml:"Time,attr"`
	ID        string `xml:"Id,attr"`
	ErrorCode int
	Message   string
	DebugData string
}

// Autodiscover returns what Outlook gets for an address, which has to be one of the service's domain. ok is false where the
// service cannot send and receive, or it is no address.
func (s Service) Autodiscover(address string) (document []byte, ok bool) {
	local, domain, ok := splitAddress(address)
	if !ok || domain != s.Domain {
		return nil, false
	}
	return s.autodiscoverForm().filledIn(local+"@"+domain, s.Login.of(local, domain))
}

// poxForm is the document of a service with gaps for what is a person's own: it is made once, and filled in at each request. The
// pieces stand between the gaps.
type poxForm struct {
	pieces []string
	logins []bool // whether the gap behind a piece is for the user name; otherwise it is for the address
}

// What stands in the gaps while the form is made. Nothing else in it has such letters: hosts are in lower case.
const (
	gapAddress = "GAP-ADDRESS"
	gapLogin   = "GAP-LOGIN"
)

// autodiscoverForm returns nil where the service cannot send and receive.
func (s Service) autodiscoverForm() *poxForm {
	if !s.SendsAndReceives() {
		return nil
	}
	account := poxAccount{AccountType: "email", Action: "settings"}
	for _, one := range []struct {
		kind string
		s    Server
	}{{"IMAP", s.IMAP}, {"POP3", s.POP3}, {"SMTP", s.Submission}} {
		if one.s.Known() {
			account.Protocol = append(account.Protocol, poxProtocolOf(one.kind, one.s, gapLogin))
		}
	}
	text := string(writePOX(poxResponse{Space: autodiscoverInner, User: &poxUser{DisplayName: gapAddress}, Account: &account}))
	form := &poxForm{}
	for {
		at, length, login := strings.Index(text, "GAP-"), len(gapAddress), false
		if at < 0 {
			form.pieces = append(form.pieces, text)
			return form
		}
		if strings.HasPrefix(text[at:], gapLogin) {
			length, login = len(gapLogin), true
		}
		form.pieces, form.logins = append(form.pieces, text[:at]), append(form.logins, login)
		text = text[at+length:]
	}
}

// filledIn returns the document of one person.
func (f *poxForm) filledIn(address, login string) (document []byte, ok bool) {
	if f == nil {
		return nil, false
	}
	var b bytes.Buffer
	b.Grow(2048)
	for i, piece := range f.pieces {
		b.WriteString(piece)
		switch {
		case i == len(f.logins):
		case f.logins[i]:
			_ = xml.EscapeText(&b, []byte(login)) // a buffer takes all
		default:
			_ = xml.EscapeText(&b, []byte(address))
		}
	}
	return b.Bytes(), true
}

func poxProtocolOf(kind string, server Server, login string) poxProtocol {
	p := poxProtocol{
		Type: kind, Server: server.Host, Port: server.Port, DomainRequired: "off", LoginName: login,
		SPA: "off", SSL: "on", Encryption: "SSL", AuthRequired: "on",
	}
	if server.Security == protocol.StartTLS {
		p.Encryption = "TLS"
	}
	if kind == "SMTP" {
		p.UsePOPAuth = "on" // the log-in of the incoming server
		p.SMTPLast = "off"
	}
	return p
}

// autodiscoverError is the answer to a request that gets no settings; its status is 200 all the same.
func autodiscoverError(cause error, now time.Time) []byte {
	return writePOX(poxResponse{Error: &poxError{
		Time: now.UTC().Format("15:04:05.0000000"), ID: "0", ErrorCode: 600, Message: "Invalid Request: " + cause.Error(),
	}})
}

func writePOX(response poxResponse) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	encoder := xml.NewEncoder(&b)
	encoder.Indent("", "  ")
	_ = encoder.Encode(poxAnswer{Space: autodiscoverOuter, Response: response}) // nothing in the types, and no buffer, can fail
	b.WriteByte('\n')
	return b.Bytes()
}
