// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	silentServer silence = "silent" // it does not schedule, or heeds the guard headers
	silentAgent  silence = "agent"  // it heeds SCHEDULE-AGENT=CLIENT
	notSilent    silence = "loud"   // it would send invitations
)

// guard makes sure that writing the object sends nothing to anybody: it goes as it is, with
// SCHEDULE-AGENT=CLIENT where that was allowed and is needed, or is held back.
func (j *collectionJob) guard(ctx context.Context, p *parcel) error {
	home := j.slice.dst.Home(kindOf(j.kind))
	if !home.Capabilities.Has("calendar-auto-schedule") {
		return nil // RFC 6638 section 2: it does not schedule
	}
	known, err := j.slice.engine.silence(ctx, j.slice, &j.place.target)
	switch {
	case err != nil:
		return err
	case known == silentServer:
	case known == silentAgent:
		data, fixes := pim.InjectScheduleAgent(p.data)
		p.take(data, fixes)
		if form, readable := pim.Digest(p.data, p.kind); readable {
			p.row.Form = form[:]
		}
	default:
		p.way = wayNote
		p.row = p.before
		if !p.before.State.There() {
			p.row = ledger.Object{Source: nameBelow(j.place.source.Href, p.source.Href), State: ledger.ObjectHeld,
				SrcETag: p.source.ETag, UID: p.object.UID, Code: "invitations_not_silent"}
		}
	}
	return nil
}

// silence asks the canary once for the whole run: what it shows is a property of the server.
func (e *Engine) silence(ctx context.Context, s *slice, target *dav.Collection) (silence, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.canary != nil {
		return *e.canary, nil
	}
	found, err := s.fly(ctx, target)
	if err == nil {
		e.canary = &found
	}
	return found, err
}

// fly writes test events with an attendee, and an organizer, whose addresses nobody can have (RFC 2606
// section 2), and looks whether the server has tried to reach them. With the headers that ask for
// silence first, then, if that was allowed, with SCHEDULE-AGENT as well.
func (s *slice) fly(ctx context.Context, target *dav.Collection) (silence, error) {
	quiet, err := s.quiet(ctx, target, func(data []byte) []byte { return data })
	if err != nil || quiet {
		return silentServer, err
	}
	if !s.engine.options.ScheduleAgent {
		return notSilent, nil
	}
	quiet, err = s.quiet(ctx, target, func(data []byte) []byte {
		injected, _ := pim.InjectScheduleAgent(data)
		return injected
	})
	if err != nil || !quiet {
		return notSilent, err
	}
	return silentAgent, nil
}

// quiet tries both roles: a server may heed the request for one and not for the other.
func (s *slice) quiet(ctx context.Context, target *dav.Collection, change func([]byte) []byte) (bool, error) {
	self := s.calendarAddress()
	for _, role := range []pim.Role{pim.RoleOrganizer, pim.RoleAttendee} {
		quiet, err := s.try(ctx, target, role, change(canaryEvent(role, self)))
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

// canaryEvent is an event of next year, because some servers are silent about the past.
func canaryEvent(role pim.Role, self string) []byte {
	organizer, attendee, partstat := self, nobody, "NEEDS-ACTION"
	if role == pim.RoleAttendee {
		organizer, attendee, partstat = nobody, self, "ACCEPTED"
	}
	start := time.Now().UTC().AddDate(1, 0, 0).Truncate(time.Hour)
	const stamp = "20060102T150405Z"
	return []byte(strings.Join([]string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//rehome//canary//EN", "BEGIN:VEVENT",
		"UID:" + canaryUID(role), "DTSTAMP:" + time.Now().UTC().Format(stamp),
		"DTSTART:" + start.Format(stamp), "DTEND:" + start.Add(time.Hour).Format(stamp), "SUMMARY:test of a move; removed at once",
		"ORGANIZER:mailto:" + organizer, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:" + organizer,
		"ATTENDEE;PARTSTAT=" + partstat + ";RSVP=TRUE:mailto:" + attendee,
		"END:VEVENT", "END:VCALENDAR", "",
	}, "\r\n"))
}

func canaryUID(role pim.Role) string { return "rehome-canary-" + string(role) }

// try writes the event, reads it back and removes it. A server that schedules notes with each person what
// became of the message (SCHEDULE-STATUS, RFC 6638 section 3.2.9). One that refuses the event has not
// shown that it is silent.
func (s *slice) try(ctx context.Context, target *dav.Collection, role pim.Role, event []byte) (quiet bool, err error) {
	href := hrefOf(target.Href, canaryUID(role)+".ics")
	_, err = s.dst.Put(ctx, href, dav.Upload{Data: event, Kind: dav.Calendars, Overwrite: true})
	if err != nil {
		return s.unproved(err)
	}
	there, err := s.dst.Get(ctx, href, dav.Calendars)
	quiet = err == nil && !bytes.Contains(bytes.ToUpper(unfolded(there.Data)), []byte("SCHEDULE-STATUS"))
	if removed := s.removeCanary(context.WithoutCancel(ctx), href, event, quiet); err == nil {
		err = removed
	}
	if err != nil {
		return s.unproved(err)
	}
	return quiet, nil
}

// removeCanary takes it away again. A server that is not silent would announce that too, unless it has
// been told before that the client sees to it.
func (s *slice) removeCanary(ctx context.Context, href string, event []byte, quiet bool) error {
	if !quiet {
		injected, _ := pim.InjectScheduleAgent(event)
		if _, err := s.dst.Put(ctx, href, dav.Upload{Data: injected, Kind: dav.Calendars, Overwrite: true}); err != nil {
			return err
		}
	}
	return s.dst.Delete(ctx, href, "")
}

// unfolded undoes folding, RFC 5545 section 3.1.
func unfolded(data []byte) []byte {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\n "), nil), []byte("\n\t"), nil)
}

// unproved is for a canary that could not fly.
func (s *slice) unproved(err error) (bool, error) {
	fault := endpoint.Fault(err, "test whether the destination sends invitations for", s.account.Address)
	if rehome.ClassOf(fault) != rehome.ClassPermanent {
		return false, fault
	}
	var f *rehome.Fault
	if errors.As(fault, &f) {
		s.find(rehome.Finding{Code: "canary_refused", Severity: rehome.SeverityWarning, Object: "calendars",
			Sentence: fmt.Sprintf("whether the destination sends invitations could not be tested: %v", f)})
	}
	return false, nil
}
