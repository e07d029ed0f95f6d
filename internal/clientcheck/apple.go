// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"cmp"
	"net/url"
	"strings"

	"rehome/internal/protocol"
)

// apple opens the link to a profile: Apple's programs look for nothing by themselves that a mail host could answer. What the profile
// says of contacts has to lead on from /.well-known, as a Mac knows no other way.
func apple(w *walk, p Person, s Subject) *found {
	_, domain := p.split()
	host := cmp.Or(s.Responder, "autoconfig."+domain)
	q := question{how: get, where: "https://" + host + "/mail/apple.mobileconfig?emailaddress=" + url.QueryEscape(p.Address)}
	f := w.first([]question{q}, func(a answer) (settings, error) { return readProfile(a.body) })
	if f == nil || f.settings.contacts == "" {
		return f
	}
	start := "https://" + authority(f.settings.contacts) + "/.well-known/carddav"
	contacts, open := w.davAt(start, nil)
	switch {
	case open:
		return nil
	case contacts == nil:
		passed := w.passed[len(w.passed)-1]
		f.settings.trouble = &hindrance{what: "a Mac finds no contacts: " + start + ": " + passed.Why, host: hostOf(start),
			step: "let that address answer with a valid certificate, and redirect to where contacts begin"}
	}
	return f
}

// authority is the host of an address, with its port if that is an unusual one.
func authority(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// readProfile reads a configuration profile, signed or not.
func readProfile(body []byte) (settings, error) {
	root, err := readPropertyList(body)
	if err != nil {
		return settings{}, err
	}
	var s settings
	payloads, _ := root["PayloadContent"].([]any)
	for _, one := range payloads {
		payload, _ := one.(map[string]any)
		switch kind := textOf(payload, "PayloadType"); kind {
		case "com.apple.mail.managed":
			s.servers = append(s.servers, profileMail(payload)...)
		case "com.apple.caldav.account":
			s.calendars = profileDAV(payload, "CalDAV")
		case "com.apple.carddav.account":
			s.contacts = profileDAV(payload, "CardDAV")
		}
		if len(s.servers) >= maxServers {
			break
		}
	}
	if !s.sendsAndReceives() {
		return settings{}, errNoMailPayload
	}
	return s, nil
}

func profileMail(payload map[string]any) []Server {
	service := IMAP
	if textOf(payload, "EmailAccountType") == "EmailTypePOP" {
		service = POP3
	}
	server := func(service Service, way string) Server {
		s := Server{Service: service, Host: strings.ToLower(textOf(payload, way+"MailServerHostName")), User: textOf(payload, way+"MailServerUsername")}
		port, _ := payload[way+"MailServerPortNumber"].(int64)
		s.Port, s.Security = int(port), protocol.NoTLS
		if secured, _ := payload[way+"MailServerUseSSL"].(bool); secured { // off if it is absent
			s.Security = protocol.ImplicitTLS
			if startsPlain(s.Port) {
				s.Security = protocol.StartTLS
			}
		}
		return s
	}
	var all []Server
	for _, s := range []Server{server(service, "Incoming"), server(Submission, "Outgoing")} {
		if isHostName(s.Host) && s.Port > 0 && s.Port < 65536 {
			all = append(all, s)
		}
	}
	return all
}

func profileDAV(payload map[string]any, prefix string) string {
	host := strings.ToLower(textOf(payload, prefix+"HostName"))
	if !isHostName(host) {
		return ""
	}
	port, _ := payload[prefix+"Port"].(int64)
	if port < 0 || port > 65535 {
		return ""
	}
	u := url.URL{Scheme: "https", Host: hostPort(host, int(port)), Path: "/"}
	if path := textOf(payload, prefix+"PrincipalURL"); strings.HasPrefix(path, "/") {
		u.Path = path
	}
	return u.String()
}

func textOf(payload map[string]any, key string) string {
	text, _ := payload[key].(string)
	return strings.TrimSpace(text)
}
