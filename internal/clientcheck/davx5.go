// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rehome/internal/protocol/dns"
)

// davx5 looks for calendars and contacts from the address alone: the service records with their paths (RFC 6764), or else the
// domain itself, and there /.well-known.
func davx5(w *walk, p Person, _ Subject) *found { return w.discoverBoth(p, true) }

// thunderbirdDAV looks like davx5. But it takes no XML from another host than the one that it has asked: what redirects there
// leads it nowhere, and the domain needs the service records.
func thunderbirdDAV(w *walk, p Person, _ Subject) *found { return w.discoverBoth(p, false) }

func (w *walk) discoverBoth(p Person, crosses bool) *found {
	_, domain := p.split()
	calendars, open := w.discoverDAV("caldav", domain, crosses)
	contacts, openToo := w.discoverDAV("carddav", domain, crosses)
	if open || openToo || calendars == nil && contacts == nil {
		return nil
	}
	f := calendars
	if f == nil {
		f = &found{at: contacts.at, via: contacts.via}
	} else {
		f.settings.calendars = calendars.at
	}
	if contacts != nil {
		f.settings.contacts = contacts.at
	}
	return f
}

// lastHost is the host that was asked before a redirect, or "".
func (f *found) lastHost() string {
	if f == nil || len(f.via) == 0 {
		return ""
	}
	return hostOf(f.via[len(f.via)-1])
}

// discoverDAV follows one of both; open says that an answer is lacking. crosses is whether the client follows a redirect to another
// host.
func (w *walk) discoverDAV(kind, domain string, crosses bool) (f *found, open bool) {
	name := "_" + kind + "s._tcp." + domain
	srv, txt := question{how: record, kind: dns.SRV, where: name}, question{how: record, kind: dns.TXT, where: name}
	if !w.have(srv, txt) {
		return nil, true
	}
	start, via := "https://"+domain+"/.well-known/"+kind, []string{}
	if targets, _ := dns.ReadSRV(w.answers[srv].records); len(targets) > 0 && isHostName(targets[0].Host) {
		start, via = "https://"+hostPort(targets[0].Host, targets[0].Port)+w.davPath(txt, kind), []string{srv.words()}
	} else if w.answers[srv].trouble != NoTrouble {
		w.pass(srv, "")
	}
	f, open = w.davAt(start, via)
	if before := f.lastHost(); !crosses && before != "" && before != hostOf(f.at) {
		w.passed = append(w.passed, Passed{Asked: start,
			Why: "it redirects to another host, whose answer this program does not take; it needs the record SRV " + name})
		return nil, false
	}
	return f, open
}

// davPath is what the TXT record beside the service record says (RFC 6764 section 4), or /.well-known.
func (w *walk) davPath(txt question, kind string) string {
	for _, text := range dns.Texts(w.answers[txt].records) {
		if path, is := strings.CutPrefix(text, "path="); is && strings.HasPrefix(path, "/") {
			return (&url.URL{Path: path}).EscapedPath()
		}
	}
	return "/.well-known/" + kind
}

// davAt asks one place whether it is a server of calendars and contacts: one that has looked at the question, or wants to know
// first who asks.
func (w *walk) davAt(start string, via []string) (f *found, open bool) {
	q := question{how: propfind, where: start}
	if !w.have(q) {
		return nil, true
	}
	a := w.answers[q]
	asks := a.status == 401 && (slices.Contains(a.schemes, "basic") || slices.Contains(a.schemes, "digest"))
	if a.trouble != NoTrouble || a.status != 207 && !asks {
		w.pass(q, statusWords(a))
		return nil, false
	}
	return &found{at: lastOf(start, a), via: append(via, viaOf(start, a)...)}, false
}

func hostPort(host string, port int) string {
	if port == 443 || port == 0 {
		return host
	}
	return host + ":" + strconv.Itoa(port)
}
