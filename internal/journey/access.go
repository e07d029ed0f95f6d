// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/atmail7"
	"rehome/internal/atmail8"
	"rehome/internal/config"
)

// Way is a way into an account at the source.
type Way string

// The ways in, best first.
const (
	WayMaster   Way = "master user"
	WayToken    Way = "access token"
	WayOwn      Way = "own password"
	WayHA1      Way = "HA1" // a stored digest, which answers a Digest challenge: contacts and calendars only
	WayDatabase Way = "database only"
	WayNone     Way = "none"
)

// Gain is a way to a password at the destination.
type Gain string

// The ways to a password.
const (
	GainOwn       Gain = "own password"
	GainHash      Gain = "hash hand-over" // to the vendor's operations; a temporary password holds until then
	GainTemporary Gain = "temporary"
	GainGiven     Gain = "by you" // a destination that rehome makes no accounts for
	GainNothing   Gain = "stays"
)

// Standing says what kind of account it is.
type Standing string

// The kinds of account that are not a person who moves like everybody.
const (
	StandingMoves    Standing = "moves"
	StandingLDAP     Standing = "ldap"
	StandingDisabled Standing = "disabled"
	StandingElse     Standing = "other domain"
	StandingExternal Standing = "external"
	StandingCalendar Standing = "calendar user"
)

// AccessRow is the plan for one account.
type AccessRow struct {
	Account      string              `json:"account"`
	Standing     Standing            `json:"standing"`
	PasswordForm rehome.PasswordForm `json:"password_form,omitempty"`
	Source       Way                 `json:"source"`           // the best way in at all
	Mail         Way                 `json:"source_mail"`      // to mail
	Objects      Way                 `json:"source_objects"`   // to contacts and calendars
	Destination  Gain                `json:"destination"`      // how the account gets its password
	Switches     []string            `json:"off,omitempty"`    // services that a group switch denies
	Policy       string              `json:"policy,omitempty"` // what happens to it, and why

	SourceLogin      *Login `json:"source_login,omitempty"` // only with real log-ins
	DestinationLogin *Login `json:"destination_login,omitempty"`
}

// Coverage counts accounts by way in and way to a password. Its numbers add up to the rows.
type Coverage struct {
	Accounts int                  `json:"accounts"`
	Moving   int                  `json:"moving"`
	Staying  int                  `json:"staying"`
	Source   map[Way]int          `json:"source"`
	Gains    map[Gain]int         `json:"destination"`
	Table    map[Way]map[Gain]int `json:"table"`
}

// AccessPlan is the best way into and out of every account.
type AccessPlan struct {
	Accounts []AccessRow      `json:"accounts"`
	Coverage Coverage         `json:"coverage"`
	Findings []rehome.Finding `json:"findings"`
}

// AccountsPlan says for every account that the source knows how its data can be read, and how it gets a
// password at the destination. With logins not nil it also logs in, as that says.
func (m *Move) AccountsPlan(ctx context.Context, logins *LoginOptions) (AccessPlan, error) {
	p, err := m.people(ctx)
	if err != nil {
		return AccessPlan{}, err
	}
	digests, err := m.digests(ctx, p)
	if err != nil {
		return AccessPlan{}, err
	}
	var rows []AccessRow
	for i, account := range p.moving {
		rows = append(rows, m.accessOf(account, p.decisions[i], digests[account.Address]))
	}
	rows = append(rows, m.stayingRows(p)...)
	slices.SortFunc(rows, func(a, b AccessRow) int { return cmp.Compare(a.Account, b.Account) })
	plan := AccessPlan{Accounts: rows, Coverage: coverageOf(rows), Findings: nonNil(p.findings)}
	if logins != nil {
		err = m.logInAll(ctx, p, plan.Accounts, *logins)
	}
	return plan, err
}

