// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"rehome"
)

// WebServer is for whom a text is written that goes into a web server's settings.
type WebServer string

// The web servers.
const (
	Nginx  WebServer = "nginx"
	Apache WebServer = "apache"
)

// placed is the folder that the texts name for the documents; whoever uses one puts the documents there, or changes it.
const placed = "/srv/clients/"

// Redirects returns what an own web server needs to answer clients with the documents of this side instead of "clients serve": the
// documents at their places, and the way to calendars and contacts, also from paths of the old server once this side is the
// destination. Redirects keep the method and are not remembered (307, RFC 9110 section 15.4.8). Outlook's form needs a program that
// reads requests, and is left to the responder; "" leaves it out.
func (s Service) Redirects(server WebServer, paths map[string]string, responder string) []byte {
	var b strings.Builder
	write := map[WebServer]directives{Nginx: nginxDirectives{}, Apache: apacheDirectives{}}[server]
	fmt.Fprintf(&b, "# For the TLS hosts %[1]s, autoconfig.%[1]s and ua-auto-config.%[1]s, while people use the servers of the %[2]s.\n",
		s.Domain, s.Side)
	fmt.Fprintf(&b, "# Copy the documents beside this file to %s.\n", placed+s.Domain)
	b.WriteString(write.head())
	if _, ok := s.Autoconfig(autoconfigOld); ok {
		for _, path := range []string{autoconfigPath, autoconfigWellKnown} {
			b.WriteString(write.document(path, placed+s.Domain+"/config-v1.1.xml", "text/xml"))
		}
	}
	if _, ok := s.PACC(); ok {
		b.WriteString(write.document(paccPath, placed+s.Domain+"/user-agent-configuration.json", mediaJSON))
	}
	if s.DAV != nil {
		for _, path := range []string{"/.well-known/caldav", "/.well-known/carddav"} {
			b.WriteString(write.redirect(path, s.DAV.String()))
		}
		if s.Side == rehome.Destination {
			for _, from := range slices.Sorted(maps.Keys(paths)) {
				b.WriteString(write.below(from, "https://"+s.DAV.Host+paths[from]))
			}
		}
	}
	if responder != "" && s.SendsAndReceives() {
		b.WriteString(write.redirect(autodiscoverPath, "https://"+responder+autodiscoverPath))
	}
	return []byte(b.String())
}

// directives are one web server's words for the few things that are needed.
type directives interface {
	head() string
	document(path, file, media string) string
	redirect(path, to string) string
	below(path, to string) string // with the rest of the path, and the query
}

type nginxDirectives struct{}

func (nginxDirectives) head() string { return "# Put this into their server blocks.\n" }

func (nginxDirectives) document(path, file, media string) string {
	return fmt.Sprintf("location = %s {\n    alias %s;\n    types { }\n    default_type %s;\n    add_header Cache-Control no-store;\n}\n",
		path, file, media)
}

func (nginxDirectives) redirect(path, to string) string {
	return fmt.Sprintf("location = %s {\n    return 307 %s;\n}\n", path, quotedNginx(to))
}

// below takes the rest from the request as it came. nginx decodes the path that it matches, and would send on a line end in it as the
// end of a header field.
func (nginxDirectives) below(path, to string) string {
	return fmt.Sprintf("location ^~ %s {\n    if ($request_uri ~ \"^%s(.*)$\") {\n        return 307 %s$1;\n    }\n    return 404;\n}\n",
		path, regexp.QuoteMeta(path), quotedNginx(to))
}

// quotedNginx keeps a "$" in an address from being a variable; nginx has no escape for it.
func quotedNginx(address string) string { return strings.ReplaceAll(address, "$", "%24") }

type apacheDirectives struct{}

func (apacheDirectives) head() string {
	return "# Put this into their virtual hosts; it needs mod_alias and mod_headers.\n"
}

func (apacheDirectives) document(path, file, media string) string {
	return fmt.Sprintf("Alias \"%[1]s\" \"%[2]s\"\n<Location \"%[1]s\">\n    ForceType %[3]s\n    Header set Cache-Control no-store\n"+
		"    Require all granted\n</Location>\n", path, file, media)
}

func (apacheDirectives) redirect(path, to string) string {
	return fmt.Sprintf("RedirectMatch 307 \"^%s$\" \"%s\"\n", regexp.QuoteMeta(path), quotedApache(to))
}

func (apacheDirectives) below(path, to string) string {
	return fmt.Sprintf("Redirect 307 \"%s\" \"%s\"\n", path, to)
}

// quotedApache keeps a "$" from standing for a part of what was matched.
func quotedApache(address string) string { return strings.ReplaceAll(address, "$", `\$`) }
