// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"rehome/internal/protocol/dns"
)

// Where the two Thunderbirds look for what others have collected.
const (
	database        = "https://live.thunderbird.net/autoconfig/v1.1/"
	androidDatabase = "https://autoconfig.thunderbird.net/v1.1/"
)

// thunderbird looks in the order of the desktop program: the provider, over https and then over http, then the database, then
// the provider of the MX host; Autodiscover is used where all of these fail. (It asks them at the same time; the first of this
// order that succeeds wins.)
func thunderbird(w *walk, p Person, _ Subject) *found {
	_, domain := p.split()
	read := autoconfigFor(p, false)
	if f := w.first(providerQuestions(domain, "?emailaddress="+url.QueryEscape(p.Address)), read); f != nil || len(w.lacking) > 0 {
		return f
	}
	if f := w.first([]question{{how: get, where: database + domain}}, read); f != nil || len(w.lacking) > 0 {
		return f
	}
	if f := w.byMX(domain, database, read); f != nil || len(w.lacking) > 0 {
		return f
	}
	return w.thunderbirdAutodiscover(p)
}

// android looks like the desktop program, without saying who asks and without Autodiscover.
func android(w *walk, p Person, _ Subject) *found {
	_, domain := p.split()
	read := autoconfigFor(p, true)
	if f := w.first(providerQuestions(domain, ""), read); f != nil || len(w.lacking) > 0 {
		return f
	}
	if f := w.first([]question{{how: get, where: androidDatabase + domain}}, read); f != nil || len(w.lacking) > 0 {
		return f
	}
	return w.byMX(domain, androidDatabase, read)
}

func providerQuestions(domain, query string) []question {
	var all []question
	for _, scheme := range []string{"https", "http"} {
		all = append(all,
			question{how: get, where: scheme + "://autoconfig." + domain + "/mail/config-v1.1.xml" + query},
			question{how: get, where: scheme + "://" + domain + "/.well-known/autoconfig/mail/config-v1.1.xml" + query})
	}
	return all
}

// first asks several places and takes the first document that this client understands.
func (w *walk) first(questions []question, read func([]byte) (settings, error)) *found {
	if !w.have(questions...) {
		return nil
	}
	for _, q := range questions {
		if f := w.document(q, read); f != nil {
			return f
		}
	}
	return nil
}

// byMX asks for the domains that the MX host is in, unless it is in the person's own.
func (w *walk) byMX(domain, database string, read func([]byte) (settings, error)) *found {
	mx := question{how: record, kind: dns.MX, where: domain}
	if !w.have(mx) {
		return nil
	}
	hosts := dns.ReadMX(w.answers[mx].records).Hosts
	if len(hosts) == 0 {
		w.pass(mx, "there is no MX record")
		return nil
	}
	host := hosts[0].Host
	if host == domain || strings.HasSuffix(host, "."+domain) {
		return nil
	}
	var questions []question
	for _, above := range aboveHost(host) {
		questions = append(questions, question{how: get, where: "https://autoconfig." + above + "/mail/config-v1.1.xml"},
			question{how: get, where: database + above})
	}
	return w.first(questions, read)
}

// aboveHost are the domain right above a host and the one that somebody has registered.
func aboveHost(host string) []string {
	_, parent, _ := strings.Cut(host, ".")
	registered, err := publicsuffix.EffectiveTLDPlusOne(host)
	switch {
	case !isHostName(parent):
		return nil
	case err != nil || registered == parent || !strings.HasSuffix(parent, registered):
		return []string{parent}
	}
	return []string{parent, registered}
}
