// SPDX-License-Identifier: Apache-2.0

package web

import (
	"rehome"
	"rehome/internal/davcopy"
	"rehome/internal/journey"
	"rehome/internal/mapping"
)

// mostRows is how many rows each table of a plan shows. The terminal lists all of them.
const mostRows = 200

// syncPlan is what a pass would do, as much of it as a page can show.
type syncPlan struct {
	Accounts int
	Troubles []journey.PlannedAccount // they could not be planned
	Amounts  []amountRow
	Boxes    []boxRow     // mailboxes that are made, get another name or stay behind
	Books    []bookRow    // address books and calendars of which something changes
	Losses   []lossRow    // what is gone at the source
	Renamed  []renamedRow // likewise, what goes under another name there
	Findings []rehome.Finding
	More     int // rows that are not shown
}

type amountRow struct {
	Account                 string
	Messages, Octets        int64
	NewMessages, NewOctets  int64
	NewContacts, NewObjects int
	Mail                    bool
}

type boxRow struct {
	Account             string
	Source, Destination string
	Exists, Left        bool
	Why                 string
}

type bookRow struct {
	Account string
	davcopy.PlannedCollection
}

type lossRow struct {
	Account, Where      string
	Gone, Removed, Kept int
}

type renamedRow struct{ Account, Was, Is, From, To string }

// keep adds a row to a table that has room, and counts it otherwise.
func keep[T any](p *syncPlan, table *[]T, row T) {
	if len(*table) >= mostRows {
		p.More++
		return
	}
	*table = append(*table, row)
}

func syncPlanOf(planned journey.Planned) *syncPlan {
	p := &syncPlan{Accounts: len(planned.Accounts)}
	for _, a := range planned.Accounts {
		if a.Error != "" {
			keep(p, &p.Troubles, a)
			continue
		}
		p.amounts(a)
		p.boxes(a)
		for _, v := range a.Vanished {
			keep(p, &p.Losses, lossRow{a.Account, v.Destination, v.Messages, v.Removed, v.Messages - v.Removed - v.Absent})
		}
		for _, r := range a.Renamed {
			keep(p, &p.Renamed, renamedRow{a.Account, r.Was, r.Source, r.From, r.To})
		}
		for _, f := range a.Findings {
			if f.Severity != rehome.SeverityInfo {
				keep(p, &p.Findings, f)
			}
		}
	}
	return p
}

// amounts adds how much an account has, and what of it would be copied.
func (p *syncPlan) amounts(a journey.PlannedAccount) {
	row := amountRow{Account: a.Account}
	if m := a.Mail; m != nil {
		row.Mail, row.Messages, row.Octets, row.NewMessages, row.NewOctets = true, m.Messages, m.Octets, m.NewMessages, m.NewOctets
	}
	for _, c := range a.Collections {
		written := c.New + c.Changed + c.Again
		if c.Why != "" {
			written = 0
		} else if c.Kind == rehome.KindContacts {
			row.NewContacts += written
		} else {
			row.NewObjects += written
		}
		if c.Why != "" || !c.Exists || written > 0 {
			keep(p, &p.Books, bookRow{a.Account, c})
		}
		if c.Vanished > 0 {
			keep(p, &p.Losses, lossRow{a.Account, c.Name, c.Vanished, c.Removed, c.Vanished - c.Removed - c.Absent})
		}
	}
	if row.Mail || len(a.Collections) > 0 {
		keep(p, &p.Amounts, row)
	}
}

// boxes adds the mailboxes that do not simply stay as they are.
func (p *syncPlan) boxes(a journey.PlannedAccount) {
	for _, pair := range a.Pairs {
		if !pair.Exists || !pair.Plain() {
			why := pair.Why
			if pair.Plain() {
				why = "" // that is as anybody expects
			}
			keep(p, &p.Boxes, boxRow{Account: a.Account, Source: pair.Source, Destination: pair.Destination, Exists: pair.Exists, Why: why})
		}
	}
	for _, l := range a.Left {
		keep(p, &p.Boxes, boxRow{Account: a.Account, Source: l.Source, Left: true, Why: l.Reason})
	}
}

// losses are what has to be the same when a pass is begun: where everything goes, and what is gone. How much is new changes all the
// time, and is copied whatever it is.
type losses struct {
	Account string
	Pairs   []mapping.Pair
	Left    []mapping.Left
	Gone    []lossRow
	Renamed []renamedRow
	Error   string
}

func lossesOf(planned journey.Planned) (all []losses) {
	for _, a := range planned.Accounts {
		one := syncPlanOf(journey.Planned{Accounts: []journey.PlannedAccount{a}})
		all = append(all, losses{a.Account, a.Pairs, a.Left, one.Losses, one.Renamed, a.Error})
	}
	return all
}
