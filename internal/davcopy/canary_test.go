// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/cyrus"
)

// A list that takes only tasks is no place for a test event, and no proof that the server is not silent.
func TestCanary_fliesWhereItCan(t *testing.T) {
	t.Parallel()
	task, err := os.ReadFile("testdata/can-assigned-task.ics")
	if err != nil {
		t.Fatal(err)
	}
	person := host()
	tasks := corpus.Collection{Name: "a-tasks", DisplayName: "Tasks", Components: []string{"VTODO"},
		Resources: []corpus.Resource{{Name: "assigned.ics", Data: task}}}
	person.Calendars = append([]corpus.Collection{tasks}, person.Calendars...)
	l := lab.Open(t)
	server, err := cyrus.Start(l, cyrus.Options{Scheduling: true, Accounts: []cyrus.Account{
		{Address: address, Password: password}, {Address: "colleague@example.test", Password: password},
	}})
	if err != nil {
		t.Fatal(err)
	}
	front := before(t, server.DAV())
	p := pairTo(t, l, person, front.URL)
	want := 1 + len(person.Calendars[1].Resources)

	// While no test object is taken, what is not known is not claimed.
	front.set(about("rehome-canary", "PUT", http.StatusForbidden, "no test objects here"))
	first := p.pass(t)
	held := first.Tallies[rehome.KindCalendars].Held
	wantTally(t, "held back", first.Tallies[rehome.KindCalendars], Tally{Objects: want, Copied: want - held, Held: held})
	said := findingOf(first.Findings, "invitations_unknown")
	if held == 0 || !strings.Contains(said.Sentence, "no test objects here") || strings.Contains(said.NextStep, "schedule_agent_client") ||
		findingOf(first.Findings, "invitations_not_silent").Code != "" {
		t.Errorf("%d held back with %+v", held, first.Findings)
	}

	// Only events are refused: tasks may go, and the other way round.
	front.set(func(w http.ResponseWriter, r *http.Request, body string) bool {
		return strings.Contains(body, "BEGIN:VEVENT") && about("rehome-canary", "PUT", http.StatusForbidden, "no events")(w, r, body)
	})
	wantTally(t, "only tasks", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: want, Copied: 1, Held: held - 1})

	front.set(nil)
	wantTally(t, "everything", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: want, Copied: held - 1})
	wantNoMail(t, server.Outbox)
}

func findingOf(findings []rehome.Finding, code string) rehome.Finding {
	for _, f := range findings {
		if f.Code == code {
			return f
		}
	}
	return rehome.Finding{}
}

// A server that schedules stands behind one that lets no OPTIONS through: nobody has said that it is silent, so the canary
// is tried, and nothing goes out.
func TestCanary_fliesWhereNothingIsSaid(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server, err := cyrus.Start(l, cyrus.Options{Scheduling: true, Accounts: []cyrus.Account{
		{Address: address, Password: password}, {Address: "colleague@example.test", Password: password},
	}})
	if err != nil {
		t.Fatal(err)
	}
	front := before(t, server.DAV())
	var canaries atomic.Int64
	front.set(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "rehome-canary") {
			canaries.Add(1)
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusForbidden)
		}
		return r.Method == http.MethodOptions
	})
	p := pairTo(t, l, host(), front.URL)
	p.pass(t)
	if canaries.Load() == 0 {
		t.Error("no canary was tried")
	}
	wantNoMail(t, server.Outbox)
}

// A test event goes only where the next pass looks: into the collections to which something of the source goes.
func TestFields(t *testing.T) {
	t.Parallel()
	calendar := func(href string, components ...string) placement {
		return placement{exists: true, target: dav.Collection{Href: href, Kind: dav.Calendars, Components: components}}
	}
	places := []placement{calendar("/c/tasks/", "VTODO"), calendar("/c/a/"), {destination: "/c/new/"}, calendar("/c/a"), calendar("/c/b/", "VEVENT")}
	for _, c := range []struct {
		component string
		want      []string
	}{{"VEVENT", []string{"/c/a/", "/c/b/"}}, {"VTODO", []string{"/c/tasks/", "/c/a/"}}} {
		var got []string
		for _, field := range fields(places[0].target, places, c.component) {
			got = append(got, field.Href)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.component, got, c.want)
		}
	}
}

// What was sent before the destination was not known to stay silent any more may be there. It keeps its name and what was
// sent of it, so that it is looked for before it is written; under another name it would be there twice.
func TestHold_remembersWhatWasSent(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	b := books{content: pim.KindCalendar, below: "/c/", taken: map[string]bool{}}
	fresh := consider(dav.Object{Href: "/c/a.ics", Data: data}, b)
	if row := fresh.hold("").row; row.Destination != "" || row.Tried != nil {
		t.Errorf("%+v, and nothing was sent", row)
	}
	b.known = map[string]ledger.Object{"a.ics": fresh.intent()}
	held := consider(dav.Object{Href: "/c/a.ics", Data: data}, b).hold("").row
	if held.State != ledger.ObjectHeld || held.Destination != "a.ics" || !hasForm(held.Tried, eventForm(data)) {
		t.Errorf("%+v has forgotten what was sent", held)
	}
	b.known["a.ics"] = held
	if p := consider(dav.Object{Href: "/c/a.ics", Data: data}, b); p.way != wayWrite || p.row.Destination != "a.ics" {
		t.Errorf("%s as %q, want it written under the name that it had", p.way, p.row.Destination)
	}
	if i := formerly(data, []ledger.Object{held}); i != 0 {
		t.Error("it is not known under another name at the source")
	}
}
