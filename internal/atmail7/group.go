// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"database/sql"
	"strings"

	"rehome"
)

// defaultGroup holds every user whose group is empty or unknown.
const defaultGroup = "default"

// group is a row of Groups.
type group struct {
	name     string
	services rehome.Services
}

func (a *assembly) readGroups(ctx context.Context) error {
	sel := selection{role: roleGroup, where: having("group.name"), fields: []string{
		"group.name", "group.imap", "group.pop3", "group.caldav", "group.carddav",
	}}
	return a.read(ctx, sel, func(v []sql.RawBytes) error {
		a.people.groups[key(v[0])] = group{name: tidy(decodeExact(v[0])), services: rehome.Services{
			IMAP: isOn(v[1]), POP3: isOn(v[2]), CalDAV: isOn(v[3]), CardDAV: isOn(v[4]),
		}}
		return nil
	})
}

// isOn reads a group's switch. A switch that an older server does not have is not off.
func isOn(stored []byte) bool { return stored == nil || !isZero(stored) }

// services returns what the switches of an account's group allow, and counts it as a member.
func (a *assembly) services(name string) rehome.Services {
	if _, known := a.people.groups[name]; !known {
		name = defaultGroup
	}
	a.members[name]++
	if g, known := a.people.groups[name]; known {
		return g.services
	}
	return rehome.AllServices
}

// findServicesOff says once a group what its members cannot reach.
func (a *assembly) findServicesOff() {
	for name, members := range a.members {
		g, known := a.people.groups[name]
		if !known || g.services == rehome.AllServices {
			continue
		}
		why := servicesOff
		if g.off() == "POP3" {
			why = popOff
		}
		a.find(why, "", "group "+g.name, rehome.Values{"services": g.off(), "n": members})
	}
}

func (g group) off() string {
	var off []string
	for _, service := range []struct {
		name string
		on   bool
	}{{"IMAP", g.services.IMAP}, {"POP3", g.services.POP3}, {"CalDAV", g.services.CalDAV}, {"CardDAV", g.services.CardDAV}} {
		if !service.on {
			off = append(off, service.name)
		}
	}
	return strings.Join(off, ", ")
}
