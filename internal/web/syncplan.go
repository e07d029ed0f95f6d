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
	Accounts int                      `json:"accounts"`
	Troubles []journey.PlannedAccount `json:"troubles"` // they could not be planned
	Amounts  []amountRow              `json:"amounts"`
	Boxes    []boxRow                 `json:"mailboxes"`   // that are made, get another name or stay behind
	Books    []bookRow                `json:"collections"` // address books and calendars of which something changes
	Losses   []lossRow                `json:"losses"`      // what is gone at the source
	Renamed  []renamedRow             `json:"renamed"`     // likewise, what goes under another name there
	Findings []rehome.Finding         `json:"findings"`
	More     int                      `json:"more"` // rows that are not shown
}

type amountRow struct {
	Account     string `json:"account"`
	Messages    int64  `json:"messages"`
	Octets      int64  `json:"bytes"`
	NewMessages int64  `json:"new_messages"`
	NewOctets   int64  `json:"new_bytes"`
	NewContacts int    `json:"new_contacts"`
	NewObjects  int    `json:"new_events"`
	Mail        bool   `json:"mail"`
}

type boxRow struct {
	Account     string `json:"account"`
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Exists      bool   `json:"exists"`
	Left        bool   `json:"left"`
	Why         string `json:"why"`
}

type bookRow struct {
	Account string `json:"account"`
	davcopy.PlannedCollection
}

type lossRow struct {
	Account string `json:"account"`
	Where   string `json:"where"`
	Gone    int    `json:"gone"`
	Removed int    `json:"removed"`
	Kept    int    `json:"kept"`
}

type renamedRow struct {
	Account string `json:"account"`
	Was     string `json:"was"`
	Is      string `json:"is"`
	From    string `json:"from"`
	To      string `json:"to"`
}

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
