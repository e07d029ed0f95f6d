// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"context"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Use is one sighting of a program that uses an account.
type Use struct {
	Name     string // of the account: an address in its one form, or a name in lower case where the log has no domain
	Protocol string // "imap", "pop3", "sieve", "smtp", "dav", "activesync"
	Client   string // what the program says of itself: the ID of IMAP, the User-Agent of HTTP; "" if the line does not have it
	When     time.Time

	From  netip.Addr // of POP3: where it came from; not valid if the line does not say it
	Ended bool       // of POP3: told when it ends, perhaps once more
}

// ReadUses reads logs as Read does, of web servers as well (the Common and Combined Log Format of Apache and nginx), and hands every
// sighting of a program that has got in to see. A login that failed is none.
func ReadUses(ctx context.Context, paths []string, see func(Use)) (Summary, error) {
	parser := newParser()
	parser.clients = map[string]string{}
	return read(ctx, parser, paths, func(event Event) {
		if event.Kind == Used {
			see(Use{Name: event.Names[0], Protocol: event.protocol, Client: event.client, When: event.When, From: event.From, Ended: event.Ended})
		}
	})
}

func used(protocol, name, client string) (event Event, is bool) {
	if name = nameIn(name); name == "" {
		return Event{}, false
	}
	return Event{Kind: Used, Names: []string{name}, protocol: protocol, client: client}, true
}

// maxSessions bounds what is kept of sessions of which only the first line was read.
const maxSessions = 10000

// What servers say of who has logged in with which program. Dovecot tells the ID before the login by the session, and behind
// it by the user (imap_id_log).
var (
	dovecotID      = regexp.MustCompile(`^imap-login: (?:Info: )?ID sent: (.*): user=<[^<>]*>.*session=<([^<>]+)>`)
	dovecotUserID  = regexp.MustCompile(`^imap\(([^()\s]+)\)(?:<[^<>]*>)*: (?:Info: )?ID sent: (.*)$`)
	dovecotFrom    = regexp.MustCompile(`\brip=([0-9a-fA-F.:]+), lip=([0-9a-fA-F.:]+)`)
	dovecotSession = regexp.MustCompile(`session=<([^<>]+)>`)
	postfixSASL    = regexp.MustCompile(`\bsasl_username=([^\s,]+)`)
	eximLogin      = regexp.MustCompile(` <= .* A=[^\s:]+:(\S+)`)
	dovecotNames   = map[string]string{"imap": "imap", "pop3": "pop3", "managesieve": "sieve", "submission": "smtp"}
)

// use tells whether a line is about a program that uses an account.
func (p *parser) use(e entry, line string) (event Event, is bool) {
	if event, is := webUse(line); is {
		return event, true
	}
	text := e.own
	if e.program == "dovecot" || strings.HasSuffix(e.program, "-login") || e.program == "imap" {
		text = e.text
		if e.program != "dovecot" {
			text = e.tag + ": " + e.text
		}
	}
	if event, is := p.dovecotUse(text[len(level.FindString(text)):]); is {
		return event, true
	}
	switch name := e.program[strings.LastIndexByte(e.program, '/')+1:]; {
	case name == "smtpd" || strings.HasPrefix(e.program, "postfix"):
		if m := postfixSASL.FindStringSubmatch(e.text); m != nil {
			return used("smtp", m[1], "")
		}
	case name == "imapd" || name == "imapd-ssl" || name == "imaplogin":
		if m := courierUser.FindStringSubmatch(e.text); m != nil {
			return used("imap", m[1], "")
		}
	case name == "imap" || name == "imaps":
		if m := cyrusLogin.FindStringSubmatch(e.text); m != nil {
			return used("imap", m[1], "")
		}
	}
	if m := eximLogin.FindStringSubmatch(e.own); m != nil {
		return used("smtp", m[1], "")
	}
	return Event{}, false
}

// cameFrom is how servers write the address of a client: "rip=192.0.2.7", "ip=[::ffff:192.0.2.7]", "host [192.0.2.7]".
var cameFrom = regexp.MustCompile(`(?:\brip=|\bip=\[|\[|\()([0-9a-fA-F.:]{3,45})`)

