// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rehome"
	"rehome/internal/protocol/dav"
	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/cyrus"
	"rehome/lab/davical"
	"rehome/lab/mailsink"
)

// host has meetings of every kind, each of which can make a server send something.
func host() corpus.Person {
	p := corpus.PIMPerson(address, password, 0, 3)
	p.Calendars[0].Resources = append(p.Calendars[0].Resources, corpus.Meetings(address, "colleague@example.test", "guest@partner.example")...)
	return p
}

func TestSilence_cyrusHeedsTheHeaders(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server, err := cyrus.Start(l, cyrus.Options{Scheduling: true, Accounts: []cyrus.Account{
		{Address: address, Password: password}, {Address: "colleague@example.test", Password: password},
	}})
	if err != nil {
		t.Fatal(err)
	}
	person := host()
	p := pairTo(t, l, person, server.DAV())
	want := len(person.Calendars[0].Resources)
	wantTally(t, "calendars", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: want, Copied: want})
	wantTally(t, "again", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: want})
	p.rollBack(t)
	wantNoMail(t, server.Outbox)
}

// rollBack removes everything again, as a client that carries the guard headers.
func (p *pair) rollBack(t *testing.T) {
	t.Helper()
	session, c := p.calendar(t, p.dst)
	var items []dav.Item
	if _, err := session.Changes(t.Context(), &c, dav.Mark{}, func(i dav.Item) error { items = append(items, i); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		if err := session.Delete(t.Context(), item.Href, ""); err != nil {
			t.Error(err)
		}
	}
}

func wantNoMail(t *testing.T, sink *mailsink.Sink) {
	t.Helper()
	time.Sleep(2 * time.Second) // mail that would come is handed over at once; there is nothing to wait for
	all, err := sink.Messages()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		t.Errorf("a %s mail to %v: %s", m.Method(), m.To, m.Subject())
	}
}

func TestSilence_davicalDoesNot(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server, err := davical.Start(l, davical.Options{Accounts: []davical.Account{
		{Address: address, Password: password}, {Address: "colleague@example.test", Password: password},
	}})
	if err != nil {
		t.Fatal(err)
	}
	person := host()
	p := pairTo(t, l, person, server.URL)
	objects := len(person.Calendars[0].Resources)
	meetings := objects - 3
	first := p.pass(t)
	wantTally(t, "held back", first.Tallies[rehome.KindCalendars], Tally{Objects: objects, Copied: 3, Held: meetings})
	found := false
	for _, f := range first.Findings {
		found = found || f.Code == "invitations_not_silent"
	}
	if !found {
		t.Errorf("findings %+v do not say why", first.Findings)
	}
	wantNoMail(t, server.Mail)

	p.options.ScheduleAgent = true
	wantTally(t, "with SCHEDULE-AGENT", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: objects, Copied: meetings, Repaired: meetings})
	p.rollBack(t)
	wantNoMail(t, server.Mail)
	if n, err := server.Delivered(t.Context()); err != nil || n > 0 {
		t.Errorf("%d messages were delivered to users of the same server, %v", n, err)
	}
}

// An event of which the first copy was never answered, and which has changed since, is written over that copy in silence
// too.
func TestSilence_overWhatWasNeverAnswered(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server, err := davical.Start(l, davical.Options{Accounts: []davical.Account{{Address: address, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	person := corpus.PIMPerson(address, password, 0, 1)
	front := before(t, server.URL)
	var lost atomic.Bool
	front.edit = func(r *http.Response) {
		if lost.Load() && r.Request.Method == http.MethodPut && !strings.Contains(r.Request.URL.Path, "canary") {
			r.StatusCode, r.Status = http.StatusBadGateway, "502 Bad Gateway"
		}
	}
	p := pairTo(t, l, person, front.URL)
	p.options.ScheduleAgent = true
	p.pass(t)

	const name = "unanswered.ics"
	meeting := func(summary string) []byte {
		people := "ORGANIZER:mailto:" + address + "\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:guest@partner.example\r\n"
		return []byte(strings.Replace(string(event(name, summary)), "END:VEVENT", people+"END:VEVENT", 1))
	}
	write := func(summary string) {
		session, c := p.calendar(t, p.src)
		if _, err := session.Put(t.Context(), hrefOf(c.Href, name), dav.Upload{Data: meeting(summary), Kind: dav.Calendars, Overwrite: true}); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	lost.Store(true)
	if _, err := p.engine().RunSlice(t.Context(), account(), time.Now(), someTime); err == nil {
		t.Error("the slice did not notice")
	}
	lost.Store(false)
	write("second")
	wantTally(t, "afterwards", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 2, Copied: 1, Repaired: 1})
	if got := p.summary(t, name); got != "second" {
		t.Errorf("the destination has %q", got)
	}
	wantNoMail(t, server.Mail)
}
