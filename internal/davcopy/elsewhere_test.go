// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
	"rehome/internal/verify"
	verifyobjects "rehome/internal/verify/objects"
	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/cyrus"
)

// verified compares both ends as the verification does.
func (p *pair) verified(t *testing.T) verify.Account {
	t.Helper()
	open := func(end *endpoint.DAV) func(ctx context.Context, account rehome.Account) (verifyobjects.End, error) {
		return func(ctx context.Context, account rehome.Account) (verifyobjects.End, error) {
			session, err := end.Open(ctx, account)
			if err != nil {
				return nil, err
			}
			return session, nil
		}
	}
	v := verify.New(verify.Options{Level: verify.LevelFull}, verifyobjects.New(verifyobjects.Options{
		Source: open(p.src), Destination: open(p.dst), Kinds: []rehome.Kind{rehome.KindContacts, rehome.KindCalendars},
	}))
	result, err := v.Account(t.Context(), account())
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// shown are the summaries in a calendar of the destination, whose href ends so.
func (p *pair) shown(t *testing.T, end *endpoint.DAV, name string) string {
	t.Helper()
	session, err := end.Open(t.Context(), account())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	collections, err := session.Collections(t.Context(), dav.Calendars)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, c := range collections {
		if !strings.EqualFold(decodedName(c.Href), name) {
			continue
		}
		if _, err := session.Changes(t.Context(), &c, dav.Mark{}, func(i dav.Item) error {
			all = append(all,
				decodedName(i.Href))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(all, " ")
}

// Cyrus has a UID once for all calendars of a user: what it lacks is told, and what was moved follows.
func TestPasses_oneUIDForAllCalendars(t *testing.T) {
	t.Parallel()
	checkOneUID(t, nil)
}

// So does a server that does not say who has the UID.
func TestPasses_oneUIDForAllCalendarsUnsaid(t *testing.T) {
	t.Parallel()
	checkOneUID(t, func(r *http.Response) {
		if r.Request.Method == http.MethodPut && r.StatusCode == http.StatusForbidden {
			r.StatusCode, r.Status = http.StatusConflict, "409 Conflict"
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("")), 0
			r.Header.Set("Content-Length", "0")
		}
	})
}

func checkOneUID(t *testing.T, edit func(r *http.Response)) {
	t.Helper()
	person := corpus.PIMPerson(address, password, 0, 4)
	work := corpus.Collection{Name: "work", DisplayName: "Work", Components: []string{"VEVENT"}, Resources: []corpus.Resource{
		{Name: "both.ics", Data: event("both", "in both")}, {Name: "w.ics", Data: event("w", "work")}, {Name: "w2.ics", Data: event("w2", "work")},
	}}
	person.Calendars[0].Resources = append(person.Calendars[0].Resources,
		corpus.Resource{Name: "both.ics", Data: event("both", "in both")}, corpus.Resource{Name: "moves.ics", Data: event("moves", "moves")})
	person.Calendars = append(person.Calendars, work)
	l := lab.Open(t)
	server, err := cyrus.Start(l, cyrus.Options{Accounts: []cyrus.Account{{Address: address, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	front := before(t, server.DAV())
	front.edit = edit
	p := pairTo(t, l, person, front.URL)
	first := p.pass(t)
	wantTally(t, "first", first.Tallies[rehome.KindCalendars], Tally{Objects: 9, Copied: 8, Quarantined: 1})
	if f := findingOf(first.Findings, "uid_elsewhere"); !strings.Contains(f.Object, "both.ics") || !strings.Contains(f.Sentence,
		"only once for each user") {
		t.Errorf("findings %+v do not say what is missing", first.Findings)
	}
	if v := p.verified(t); v.Verdict != verify.Differs || v.Calendars.Total() != 1 {
		t.Errorf("%s, %+v; want the one that is missing", v.Verdict, v.Calendars.Differences)
	}

	// Moved at the source, and the twin is gone.
	session, main := p.calendar(t, p.src)
	if err := session.Delete(t.Context(), hrefOf(main.Href, "moves.ics"), ""); err != nil {
		t.Fatal(err)
	}
	if err := session.Delete(t.Context(), hrefOf(main.Href, "both.ics"), ""); err != nil {
		t.Fatal(err)
	}
	other := strings.TrimSuffix(main.Href, "default/") + "work/"
	if _, err := session.Put(t.Context(), hrefOf(other, "moves.ics"), dav.Upload{Data: event("moves", "moves"), Kind: dav.Calendars}); err != nil {
		t.Fatal(err)
	}
	front.set(about("moves.ics", "GET", http.StatusForbidden, "not this one"))
	wantTally(t, "moved, and not returned", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 8, Copied: 1, Quarantined: 1})
	front.set(nil)
	wantTally(t, "moved", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 8, Copied: 1})
	if got := p.shown(t, p.dst, "work"); !strings.Contains(got, "moves.ics") || !strings.Contains(got, "both.ics") {
		t.Errorf("the other calendar has %s", got)
	}
	if v := p.verified(t); v.Verdict != verify.Equal {
		t.Errorf("%s, %+v; want equal", v.Verdict, v.Calendars.Differences)
	}
	wantTally(t, "again", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 8})
}

// What was repaired on the way is recognised after a lost ledger: nothing twice, and nothing that was there is told of as
// if it were not.
func TestPasses_lostLedgerAfterRepairs(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.DirtyPerson(address, password))
	first := p.pass(t)
	before, there := p.exceptions(t), map[dav.Kind]map[string][][]byte{}
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		there[kind] = p.holding(t, p.dst, kind)
	}
	p.loseLedger(t)
	second := p.pass(t)
	for _, kind := range []rehome.Kind{rehome.KindContacts, rehome.KindCalendars} {
		a, b := first.Tallies[kind], second.Tallies[kind]
		if b.Copied+b.Updated > 0 || b.Quarantined != a.Quarantined || b.Conflicts != a.Conflicts {
			t.Errorf("%s: first %+v, and without the ledger %+v", kind, a, b)
		}
	}
	for name, e := range p.exceptions(t) {
		if was := before[name]; e.State != was.State && (e.State == ledger.ObjectQuarantined || e.State == ledger.ObjectConflict) {
			t.Errorf("%s was %s and is %s now: %s %s", name, was.State, e.State, e.Code, e.Words)
		}
	}
	for kind, objects := range there {
		now := p.holding(t, p.dst, kind)
		for uid, copies := range now {
			if len(copies) != len(objects[uid]) {
				t.Errorf("%s: %q is there %d times, and was %d times", kind, uid, len(copies), len(objects[uid]))
			}
		}
	}
}
