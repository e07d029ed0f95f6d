// SPDX-License-Identifier: Apache-2.0

package thunderbird

import (
	"fmt"
	"strings"
)

// scene is one domain with what its web servers answer.
type scene struct {
	name  string          // of the domain, before ".test"
	pages map[string]page // by host and path; the host is without the domain, "" is the domain itself
	about string          // what a reader has to know
}

type page struct {
	status int
	media  string
	body   string
}

const (
	atAutoconfig = "autoconfig/mail/config-v1.1.xml"
	atWellKnown  = "/.well-known/autoconfig/mail/config-v1.1.xml"
	atDiscover   = "autodiscover/autodiscover/autodiscover.xml"
	atDomain     = "/autodiscover/autodiscover.xml"
)

func xml(body string, edits ...string) page {
	return page{200, "text/xml; charset=utf-8", strings.NewReplacer(edits...).Replace(body)}
}

// scenes are answers that are told apart by some client.
func scenes() []scene {
	config, pox := configOf("mail.test"), poxOf("pox.test")
	return []scene{
		{"plain-answer", map[string]page{atAutoconfig: xml(config)}, "a document at the first place"},
		{"second-place", map[string]page{atWellKnown: xml(config)}, "a document at the second place"},
		{"two-documents", map[string]page{atAutoconfig: xml(config), atWellKnown: xml(configOf("other.test"))}, "the first of two counts"},
		{"first-missing", map[string]page{atAutoconfig: {404, "text/html", "no"}, atWellKnown: xml(config)}, "404 leads on"},
		{"page-hides", map[string]page{atAutoconfig: {200, "text/html", "<html>hello</html>"}, atWellKnown: xml(config)}, "a page hides the second place"},
		{"broken-hides", map[string]page{atAutoconfig: xml("<clientConfig>"), atWellKnown: xml(config)}, "and so does a broken document"},
		{"media-type", map[string]page{atAutoconfig: {200, "application/octet-stream", config}}, "only XML by its media type"},
		{"oauth-only", map[string]page{atAutoconfig: xml(config, "password-cleartext", "OAuth2")}, "OAuth2 of an unknown provider"},
		{"oauth-first", map[string]page{atAutoconfig: xml(config, "<authentication>", "<authentication>OAuth2</authentication><authentication>")},
			"OAuth2, and then a password"},
		{"without-tls", map[string]page{atAutoconfig: xml(config, ">SSL<", ">plain<")}, "it takes servers without TLS"},
		{"starttls", map[string]page{atAutoconfig: xml(config, ">SSL<", ">STARTTLS<", "993", "143", "465", "587")}, "STARTTLS"},
		{"unknown-socket", map[string]page{atAutoconfig: xml(config, ">SSL<", ">TLS<")}, "an unknown kind of connection"},
		{"local-part", map[string]page{atAutoconfig: xml(config, "%EMAILADDRESS%", "%EMAILLOCALPART%")}, "a user name without the domain"},
		{"one-way", map[string]page{atAutoconfig: xml(config, `"smtp"`, `"nntp"`)}, "no server for outgoing mail"},
		{"bad-port", map[string]page{atAutoconfig: xml(config, ">993<", ">99399<")}, "an impossible port"},
		{"autodiscover", map[string]page{atDiscover: xml(pox)}, "Autodiscover where there is nothing else"},
		{"discover-domain", map[string]page{atDomain: xml(pox)}, "Autodiscover at the domain itself"},
		{"discover-last", map[string]page{atAutoconfig: xml(config), atDiscover: xml(pox)}, "a document comes before Autodiscover"},
		{"discover-hides", map[string]page{atDiscover: {200, "text/html", "<html>"}, atDomain: xml(pox)}, "a page hides the second place there too"},
		{"discover-plain", map[string]page{atDiscover: xml(pox, "<SSL>on</SSL>", "<SSL>off</SSL>")}, "Autodiscover without TLS"},
		{"discover-143", map[string]page{atDiscover: xml(pox, ">993<", ">143<")}, "STARTTLS by the port"},
		{"discover-none", map[string]page{atDiscover: xml(pox, "<SSL>on</SSL>", "<SSL>on</SSL><Encryption>None</Encryption>")}, "Encryption None"},
		{"discover-login", map[string]page{atDiscover: xml(pox, "<LoginName>anna</LoginName>", "")}, "no user name is the address"},
		{"discover-error", map[string]page{atDiscover: xml("<Autodiscover><Response><Error><ErrorCode>600</ErrorCode></Error></Response></Autodiscover>")},
			"an error"},
		{"nothing", nil, "nothing anywhere"},
	}
}

// configOf is a document whose servers are at a host.
func configOf(host string) string {
	server := func(tag, kind string, port int) string {
		return fmt.Sprintf(`<%[1]s type="%[2]s"><hostname>%[3]s</hostname><port>%[4]d</port><socketType>SSL</socketType>`+
			`<authentication>password-cleartext</authentication><username>%%EMAILADDRESS%%</username></%[1]s>`, tag, kind, host, port)
	}
	return `<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="mail.test"><domain>mail.test</domain><displayName>x</displayName>` +
		server("incomingServer", "imap", 993) + server("incomingServer", "pop3", 995) + server("outgoingServer", "smtp", 465) +
		`</emailProvider></clientConfig>`
}

func poxOf(host string) string {
	protocol := func(kind string, port int) string {
		return fmt.Sprintf(`<Protocol><Type>%s</Type><Server>%s</Server><Port>%d</Port><LoginName>anna</LoginName><SPA>off</SPA><SSL>on</SSL></Protocol>`,
			kind, host, port)
	}
	return `<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">` +
		`<Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"><Account><AccountType>email</AccountType>` +
		`<Action>settings</Action>` + protocol("IMAP", 993) + protocol("SMTP", 465) + `</Account></Response></Autodiscover>`
}
