// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/davical"
)

const aWord = "abcdefghijklmnopqrstuvwxyz"

// Silence is believed only of the very object that was written.
func TestCanary_heard(t *testing.T) {
	t.Parallel()
	for _, role := range []pim.Role{pim.RoleOrganizer, pim.RoleAttendee} {
		c := newCanary(role, "VEVENT", address, aWord)
		other := newCanary(role, "VEVENT", address, strings.Repeat("q", 26))
		noted := strings.NewReplacer("ATTENDEE;", "ATTENDEE;SCHEDULE-\r\n STATUS=1.1;").Replace(string(c.data))
		alone := strings.ReplaceAll(string(c.data), nobody, address)
		for name, one := range map[string]struct {
			canary  canary
			there   string
			loud    bool
			unknown string
		}{
			"quiet":                   {c, string(c.data), false, ""},
			"quiet with agent":        {c.withAgent(), string(c.withAgent().data), false, ""},
			"loud":                    {c, noted, true, ""},
			"an older one":            {c, string(other.data), false, "a different object"},
			"an older one, loud":      {other, noted, false, "a different object"},
			"people taken out":        {c, alone, false, "without its attendees"},
			"an agent that was added": {c, string(c.withAgent().data), false, "SCHEDULE-AGENT"},
			"an agent taken out":      {c.withAgent(), string(c.data), false, "SCHEDULE-AGENT"},
			"nothing":                 {c, "", false, "not an event"},
		} {
			loud, err := one.canary.heard([]byte(one.there))
			if loud != one.loud || (err == nil) != (one.unknown == "") || err != nil && !strings.Contains(err.Error(), one.unknown) {
				t.Errorf("%s, %s: loud %v, %v", role, name, loud, err)
			}
		}
	}
}

