// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"net/url"

	"rehome/internal/protocol/dns"
)

// method is how something is asked.
type method string

const (
	get      method = "GET"      // redirects are followed
	getOnce  method = "GET once" // a redirect is the answer
	post     method = "POST"     // an Autodiscover request, again wherever a redirect leads
	propfind method = "PROPFIND" // again wherever a redirect leads
	record   method = "DNS"
)

// question is one thing that a client asks.
type question struct {
	how     method
	where   string   // a URL, or a name of DNS
	kind    dns.Type // of a record
	address string   // whose settings a POST asks for
}

// words name it for a person.
func (q question) words() string {
	if q.how == record {
		return string(q.kind) + " " + q.where
	}
	return q.where
}

// host is the name that a question for a URL asks.
func (q question) host() string { return hostOf(q.where) }

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Trouble says why a question has no answer.
type Trouble string

// The kinds of trouble.
const (
	NoTrouble   Trouble = ""
	NoName      Trouble = "no_name"     // DNS says that the name is not there, or has no address
	Inner       Trouble = "inner"       // its addresses are of an inner network
	Refused     Trouble = "refused"     // nothing listens there
	Certificate Trouble = "certificate" // it is not one for this name that a device trusts
	Unusable    Trouble = "unusable"    // it answers something that no client can use: too long, redirects without an end
	Unknown     Trouble = "unknown"     // it did not answer, or DNS did not
)

// answer is what a question got.
type answer struct {
	status   int
	media    string
	body     []byte
	location string   // of a redirect that was not followed
	via      []string // the addresses before the last one
	schemes  []string // of log-ins that a 401 offers, in lower case
	records  []dns.Record

	trouble Trouble
	why     string
}

// walk is one client on its way through the places where it looks. Without a network: it has the answers so far, and notes
// the questions that are still open.
type walk struct {
	answers map[question]answer
	lacking []question
	passed  []Passed
}

// have reports whether all questions are answered, and notes those that are not.
func (w *walk) have(questions ...question) bool {
	all := true
	for _, q := range questions {
		if _, answered := w.answers[q]; !answered {
			w.lacking = append(w.lacking, q)
			all = false
		}
	}
	return all
}

// pass notes that a place has nothing for this client.
func (w *walk) pass(q question, why string) {
	a := w.answers[q]
	if a.trouble != NoTrouble {
		why = a.why
	}
	w.passed = append(w.passed, Passed{Asked: q.words(), Why: why, unknown: a.trouble == Unknown, trouble: a.trouble})
}

// found is where a client's way ends.
type found struct {
	at       string
	via      []string
	settings settings
}

// reader is how a client understands a document.
type reader func(a answer) (settings, error)

// answers reports whether a client takes an answer for a document.
func (a answer) answers() bool { return a.trouble == NoTrouble && a.status/100 == 2 }

// document reads one place; nil, and a note, if there is nothing that this client takes.
func (w *walk) document(q question, read reader) *found {
	a := w.answers[q]
	if !a.answers() {
		w.pass(q, statusWords(a))
		return nil
	}
	s, err := read(a)
	if err != nil {
		w.pass(q, err.Error())
		return nil
	}
	return &found{at: lastOf(q.where, a), via: viaOf(q.where, a), settings: s}
}

// lastOf is where an answer came from in the end; redirects are in via, without the address that was asked first.
func lastOf(asked string, a answer) string {
	if len(a.via) == 0 {
		return asked
	}
	return a.via[len(a.via)-1]
}

func viaOf(asked string, a answer) []string {
	if len(a.via) == 0 {
		return nil
	}
	return append([]string{asked}, a.via[:len(a.via)-1]...)
}

// conclusion is what a client has in the end.
type conclusion struct {
	found  *found
	passed []Passed
}

// conclude lets a client look at the answers so far. lacking are the questions that it asks next; without one, the conclusion
// is final.
func conclude(c client, p Person, s Subject, answers map[question]answer) (conclusion, []question) {
	w := &walk{answers: answers}
	found := c.look(w, p, s)
	if len(w.lacking) > 0 {
		return conclusion{}, w.lacking
	}
	return conclusion{found, w.passed}, nil
}

// client is one program, as far as it looks for settings.
type client struct {
	key, title string
	saysWho    bool // the address is in what it asks
	dav        bool // it looks for calendars and contacts, and not for mail
	look       func(w *walk, p Person, s Subject) *found
}

// clients are all that are looked at, in the order of a report.
func clients() []client {
	return []client{
		{key: "thunderbird", title: "Thunderbird", saysWho: true, look: thunderbird},
		{key: "thunderbird_android", title: "Thunderbird for Android (K-9)", look: android},
		{key: "outlook", title: "Outlook", saysWho: true, look: outlook},
		{key: "apple", title: "Apple profile", saysWho: true, look: apple},
		{key: "thunderbird_dav", title: "Thunderbird's calendar and address book", dav: true, look: thunderbirdDAV},
		{key: "davx5", title: "DAVx5", dav: true, look: davx5},
	}
}
