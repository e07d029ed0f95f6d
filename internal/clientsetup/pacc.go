// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"rehome/internal/protocol"
)

// The document of draft-ietf-mailmaint-pacc. It has no ports and no user names: only the ports for TLS from the first octet
// count, and the user name is the address.
type pacc struct {
	Protocols      map[string]any  `json:"protocols"`
	Authentication map[string]bool `json:"authentication"`
	Info           paccInfo        `json:"info"`
}

type paccInfo struct {
	Provider struct {
		Name      string `json:"name"`
		ShortName string `json:"shortName"`
	} `json:"provider"`
	Help *paccHelp `json:"help,omitempty"`
}

type paccHelp struct {
	Documentation string `json:"documentation"`
}

type paccHost struct {
	Host string `json:"host"`
}

type paccURL struct {
	URL string `json:"url"`
}

// PACC returns the document that clients of draft-ietf-mailmaint-pacc ask for. ok is false where it cannot describe the service:
// the user name is not the address, or a server needs STARTTLS or a port of its own. Any octet changes PACCRecord.
func (s Service) PACC() (document []byte, ok bool) {
	p := pacc{Protocols: map[string]any{}, Authentication: map[string]bool{"password": true}}
	for _, one := range []struct {
		name string
		s    Server
		port int
	}{{"imap", s.IMAP, 993}, {"pop3", s.POP3, 995}, {"submit", s.Submission, 465}} { // "submit" since -03
		if one.s.Known() && one.s.Security == protocol.ImplicitTLS && one.s.Port == one.port {
			p.Protocols[one.name] = paccHost{one.s.Host}
		}
	}
	_, sends := p.Protocols["submit"]
	if s.Login != LoginAddress || !sends || len(p.Protocols) < 2 {
		return nil, false
	}
	if s.DAV != nil && s.DAV.Port() == "" {
		p.Protocols["caldav"] = paccURL{s.DAV.String()}
		p.Protocols["carddav"] = paccURL{s.DAV.String()}
	}
	p.Info.Provider.Name = s.name(60)
	p.Info.Provider.ShortName = s.name(20)
	if s.Help != "" {
		p.Info.Help = &paccHelp{Documentation: s.Help}
	}
	document, err := json.Marshal(p) // the keys of a map are sorted
	return document, err == nil
}

// PACCRecord is the text of the TXT record _ua-auto-config.DOMAIN that goes with a document.
func PACCRecord(document []byte) string {
	sum := sha256.Sum256(document)
	return "v=UAAC1; a=sha256; d=" + base64.StdEncoding.EncodeToString(sum[:])
}