func (m *Move) accessOf(account rehome.Account, decision atmail8.Decision, hasDigest bool) AccessRow {
	row := AccessRow{
		Account: account.Address, Standing: StandingMoves, PasswordForm: account.Password.Form,
		Mail: m.wayToMail(account), Objects: m.wayToObjects(account, hasDigest), Switches: switchesOff(account.Services),
	}
	row.Source = better(row.Mail, row.Objects)
	row.Destination, row.Policy = m.gainOf(account, decision)
	if account.Password.Form == rehome.PasswordLDAP {
		row.Standing = StandingLDAP
	}
	if row.Mail != WayNone && !account.Services.IMAP {
		row.Policy = joinPolicy("its group switches IMAP off, which may keep the "+string(row.Mail)+" out too: try with --login", row.Policy)
	}
	if row.Mail == WayNone {
		row.Policy = joinPolicy(m.noMailReason(account), row.Policy)
	}
	row.Policy = joinPolicy(m.objectsReason(row, account), row.Policy)
	if account.Disabled {
		row.Standing = StandingDisabled
		row.Policy = joinPolicy("moves although the source has disabled it (accounts.include_disabled: import)", row.Policy)
	}
	return row
}

// wayToMail follows the endpoint's own rule: a master user or token opens every account, else the own
// password, which a group switch may make useless.
func (m *Move) wayToMail(account rehome.Account) Way {
	switch {
	case m.settings.Source.IMAP.Login == config.LoginMaster:
		return WayMaster
	case m.settings.Source.IMAP.Login == config.LoginOAuth:
		return WayToken
	case !account.SourcePassword.Empty() && account.Services.IMAP && !account.Disabled:
		return WayOwn
	}
	return WayNone
}

// servesAll reports whether the source's server shows an account all its contacts and calendars, whoever
// asks with the right password. Where it does not, a database beside it does.
func servesAll(account rehome.Account) bool {
	return !account.Disabled && account.Services.CalDAV && account.Services.CardDAV
}

// wayToObjects follows pimEnds.source.
func (m *Move) wayToObjects(account rehome.Account, hasDigest bool) Way {
	dav := m.settings.Source.DAV
	server := dav.URL != "" && dav.Via != config.DAVDatabase
	tables := m.settings.Source.Database.DSN != "" && dav.Via != config.DAVServer
	known := !account.SourcePassword.Empty()
	switch {
	case server && known && servesAll(account):
		return WayOwn
	case tables:
		return WayDatabase
	case !server || account.Disabled || !account.Services.CalDAV && !account.Services.CardDAV:
		return WayNone
	case known:
		return WayOwn // to one of the two
	case hasDigest:
		return WayHA1
	}
	return WayNone
}

// objectsReason is what an operator can do about contacts and calendars that nothing opens, or not all of
// them.
func (m *Move) objectsReason(row AccessRow, account rehome.Account) string {
	src, dst := m.settings.Source, m.settings.Destination
	if dst.DAV.URL == "" || src.DAV.URL == "" && src.Database.DSN == "" {
		return "" // none move
	}
	var off []string
	for _, name := range row.Switches {
		if name == "CalDAV" || name == "CardDAV" {
			off = append(off, name)
		}
	}
	switch {
	case row.Objects == WayDatabase && len(off) > 0:
		return "its group switches " + strings.Join(off, " and ") + " off: contacts and calendars come from the database"
	case len(off) > 0:
		return "its group switches " + strings.Join(off, " and ") + " off: allow it while the move lasts, or let source.dav.via be auto"
	case row.Objects == WayNone && account.Disabled:
		return "the source's server refuses it: let source.dav.via be auto for its contacts and calendars"
	case row.Objects == WayNone:
		return "nothing opens its contacts and calendars: give SourcePassword in the roster, or let source.dav.via be auto"
	}
	return ""
}

// noMailReason is what an operator can do about mail that nothing opens.
func (m *Move) noMailReason(account rehome.Account) string {
	switch {
	case !account.SourcePassword.Empty() && !account.Services.IMAP:
		return "its group switches IMAP off: allow it while the move lasts, or set a master user for the source"
	case account.Disabled:
		return "the source refuses its log-in: set a master user for the source"
	}
	return "nothing opens its mail: set a master user for the source, or give SourcePassword in the roster"
}

