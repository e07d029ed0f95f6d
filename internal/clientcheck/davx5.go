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
func davx5(w *walk, p Person, _ Subject) *found {
	_, domain := p.split()
	calendars, open := w.discoverDAV("caldav", domain)
	contacts, openToo := w.discoverDAV("carddav", domain)
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

// thunderbirdContacts looks like davx5. But it takes no XML from another host than the one that it has asked: what redirects there
// leads it nowhere, and the domain needs the service record.
func thunderbirdContacts(w *walk, p Person, _ Subject) *found {
	_, domain := p.split()
	contacts, open := w.discoverDAV("carddav", domain)
	if open || contacts == nil {
		return nil
	}
	if before := contacts.lastHost(); before != "" && before != hostOf(contacts.at) {
		w.passed = append(w.passed, Passed{Asked: "https://" + before + "/.well-known/carddav",
			Why: "it redirects to another host, whose answer Thunderbird does not take; it needs the record SRV _carddavs._tcp." + domain})
		return nil
	}
	contacts.settings.contacts = contacts.at
	return contacts
}

// lastHost is the host that was asked before a redirect, or "".
func (f *found) lastHost() string {
	if len(f.via) == 0 {
		return ""
	}
	return hostOf(f.via[len(f.via)-1])
}

// discoverDAV follows one of both; open says that an answer is lacking.
func (w *walk) discoverDAV(kind, domain string) (f *found, open bool) {
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
	return w.davAt(start, via)
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
