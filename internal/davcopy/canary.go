// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// silence is what is known of a destination that schedules.
type silence string

const (
	silentServer silence = "silent"  // it does not schedule, or heeds the guard headers
	silentAgent  silence = "agent"   // it heeds SCHEDULE-AGENT=CLIENT
	notSilent    silence = "loud"    // it would send invitations
	notFlown     silence = "untried" // nobody knows: no test event could be written and read back
)

// canaryResult is what a canary has shown.
type canaryResult struct {
	silence
	words string // the server's own, where it could not be tried
}

// route is what a canaryResult is good for: a host treats its users alike, and may treat events and tasks differently.
type route struct{ place, component string }

// guard makes sure that writing the object sends nothing to anybody: it goes as it is, with
// SCHEDULE-AGENT=CLIENT where that was allowed and is needed, or is held back. It stands before every way to write, also
// over what was recognised at the destination.
func (j *collectionJob) guard(ctx context.Context, p *transfer) error {
	told, err := j.slice.dst.Capabilities(ctx, kindOf(j.kind))
	if err != nil {
		return faultOf(err, "ask at the destination what it can do for", j.place.target.Href)
	}
	if !told.MaySchedule() {
		return nil // RFC 6638 section 2: it does not schedule
	}
	known, err := j.slice.engine.ask(ctx, j.slice, j.place.target, scheduled(p.object))
	switch {
	case err != nil:
		return err
	case known.silence == silentServer:
	case known.silence == silentAgent:
		data, fixes := pim.InjectScheduleAgent(p.data)
		p.take(data, fixes)
		if form, readable := pim.Digest(p.data, p.kind); readable {
			p.row.Form = form[:]
		}
	default:
		*p = p.hold(known.words)
	}
	return nil
}

// scheduled is the kind of component that is sent about.
func scheduled(o pim.Object) string {
	for _, component := range o.Components {
		if strings.EqualFold(component, "VTODO") || strings.EqualFold(component, "VJOURNAL") {
			return strings.ToUpper(component)
		}
	}
	return "VEVENT"
}

// hold keeps the object back. words are empty where the canary was heard.
func (p transfer) hold(words string) transfer {
	read := p.row
	p.way, p.row = wayNote, p.before
	if older, is := back(p.before); is {
		p.row = behind(older, ledger.UpdateHeld, words)
		return p
	}
	why := invitationsNotSilent
	if words != "" {
		why = invitationsUnknown
	}
	p.row = ledger.Object{
		Source: read.Source, State: ledger.ObjectHeld, SrcETag: p.source.ETag, UID: p.object.UID, Code: why.Code, Words: words,
	}
	if len(read.Tried) > 0 { // it may be there, or arrive: under another name it would be there twice
		p.row.Destination, p.row.Tried, p.row.Earlier = read.Destination, read.Tried, read.Earlier
		p.row.SrcDigest, p.row.MadeUID = read.SrcDigest, read.MadeUID
	}
	return p
}

// ask tries the canary once for each route of a run. Where it could not be tried, another collection may have more luck.
func (e *Engine) ask(ctx context.Context, s *slice, target dav.Collection, component string) (canaryResult, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	host := route{hostOf(target.Href), component}
	own := route{target.Href, component}
	for _, r := range []route{host, own} {
		if known, tried := e.canaries[r]; tried {
			return known, nil
		}
	}
	found, err := s.tryFields(ctx, target, component)
	if err != nil {
		return found, err
	}
	if found.silence == notFlown {
		host = own
	}
	e.canaries[host] = found
	e.log.Info("test object has shown how the destination treats invitations", rehome.LogAccount, s.account.Address, rehome.LogKind, component,
		rehome.LogDestination, target.Href, rehome.LogVerdict, string(found.silence), rehome.LogWhy, found.words)
	return found, nil
}

// hostOf is the host of an absolute href; all others are at that of the settings.
func hostOf(href string) string {
	if u, err := url.Parse(href); err == nil {
		return u.Host
	}
	return ""
}

// mostFields is in how many other collections a canary is tried.
const mostFields = 4