// from returns where a log-in came from, if its line says it.
func from(line string) netip.Addr {
	for _, m := range cameFrom.FindAllStringSubmatch(line, -1) {
		if address, err := netip.ParseAddr(m[1]); err == nil {
			return address.Unmap()
		}
	}
	return netip.Addr{}
}

func (p *parser) dovecotUse(text string) (event Event, is bool) {
	if m := dovecotID.FindStringSubmatch(text); m != nil {
		if len(p.clients) >= maxSessions {
			clear(p.clients)
		}
		p.clients[m[2]] = m[1]
		return nothing(), true
	}
	if m := dovecotUserID.FindStringSubmatch(text); m != nil {
		return used("imap", m[1], m[2])
	}
	m := dovecotLogin.FindStringSubmatch(text)
	if m == nil || m[3]+m[4] == "" || m[4] == "" && m[2] != "Login" && m[2] != "Logged in" {
		return Event{}, false
	}
	protocol, known := dovecotNames[m[1]]
	if !known {
		return Event{}, false
	}
	client := ""
	if s := dovecotSession.FindStringSubmatch(text); s != nil {
		client = p.clients[s[1]]
		delete(p.clients, s[1])
	}
	if from := dovecotFrom.FindStringSubmatch(text); client == "" && from != nil && from[1] == from[2] {
		return nothing(), true // the webmail or a proxy on the same machine: nobody's device
	}
	return used(protocol, m[3]+m[4], client)
}

// accessLine is the Common Log Format, with a virtual host in front or not: host, ident, user, time, request, status, octets; and
// in the Combined one the referrer and the User-Agent. Apache and nginx put a backslash before a quote.
var accessLine = regexp.MustCompile(`^(?:\S+ )?\S+ \S+ (\S+|"[^"]*") \[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] ` +
	`"([A-Z]+) ((?:[^"\\ ]|\\.)*)[^"]*" (\d{3}) \S+(?: "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)")?`)

const accessTime = "02/Jan/2006:15:04:05 -0700"

// webUse reads a line of a web server. One that is about neither calendars nor contacts tells nothing.
func webUse(line string) (event Event, is bool) {
	if !strings.Contains(line, " HTTP/") {
		return Event{}, false
	}
	m := accessLine.FindStringSubmatch(line)
	if m == nil {
		return Event{}, false
	}
	user, method, path, status, client := m[1], m[3], m[4], m[5], m[6]
	event = nothing()
	protocol := webProtocol(method, path)
	if protocol != "" && status[0] == '2' {
		if found, is := used(protocol, webUser(user, path), client); is {
			event = found
		}
	}
	if when, err := time.Parse(accessTime, m[2]); err == nil {
		event.When = when.UTC()
	}
	return event, true
}

// webProtocol tells requests for calendars and contacts (RFC 4791, RFC 6352) and ActiveSync from all others.
func webProtocol(method, path string) string {
	switch {
	case strings.Contains(path, "Microsoft-Server-ActiveSync"):
		return "activesync"
	case method == "PROPFIND" || method == "REPORT" || method == "PROPPATCH" || method == "MKCALENDAR":
		return "dav"
	case (method == "PUT" || method == "GET" || method == "DELETE") && (strings.Contains(path, ".ics") || strings.Contains(path, ".vcf")):
		return "dav"
	}
	return ""
}

// webUser is who has logged in; a server that checks passwords in its program, as SabreDAV does, leaves it to the path to tell.
func webUser(user, path string) string {
	if user = strings.Trim(user, `"`); user != "-" && user != "" {
		return user
	}
	if u, err := url.Parse(path); err == nil {
		if name := u.Query().Get("User"); name != "" { // ActiveSync: "example\anna"
			return name[strings.LastIndexByte(name, '\\')+1:]
		}
		path = u.Path
	}
	if all := AddressesIn(strings.ReplaceAll(path, "/", " ")); len(all) == 1 {
		return all[0]
	}
	return ""
}