// A server that gives back another test event than was written, one of an earlier pass or what arrived late, has shown
// nothing of what it sends.
func TestCanary_ofAnEarlierPass(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server, err := davical.Start(l, davical.Options{Accounts: []davical.Account{{Address: address, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	front := before(t, server.URL)
	person := host()
	p := pairTo(t, l, person, front.URL)
	p.options.ScheduleAgent = true
	var mu sync.Mutex
	var written []string
	front.set(func(w http.ResponseWriter, r *http.Request, body string) bool {
		if !strings.Contains(r.URL.Path, "rehome-canary") {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodPut && !strings.Contains(body, "SCHEDULE-AGENT") {
			written = append(written, path.Base(r.URL.Path))
		}
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Type", "text/calendar")
			_, _ = w.Write(newCanary(pim.RoleOrganizer, "VEVENT", address, aWord).data)
		}
		return r.Method == http.MethodGet
	})
	objects := len(person.Calendars[0].Resources)
	first := p.pass(t)
	wantTally(t, "held back", first.Tallies[rehome.KindCalendars], Tally{Objects: objects, Copied: 3, Held: objects - 3})
	if said := findingOf(first.Findings, "invitations_unknown"); !strings.Contains(said.Sentence, "returns a different object") {
		t.Errorf("%+v does not say why", first.Findings)
	}
	p.pass(t)
	mu.Lock()
	defer mu.Unlock()
	if slices.Sort(written); len(written) < 2 || len(slices.Compact(slices.Clone(written))) != len(written) {
		t.Errorf("test events %q have names of others", written)
	}
	wantNoMail(t, server.Mail)
}

// What an interrupted pass has left behind is removed from the destination, and is nobody's object at the source; what
// only looks like it is its user's.
func TestTrials_leftBehind(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 0, 2))
	p.pass(t)
	const users = "rehome-test.ics"
	p.writeUID(t, p.src, users, "rehome-test", "my own", false)
	trials := map[string][]byte{}
	for _, c := range []canary{
		newCanary(pim.RoleOrganizer, "VEVENT", address, aWord), newCanary(pim.RoleAttendee, "VEVENT", address, aWord).withAgent(),
	} {
		trials[c.uid+".ics"] = c.data
	}
	_, name, data := goodObject(dav.Collection{Kind: dav.Calendars}, aWord)
	trials[name] = data
	old := newCanary(pim.RoleOrganizer, "VEVENT", address, aWord) // as they were named before they had a word
	trials["rehome-canary-organizer.ics"] = []byte(strings.ReplaceAll(string(old.data), old.uid, "rehome-canary-organizer"))
	for _, end := range []*endpoint.DAV{p.src, p.dst} {
		for name, data := range trials {
			session, c := p.calendar(t, end)
			if _, err := session.Put(t.Context(), hrefOf(c.Href, name), dav.Upload{Data: data, Kind: dav.Calendars}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	for _, want := range []Tally{{Objects: 3, Copied: 1}, {Objects: 3}} {
		got := p.pass(t)
		wantTally(t, "calendars", got.Tallies[rehome.KindCalendars], want)
		if len(got.Findings) > 0 {
			t.Errorf("%+v", got.Findings)
		}
	}
	got := p.holding(t, p.dst, dav.Calendars)
	if len(got) != 3 || len(got["rehome-test"]) != 1 {
		t.Errorf("%d objects at the destination, want the 3 of its user: %q", len(got), got)
	}
}

// A test object is looked for under whatever name while it may be there, from before it is sent until it cannot arrive any
// more and a whole look has found nothing.
func TestTrials_underAnotherName(t *testing.T) {
	t.Parallel()
	p, _, dst := troubled(t, corpus.PIMPerson(address, password, 0, 2))
	p.pass(t)
	session, c := p.calendar(t, p.dst)
	for until, want := range map[time.Duration]int{arrival: 1, -arrival: 0} {
		uid, _, data := goodObject(c, aWord)
		if err := p.ledger.NoteTrial(t.Context(), address, ledger.Trial{Collection: c.Href, UID: uid, Until: time.Now().Add(until)}); err != nil {
			t.Fatal(err)
		}
		if _, err := session.Put(t.Context(), hrefOf(c.Href, "chosen-1.ics"), dav.Upload{Data: data, Kind: dav.Calendars}); err != nil {
			t.Fatal(err)
		}
		wantTally(t, "calendars", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 2})
		if got := p.holding(t, p.dst, dav.Calendars); len(got) != 2 {
			t.Errorf("%d objects at the destination, want 2: %q", len(got), got)
		}
		left, err := p.ledger.Trials(t.Context(), address)
		if err != nil || len(left) != want {
			t.Errorf("until %v from now: %+v, %v; want %d still looked for", until, left, err, want)
		}
	}
	// One that cannot be removed is told of in each pass, also when nothing is known of it any more.
	_, _, data := goodObject(c, aWord)
	if _, err := session.Put(t.Context(), hrefOf(c.Href, "chosen-1.ics"), dav.Upload{Data: data, Kind: dav.Calendars}); err != nil {
		t.Fatal(err)
	}
	p.loseLedger(t)
	dst.set(about("chosen-1.ics", "DELETE", http.StatusForbidden, "not this one"))
	for i := range 3 {
		if r := p.pass(t); findingOf(r.Findings, "test_object_left").Object == "" {
			t.Errorf("pass %d: %+v do not tell of the test object", i, r.Findings)
		}
	}
	dst.set(nil)
	p.pass(t)
	if got := p.holding(t, p.dst, dav.Calendars); len(got) != 2 {
		t.Errorf("%d objects at the destination, want 2: %q", len(got), got)
	}
}

func TestTrials_begunAndEnded(t *testing.T) {
	t.Parallel()
	var p pair
	p.loseLedger(t)
	c := dav.Collection{Href: "/c/a%20b/"}
	s := &slice{engine: New(Options{Ledger: p.ledger}), account: account()}
	for _, uid := range []string{"answered", "unanswered", "unanswered"} { // the last one was given up later than it was begun
		if err := s.beginTrial(t.Context(), c, uid); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.endTrial(t.Context(), "answered"); err != nil {
		t.Fatal(err)
	}
	j := &collectionJob{slice: s, place: placement{target: c}}
	for _, look := range []struct {
		begun   time.Time
		unswept bool
		want    bool
	}{{time.Now(), false, true}, {time.Now().Add(2 * arrival), true, true}, {time.Now().Add(2 * arrival), false, false}} {
		j.unswept = look.unswept
		if err := j.sweep(t.Context(), nil, look.begun); err != nil {
			t.Fatal(err)
		}
		left, err := p.ledger.Trials(t.Context(), address)
		if may := s.mayHoldTrial(c); err != nil || may != look.want || (len(left) == 1) != look.want {
			t.Errorf("%+v: %v, it may hold one: %v, and %+v is written down", look, err, may, left)
		}
	}
	if s.mayHoldTrial(dav.Collection{Href: "/other/"}) {
		t.Error("another collection may hold one")
	}
}

// Of a move whose ledger is lost a test object may arrive later than what it had copied was found: where the destination has given that
// names of its own, it is looked through once more.
func TestTrials_ofALostLedger(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	for name, want := range map[string]int{"chosen-1.ics": 1, "a.ics": 0, "one.ics": 0} {
		j, p := unservedJob(t, copied(data))
		j.slice.account.Address = address
		j.known, j.byUID = map[string]ledger.Object{}, map[string]string{}
		j.place.target = dav.Collection{Href: "/d/"}
		j.unknown.add(name, `"1"`, data, pim.KindCalendar)
		j.decided(t, []dav.Object{{Href: "/c/a.ics", ETag: `"1"`, Data: data}})
		trials, err := p.ledger.Trials(t.Context(), address)
		if err != nil || len(trials) != want || j.slice.mayHoldTrial(j.place.target) != (want > 0) {
			t.Errorf("found as %s: %v, %+v, want %d that may arrive", name, err, trials, want)
		}
	}
}