// fields are the collections for a test, the best first: the one that it is about, and others that take such a component,
// for a list that takes only tasks is no proof that the server would send anything. They are those to which something of
// the source goes: what is left behind in them the next pass finds. It is pure.
func fields(target dav.Collection, places []placement, component string) []dav.Collection {
	all := []dav.Collection{target}
	seen := map[string]bool{dav.Key(target.Href): true}
	for _, p := range places {
		if key := dav.Key(p.target.Href); p.exists && !seen[key] {
			all, seen[key] = append(all, p.target), true
		}
	}
	all = slices.DeleteFunc(all, func(c dav.Collection) bool { return !takes(c, component) || !c.Writable() })
	return all[:min(len(all), 1+mostFields)]
}

// tryFields tries one field after the other.
func (s *slice) tryFields(ctx context.Context, target dav.Collection, component string) (canaryResult, error) {
	found := canaryResult{silence: notFlown, words: "the user can write into no calendar there that accepts " + component}
	for _, field := range fields(target, s.calendars, component) {
		shown, err := s.flyIn(ctx, field, component)
		refused, is := errorsAs[*untried](err)
		if !is {
			return canaryResult{silence: shown}, err
		}
		found.words = refused.words
	}
	return found, nil
}

// flyIn writes test objects with an attendee, and an organizer, whose addresses nobody can have (RFC 2606
// section 2), and looks whether the server has tried to reach them. With the headers that ask for
// silence first, then, if that was allowed, with SCHEDULE-AGENT as well.
func (s *slice) flyIn(ctx context.Context, field dav.Collection, component string) (silence, error) {
	quiet, err := s.quiet(ctx, field, component, false)
	if err != nil || quiet {
		return silentServer, err
	}
	if !s.engine.options.ScheduleAgent {
		return notSilent, nil
	}
	quiet, err = s.quiet(ctx, field, component, true)
	if err != nil || !quiet {
		return notSilent, err
	}
	return silentAgent, nil
}

// quiet tries both roles: a server may heed the request for one and not for the other.
func (s *slice) quiet(ctx context.Context, field dav.Collection, component string, agent bool) (bool, error) {
	self := s.calendarAddress()
	for _, role := range []pim.Role{pim.RoleOrganizer, pim.RoleAttendee} {
		bird := newCanary(role, component, self, s.engine.options.Word())
		if agent {
			bird = bird.withAgent()
		}
		quiet, err := s.try(ctx, field, bird)
		if err != nil || !quiet {
			return false, err
		}
	}
	return true, nil
}

// calendarAddress is what the server knows the user by.
func (s *slice) calendarAddress() string {
	for _, address := range s.dst.Home(dav.Calendars).Addresses {
		if strings.HasPrefix(strings.ToLower(address), "mailto:") {
			return address[len("mailto:"):]
		}
	}
	return s.account.Address
}

const nobody = "rehome-canary@rehome.invalid"

// canary is one test object. Its UID, which is its name too, is no other's: not that of an earlier trial, of which the
// server may still work on what was sent.
type canary struct {
	uid   string
	role  pim.Role
	agent bool // SCHEDULE-AGENT=CLIENT stands in it
	data  []byte
}

// newCanary is one of next year, because some servers are silent about the past.
func newCanary(role pim.Role, component, self, word string) canary {
	c := canary{uid: pim.TrialUID("canary-"+string(role), word), role: role}
	organizer := self
	attendee := nobody
	partstat := "NEEDS-ACTION"
	if role == pim.RoleAttendee {
		organizer = nobody
		attendee = self
		partstat = "ACCEPTED"
	}
	start := time.Now().UTC().AddDate(1, 0, 0).Truncate(time.Hour)
	const stamp = "20060102T150405Z"
	end := map[string]string{"VEVENT": "DTEND", "VTODO": "DUE"}[component] // RFC 5545 section 3.6
	lines := []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//rehome//canary//EN", "BEGIN:" + component,
		"UID:" + c.uid, "DTSTAMP:" + time.Now().UTC().Format(stamp),
		"DTSTART:" + start.Format(stamp), end + ":" + start.Add(time.Hour).Format(stamp), "SUMMARY:" + pim.TrialTitle + "; removed at once",
		"ORGANIZER:mailto:" + organizer, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:" + organizer,
		"ATTENDEE;PARTSTAT=" + partstat + ";RSVP=TRUE:mailto:" + attendee,
		"END:" + component, "END:VCALENDAR", "",
	}
	if end == "" {
		lines = slices.Delete(lines, 7, 8)
	}
	c.data = []byte(strings.Join(lines, "\r\n"))
	return c
}