func (m *Move) gainOf(account rehome.Account, decision atmail8.Decision) (Gain, string) {
	_, _, isHash := atmail7.Hash(account.Password)
	switch {
	case m.settings.Destination.Kind != config.DestinationAtmail8 && account.DestinationPassword.Empty():
		return GainGiven, "rehome makes no accounts at this destination: give DestinationPassword in the roster"
	case m.settings.Destination.Kind != config.DestinationAtmail8, decision.Origin == atmail8.OriginOwn:
		return GainOwn, ""
	case isHash:
		return GainHash, "the hash goes to the vendor with the handover; until it is taken over, a temporary password holds"
	case account.Password.Form == rehome.PasswordLDAP:
		return GainTemporary, "its password is in a directory, which does not move: a temporary password and a personal sheet"
	}
	return GainTemporary, decision.Why() + ": a temporary password and a personal sheet"
}

// stayingRows names everybody who does not move, with what happens to them.
func (m *Move) stayingRows(p *people) []AccessRow {
	byAddress := map[string]rehome.Account{}
	for _, account := range p.organisation.Accounts {
		byAddress[account.Address] = account
	}
	var rows []AccessRow
	for _, s := range p.staying {
		account := byAddress[s.Account]
		standing := StandingElse
		if account.Disabled {
			standing = StandingDisabled
		}
		rows = append(rows, AccessRow{Account: s.Account, Standing: standing, PasswordForm: account.Password.Form, Source: WayNone, Mail: WayNone,
			Objects: WayNone, Destination: GainNothing, Switches: switchesOff(account.Services), Policy: s.Reason})
	}
	for _, f := range p.findings {
		standing, known := map[string]Standing{"calendar_user_skipped": StandingCalendar, "external_account_skipped": StandingExternal}[f.Code]
		if _, moves := byAddress[f.Account]; known && !moves {
			rows = append(rows, AccessRow{Account: f.Account, Standing: standing, Source: WayNone, Mail: WayNone, Objects: WayNone,
				Destination: GainNothing, Policy: joinPolicy(f.Sentence, f.NextStep)})
		}
	}
	return rows
}

// digests tells whose HA1 SabreDAV's own table keeps, where it is used: only the server is to be read, and
// no password is known.
func (m *Move) digests(ctx context.Context, p *people) (found map[string]bool, err error) {
	dav := m.settings.Source.DAV
	if dav.URL == "" || dav.Via != config.DAVServer || m.settings.Source.Database.DSN == "" {
		return nil, nil
	}
	database, err := m.database(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	found = map[string]bool{}
	for _, account := range p.moving {
		if !account.SourcePassword.Empty() {
			continue // the password itself is better
		}
		if found[account.Address], err = hasDigest(ctx, database, account.Address); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func hasDigest(ctx context.Context, database *atmail7.Database, address string) (bool, error) {
	shelf, err := database.Shelf(ctx, address)
	if err != nil {
		return false, err
	}
	defer shelf.Close()
	ha1, err := shelf.Digest(ctx)
	return ha1 != "", err
}

func switchesOff(s rehome.Services) []string {
	var off []string
	for _, service := range []struct {
		name string
		on   bool
	}{{"IMAP", s.IMAP}, {"POP3", s.POP3}, {"CalDAV", s.CalDAV}, {"CardDAV", s.CardDAV}} {
		if !service.on {
			off = append(off, service.name)
		}
	}
	return off
}

func better(a, b Way) Way {
	order := Ways()
	if slices.Index(order, a) <= slices.Index(order, b) {
		return a
	}
	return b
}

// Ways returns the ways in, best first.
func Ways() []Way { return []Way{WayMaster, WayToken, WayOwn, WayHA1, WayDatabase, WayNone} }

// Gains returns the ways to a password, best first.
func Gains() []Gain { return []Gain{GainOwn, GainHash, GainTemporary, GainGiven, GainNothing} }

func joinPolicy(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "; ")
}

func coverageOf(rows []AccessRow) Coverage {
	c := Coverage{Accounts: len(rows), Source: map[Way]int{}, Gains: map[Gain]int{}, Table: map[Way]map[Gain]int{}}
	for _, row := range rows {
		c.Source[row.Source]++
		c.Gains[row.Destination]++
		if c.Table[row.Source] == nil {
			c.Table[row.Source] = map[Gain]int{}
		}
		c.Table[row.Source][row.Destination]++
		if row.Destination == GainNothing {
			c.Staying++
		} else {
			c.Moving++
		}
	}
	return c
}
