// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"fmt"
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
// order that succeeds wins.) Of the provider's places the first one that answers at all is the one that counts: what cannot be
// used there hides the others.
func thunderbird(w *walk, p Person, _ Subject) *found {
	_, domain := p.split()
	query := "?emailaddress=" + url.QueryEscape(p.Address)
	read := func(a answer) (settings, error) { return readDesktop(a, p) }
	if f := w.firstAnswer(providerQuestions(domain, query), read); f != nil || len(w.lacking) > 0 {
		return f
	}
	if f := w.first([]question{{how: get, where: database + domain}}, read); f != nil || len(w.lacking) > 0 {
		return f
	}
	if f := w.byMX(domain, query, database, read); f != nil || len(w.lacking) > 0 {
		return f
	}
	return w.thunderbirdAutodiscover(p)
}

// readDesktop takes XML by its media type only.
func readDesktop(a answer, p Person) (settings, error) {
	if !isXML(a) {
		return settings{}, fmt.Errorf("it is %q, and Thunderbird takes only text/xml and application/xml", shortened(a.media))
	}
	return readAutoconfig(a.body, p, false)
}

func isXML(a answer) bool {
	for _, media := range []string{"text/xml", "application/xml", "text/rdf"} {
		if strings.HasPrefix(a.media, media) {
			return true
		}
	}
	return false
}

// android looks like the desktop program, without saying who asks and without Autodiscover.
func android(w *walk, p Person, _ Subject) *found {
	_, domain := p.split()
	read := func(a answer) (settings, error) { return readAutoconfig(a.body, p, true) }
	if f := w.first(providerQuestions(domain, ""), read); f != nil || len(w.lacking) > 0 {
		return f
	}
	if f := w.first([]question{{how: get, where: androidDatabase + domain}}, read); f != nil || len(w.lacking) > 0 {
		return f
	}
	return w.byMX(domain, "", androidDatabase, read)
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
func (w *walk) first(questions []question, read reader) *found {
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

// firstAnswer takes the first place that answers, whatever that is.
func (w *walk) firstAnswer(questions []question, read reader) *found {
	if !w.have(questions...) {
		return nil
	}
	for _, q := range questions {
		if f := w.document(q, read); f != nil || w.answers[q].answers() {
			return f
		}
	}
	return nil
}

// byMX asks for the domain right above the MX host and for the one that somebody has registered, unless that is the person's own.
func (w *walk) byMX(domain, query, database string, read reader) *found {
	mx := question{how: record, kind: dns.MX, where: domain}
	if !w.have(mx) {
		return nil
	}
	hosts := dns.ReadMX(w.answers[mx].records).Hosts
	if len(hosts) == 0 {
		w.pass(mx, "there is no MX record")
		return nil
	}
	var questions []question
	for _, above := range aboveHost(hosts[0].Host) {
		if above == domain {
			return nil
		}
		questions = append(questions, question{how: get, where: "https://autoconfig." + above + "/mail/config-v1.1.xml" + query},
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