func (c canary) withAgent() canary {
	c.data, _ = pim.InjectScheduleAgent(c.data)
	c.agent = true
	return c
}

// heard reads what came back. A server that schedules notes with each person what became of the message (SCHEDULE-STATUS,
// RFC 6638 section 3.2.9). That the note is missing means silence only in the very object that was written: with its
// UID, with the person to whom a message would go, and with SCHEDULE-AGENT where that was in it and only there. It is
// pure; the error says why nothing is known.
func (c canary) heard(there []byte) (loud bool, err error) {
	object, err := pim.Inspect(there)
	switch {
	case err != nil:
		return false, &untried{words: "the server returns something that is not an event: " + err.Error()}
	case object.UID != c.uid:
		return false, &untried{words: "the server returns a different object than was written"}
	case bytes.Contains(bytes.ToUpper(unfolded(there)), []byte("SCHEDULE-STATUS")):
		return true, nil
	case c.role == pim.RoleOrganizer && !slices.Contains(object.Attendees, nobody), c.role == pim.RoleAttendee && object.Organizer != nobody:
		return false, &untried{words: "the server returns it without its attendees"}
	case object.HasAgent != c.agent:
		return false, &untried{words: "the server returns it with a different SCHEDULE-AGENT"}
	}
	return false, nil
}

// untried says that a canary could not be tried, which shows nothing about what the server sends.
type untried struct{ words string }

func (g *untried) Error() string { return g.words }

// try writes the test object, reads it back and removes it.
func (s *slice) try(ctx context.Context, field dav.Collection, bird canary) (quiet bool, err error) {
	href := hrefOf(field.Href, bird.uid+".ics")
	if err := s.beginTrial(ctx, field, bird.uid); err != nil {
		return false, err
	}
	stored, err := s.dst.Put(ctx, href, dav.Upload{Data: bird.data, Kind: dav.Calendars})
	switch refused, answered := errorsAs[*dav.StatusError](err); {
	case err == nil:
		href = cmp.Or(stored.Href, href)
	case answered && refused.Status == http.StatusPreconditionFailed: // asked twice, and taken at first: the name is its own
	case answered && refused.Status < http.StatusInternalServerError:
		return false, cmp.Or(s.endTrial(ctx, bird.uid), s.unflown(err))
	default: // nobody knows whether it is there
		_ = s.dst.Delete(context.WithoutCancel(ctx), href, "") // what arrives later a next pass removes
		return false, cmp.Or(s.beginTrial(ctx, field, bird.uid), s.unflown(err))
	}
	there, err := s.dst.Get(ctx, href, dav.Calendars)
	nothing := isGone(err)
	loud := false
	if err == nil {
		loud, err = bird.heard(there.Data)
	}
	ours := dav.Object{Href: href, ETag: there.ETag, Data: bird.data}
	if left := s.removeTrial(context.WithoutCancel(ctx), ours, dav.Calendars, nothing || err == nil && !loud); left != nil {
		s.find(testObjectLeft.On(href, rehome.Values{"why": left}))
	} else if endErr := s.endTrial(ctx, bird.uid); endErr != nil {
		return false, endErr
	}
	if err != nil {
		return false, s.unflown(err)
	}
	return !loud, nil
}

// unflown tells a refusal of the test object from trouble with the server as a whole.
func (s *slice) unflown(err error) error {
	if unknown, is := errorsAs[*untried](err); is {
		return unknown
	}
	fault := endpoint.Fault(err, "test whether the destination sends invitations for", s.account.Address)
	refused, is := errorsAs[*dav.StatusError](err)
	if f, known := errorsAs[*rehome.Fault](fault); is && known && f.Class != rehome.ClassAuth && f.Class != rehome.ClassThrottled {
		return &untried{words: cmp.Or(f.Server, refused.Error())}
	}
	return fault
}

// unfolded undoes folding, RFC 5545 section 3.1.
func unfolded(data []byte) []byte {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\n "), nil), []byte("\n\t"), nil)
}
