// SPDX-License-Identifier: Apache-2.0

package pim_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/corpus"
	"rehome/lab/mailsink"
	"rehome/lab/operator"
)

// The people of the meetings: two users of the same server, and a guest of another.
const (
	host      = "host@example.test"
	colleague = "colleague@example.test"
	guest     = "guest@partner.example"
)

const plainEvents = 3

// companions both have copies of the meetings, and some events of their own.
func companions() []corpus.Person {
	people := []corpus.Person{corpus.PIMPerson(host, password, 0, plainEvents), corpus.PIMPerson(colleague, password, 0, plainEvents)}
	for i, other := range []string{colleague, host} {
		c := &people[i].Calendars[0]
		c.Resources = append(c.Resources, corpus.Meetings(people[i].Address, other, guest)...)
	}
	return people
}

func meetings() int { return len(corpus.Meetings(host, colleague, guest)) }

// synced is what "sync --json" says of calendars.
type synced struct {
	Accounts []struct {
		Account, Error      string
		Contacts, Calendars objectsSynced
	}
}

type objectsSynced struct{ Copied, Updated, Unchanged, Repaired, Removed, Held, Quarantined, Conflicts int }

// copyAll runs the command and checks what it says of every account.
func copyAll(t *testing.T, d move, code int, check func(what string, copied, held, removed int), args ...string) {
	t.Helper()
	s := operator.Answer[synced](t, d.Operator, code, append([]string{"sync", "--only", "contacts,calendars"}, args...)...)
	for _, a := range s.Accounts {
		if a.Error != "" {
			t.Errorf("%s: %s", a.Account, a.Error)
		}
		check(a.Account, a.Calendars.Copied, a.Calendars.Held, a.Calendars.Removed)
	}
}

// rollBack empties the source and lets mirror deletions follow.
func rollBack(t *testing.T, src *atmail7.Server, d move) {
	t.Helper()
	for _, statement := range []string{"DELETE FROM calendarObjects", "UPDATE calendars SET ctag = ctag + 1"} {
		if _, err := src.DB().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	copyAll(t, d, 0, func(who string, _, _, removed int) {
		if want := plainEvents + meetings(); removed != want {
			t.Errorf("%s: %d removed, want %d", who, removed, want)
		}
	}, "--deletions", "mirror", "--confirm-deletions")
}

// wantSilence waits a while for mail that must not come.
func wantSilence(t *testing.T, when string, sink *mailsink.Sink) {
	t.Helper()
	time.Sleep(time.Second) // both servers hand mail over before they answer
	all, err := sink.Messages()
	must(t, err)
	for _, m := range all {
		t.Errorf("%s: a %s mail to %v: %s", when, m.Method(), m.To, m.Subject())
	}
	must(t, sink.Empty())
}

// raw sends one request without any guard, as a thoughtless client would.
func raw(t *testing.T, method, at, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(body))
	must(t, err)
	r.SetBasicAuth(host, password)
	r.Header.Set("Content-Type", "text/calendar; charset=utf-8")
	response, err := http.DefaultClient.Do(r)
	must(t, err)
	must(t, response.Body.Close())
	return response.StatusCode
}

// wantNoise proves that the server mails when nobody stops it: an invitation or its cancellation.
func wantNoise(t *testing.T, sink *mailsink.Sink, calendar string) {
	t.Helper()
	var invitation string
	for _, r := range corpus.Meetings(host, guest) {
		if strings.HasPrefix(r.Name, "organised-future") {
			invitation = strings.ReplaceAll(string(r.Data), "organised-future", "unguarded")
		}
	}
	at := calendar + "unguarded.ics"
	if status := raw(t, http.MethodPut, at, invitation); status != http.StatusCreated {
		t.Fatalf("PUT without guards: %d", status)
	}
	raw(t, http.MethodDelete, at, "") // DAViCal mails cancellations only
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := sink.Wait(ctx, 1); err != nil {
		t.Errorf("a PUT and a DELETE without guards: %v; an empty sink proves nothing", err)
	}
	must(t, sink.Empty())
}

// Cyrus heeds the guard headers: everything moves as it is, and goes again, and nobody hears of it.
func TestMeetings_cyrusStaysSilent(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	people := companions()
	src, dst := source(t, l, people), startCyrus(t, l, people)
	d := newOperator(t, people, src.IMAP, src.DAV, dst.DAV(), "")
	copyAll(t, d, 0, func(who string, copied, held, _ int) {
		if want := plainEvents + meetings(); copied != want || held != 0 {
			t.Errorf("%s: %d copied, %d held back; want %d and 0", who, copied, held, want)
		}
	})
	wantSilence(t, "copy", dst.Outbox)
	verdicts, objects := verify(t, d).all(t)
	t.Logf("verdicts %v", verdicts)
	for _, o := range objects { // a delivery at a colleague would be an extra one
		t.Errorf("%s %s: %s", o.Verdict, o.Object, o.Sentence)
	}
	rollBack(t, src, d)
	wantSilence(t, "rollback", dst.Outbox)
	if verdicts, _ := verify(t, d).all(t); len(verdicts) > 0 {
		t.Errorf("after the rollback: %v, want nothing", verdicts)
	}
	wantNoise(t, dst.Outbox, "http://"+dst.HTTP+"/dav/calendars/user/"+url.PathEscape(host)+"/Default/")
}

// DAViCal heeds no header: without leave to change the events they stay behind, and with it everything
// moves and goes again, and nobody hears of it either way.
func TestMeetings_davicalHoldsBackUntilTold(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	people := companions()
	src, dst := source(t, l, people), startDAViCal(t, l, people)
	silent := func(when string) {
		t.Helper()
		wantSilence(t, when, dst.Mail)
		if n, err := dst.Delivered(t.Context()); err != nil || n > 0 {
			t.Errorf("%s: %d messages in the inboxes of users, %v", when, n, err)
		}
	}
	d := newOperator(t, people, src.IMAP, src.DAV, dst.URL, "")
	copyAll(t, d, 6, func(who string, copied, held, _ int) {
		if copied != plainEvents || held != meetings() {
			t.Errorf("%s: %d copied, %d held back; want %d and %d", who, copied, held, plainEvents, meetings())
		}
	})
	silent("refusal")
	if o := d.Run(t, "sync", "--only", "calendars"); !strings.Contains(o.Out+o.Err, "schedule_agent_client") {
		t.Errorf("it does not say what can be done:\n%s%s", o.Out, o.Err)
	}
	silent("second refusal")

	told := newOperator(t, people, src.IMAP, src.DAV, dst.URL, ", schedule_agent_client: true")
	told.Dir = moveSettings(t, told.Dir, d.Dir)
	copyAll(t, told, 0, func(who string, copied, held, _ int) {
		if copied != meetings() || held != 0 {
			t.Errorf("%s: %d copied, %d held back; want %d and 0", who, copied, held, meetings())
		}
	})
	silent("copy")
	verdicts, objects := verify(t, told).all(t)
	t.Logf("verdicts %v", verdicts)
	for _, o := range objects {
		if o.Verdict != "repaired" || !strings.Contains(o.Sentence, "schedule_agent") {
			t.Errorf("%s %s: %s", o.Verdict, o.Object, o.Sentence)
		}
	}
	rollBack(t, src, told)
	silent("rollback")
	if verdicts, _ := verify(t, told).all(t); len(verdicts) > 0 {
		t.Errorf("after the rollback: %v, want nothing", verdicts)
	}
	wantNoise(t, dst.Mail, dst.Calendar(host))
}
