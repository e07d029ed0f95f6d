// SPDX-License-Identifier: Apache-2.0

package people

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/passhash"
)

// SourceAccess is a way into an account at the source.
type SourceAccess string

// The ways in, best first.
const (
	AccessMaster   SourceAccess = "master user"
	AccessToken    SourceAccess = "access token"
	AccessOwn      SourceAccess = "own password"
	AccessHA1      SourceAccess = "HA1" // a stored digest, which answers a Digest challenge: contacts and calendars only
	AccessDatabase SourceAccess = "database only"
	AccessNone     SourceAccess = "none"
)

// PasswordRoute is a way to a password at the destination.
type PasswordRoute string

// The ways to a password.
const (
	RouteOwn       PasswordRoute = "own password"
	RouteHash      PasswordRoute = "hash hand-over" // to the vendor's operations; a temporary password holds until then
	RouteTemporary PasswordRoute = "temporary"
	RouteGiven     PasswordRoute = "by you" // a destination that rehome makes no accounts for
	RouteNone      PasswordRoute = "stays"
)

// AccountStanding says what kind of account it is.
type AccountStanding string

// The kinds of account, the usual one first.
const (
	StandingMoves       AccountStanding = "moves"
	StandingLDAP        AccountStanding = "ldap"
	StandingDisabled    AccountStanding = "disabled"
	StandingOtherDomain AccountStanding = "other domain"
	StandingExternal    AccountStanding = "external"
	StandingCalendar    AccountStanding = "calendar user"
	StandingNoAddress   AccountStanding = "no valid address"
)

// AccessRow is the plan for one account.
type AccessRow struct {
	Account      string              `json:"account"`
	Standing     AccountStanding     `json:"standing"`
	PasswordForm rehome.PasswordForm `json:"password_form,omitempty"`
	Source       SourceAccess        `json:"source"`           // the best way in at all
	Mail         SourceAccess        `json:"source_mail"`      // to mail
	Objects      SourceAccess        `json:"source_objects"`   // to contacts and calendars
	Destination  PasswordRoute       `json:"destination"`      // how the account gets its password
	Switches     []string            `json:"off,omitempty"`    // services that a group switch denies
	Policy       string              `json:"policy,omitempty"` // what happens to it, and why

	SourceLogin      *Login `json:"source_login,omitempty"` // only with real log-ins
	DestinationLogin *Login `json:"destination_login,omitempty"`
}

// Coverage counts accounts by way in and way to a password. Its numbers add up to the rows.
type Coverage struct {
	Accounts  int                                    `json:"accounts"`
	Moving    int                                    `json:"moving"`
	Staying   int                                    `json:"staying"`
	Source    map[SourceAccess]int                   `json:"source"`
	Passwords map[PasswordRoute]int                  `json:"destination"`
	Table     map[SourceAccess]map[PasswordRoute]int `json:"table"`
}

// AccessPlan is the best way into and out of every account.
type AccessPlan struct {
	Accounts []AccessRow      `json:"accounts"`
	Coverage Coverage         `json:"coverage"`
	Findings []rehome.Finding `json:"findings"`
}

// AccessOptions say what the settings offer to open accounts with. Contacts and calendars are called objects.
type AccessOptions struct {
	MasterUser bool // opens every account's mail at the source
	Token      bool // so does this
	Server     bool // the source's DAV server may be read
	Tables     bool // the directory may be read for objects
	Objects    bool // both ends of objects are named: they move

	MakesAccounts bool // the destination's accounts are made from our import file
}

// PlanAccess says for every account that the source knows how its data can be read, and how it gets a password at the
// destination. digests tells whose HA1 the directory keeps.
func (e *Everybody) PlanAccess(options AccessOptions, digests map[string]bool) AccessPlan {
	var rows []AccessRow
	for i, account := range e.Moving {
		rows = append(rows, options.accessOf(account, e.Decisions[i], digests[account.Address]))
	}
	rows = append(rows, e.stayingRows()...)
	slices.SortFunc(rows, func(a, b AccessRow) int { return cmp.Compare(a.Account, b.Account) })
	return AccessPlan{Accounts: rows, Coverage: coverageOf(rows), Findings: append([]rehome.Finding{}, e.Findings...)}
}

func (o AccessOptions) accessOf(account rehome.Account, decision atmail8.Decision, hasDigest bool) AccessRow {
	row := AccessRow{
		Account: account.Address, Standing: StandingMoves, PasswordForm: account.Password.Form,
		Mail: o.mailAccess(account), Objects: o.objectAccess(account, hasDigest), Switches: switchesOff(account.Services),
	}
	row.Source = better(row.Mail, row.Objects)
	row.Destination, row.Policy = o.passwordRoute(account, decision)
	if account.Password.Form == rehome.PasswordLDAP {
		row.Standing = StandingLDAP
	}
	if row.Mail != AccessNone && !account.Services.IMAP {
		row.Policy = joinPolicy("its group switches IMAP off, which may also shut out the "+string(row.Mail)+": test it with --login", row.Policy)
	}
	if row.Mail == AccessNone {
		row.Policy = joinPolicy(noMailReason(account), row.Policy)
	}
	row.Policy = joinPolicy(o.objectsReason(row, account), row.Policy)
	if account.Disabled {
		row.Standing = StandingDisabled
		row.Policy = joinPolicy("it moves although it is disabled at the source (accounts.include_disabled: import)", row.Policy)
	}
	return row
}

// mailAccess follows the endpoint's own rule: a master user or token opens every account, else the own
// password, which a group switch may make useless.
func (o AccessOptions) mailAccess(account rehome.Account) SourceAccess {
	switch {
	case o.MasterUser:
		return AccessMaster
	case o.Token:
		return AccessToken
	case !account.SourcePassword.Empty() && account.Services.IMAP && !account.Disabled:
		return AccessOwn
	}
	return AccessNone
}

// ServesAll reports whether the source's server shows an account all its contacts and calendars, whoever
// asks with the right password. Where it does not, a database beside it does.
func ServesAll(account rehome.Account) bool {
	return !account.Disabled && account.Services.CalDAV && account.Services.CardDAV
}

// objectAccess follows the rule by which a pass opens contacts and calendars.
func (o AccessOptions) objectAccess(account rehome.Account, hasDigest bool) SourceAccess {
	known := !account.SourcePassword.Empty()
	switch {
	case o.Server && known && ServesAll(account):
		return AccessOwn
	case o.Tables:
		return AccessDatabase
	case !o.Server || account.Disabled || !account.Services.CalDAV && !account.Services.CardDAV:
		return AccessNone
	case known:
		return AccessOwn // to one of the two
	case hasDigest:
		return AccessHA1
	}
	return AccessNone
}

// objectsReason is what an operator can do about contacts and calendars that nothing opens, or not all of
// them.
func (o AccessOptions) objectsReason(row AccessRow, account rehome.Account) string {
	if !o.Objects {
		return "" // none move
	}
	var off []string
	for _, name := range row.Switches {
		if name == "CalDAV" || name == "CardDAV" {
			off = append(off, name)
		}
	}
	switch {
	case row.Objects == AccessDatabase && len(off) > 0:
		return "its group switches " + strings.Join(off, " and ") + " off, so contacts and calendars are read from the database"
	case len(off) > 0:
		return "its group switches " + strings.Join(off, " and ") + " off: allow it during the move, or set source.dav.via to auto"
	case row.Objects == AccessNone && account.Disabled:
		return "the source's server refuses it: set source.dav.via to auto to copy its contacts and calendars"
	case row.Objects == AccessNone:
		return "its contacts and calendars cannot be read: add SourcePassword in the roster, or set source.dav.via to auto"
	}
	return ""
}

// noMailReason is what an operator can do about mail that nothing opens.
func noMailReason(account rehome.Account) string {
	switch {
	case !account.SourcePassword.Empty() && !account.Services.IMAP:
		return "its group switches IMAP off: allow it during the move, or set a master user for the source"
	case account.Disabled:
		return "the source refuses its login: set a master user for the source"
	}
	return "its mail cannot be read: set a master user for the source, or add SourcePassword in the roster"
}

func (o AccessOptions) passwordRoute(account rehome.Account, decision atmail8.Decision) (PasswordRoute, string) {
	_, _, isHash := passhash.Scheme(account.Password)
	switch {
	case !o.MakesAccounts && account.DestinationPassword.Empty():
		return RouteGiven, "rehome creates no accounts at this destination: add DestinationPassword in the roster"
	case !o.MakesAccounts, decision.Origin == atmail8.OriginOwn:
		return RouteOwn, ""
	case isHash:
		return RouteHash, "the vendor gets the hash with the handover; until it is set, the account has a temporary password"
	case account.Password.Form == rehome.PasswordLDAP:
		return RouteTemporary, "its password is in a directory service, which does not move: it gets a temporary password and a personal sheet"
	}
	return RouteTemporary, decision.Why() + ": it gets a temporary password and a personal sheet"
}

// stayingRows names everybody who does not move, with what happens to them.
func (e *Everybody) stayingRows() []AccessRow {
	byAddress := map[string]rehome.Account{}
	for _, account := range e.Organisation.Accounts {
		byAddress[account.Address] = account
	}
	var rows []AccessRow
	for _, s := range e.Staying {
		account := byAddress[s.Account]
		standing := StandingOtherDomain
		if account.Disabled {
			standing = StandingDisabled
		}
		rows = append(rows, AccessRow{Account: s.Account, Standing: standing, PasswordForm: account.Password.Form, Source: AccessNone, Mail: AccessNone,
			Objects: AccessNone, Destination: RouteNone, Switches: switchesOff(account.Services), Policy: s.Reason})
	}
	for _, f := range e.Findings {
		standing := standingOf(f)
		if _, moves := byAddress[f.Account]; standing != "" && !moves {
			rows = append(rows, AccessRow{Account: f.Account, Standing: standing, Source: AccessNone, Mail: AccessNone, Objects: AccessNone,
				Destination: RouteNone, Policy: joinPolicy(f.Sentence, f.NextStep)})
		}
	}
	return rows
}

// standingOf is what a finding says about the account that it is about; "" if nothing.
func standingOf(f rehome.Finding) AccountStanding {
	switch {
	case CalendarUserSkipped.Is(f):
		return StandingCalendar
	case ExternalAccountSkipped.Is(f):
		return StandingExternal
	case AddressUnfit.Is(f):
		return StandingNoAddress
	}
	return ""
}

// Digests tells whose HA1 the directory keeps, of those who move and whose password, which is better, is not known.
func (e *Everybody) Digests(ctx context.Context, directory Directory) (map[string]bool, error) {
	found := map[string]bool{}
	for _, account := range e.Moving {
		if !account.SourcePassword.Empty() {
			continue
		}
		digest, err := ReadDigest(ctx, directory, account.Address)
		if err != nil {
			return nil, err
		}
		found[account.Address] = !digest.Empty()
	}
	return found, nil
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

func better(a, b SourceAccess) SourceAccess {
	order := AccessesByRank()
	if slices.Index(order, a) <= slices.Index(order, b) {
		return a
	}
	return b
}

// AccessesByRank returns the ways in, best first.
func AccessesByRank() []SourceAccess {
	return []SourceAccess{AccessMaster, AccessToken, AccessOwn, AccessHA1, AccessDatabase, AccessNone}
}

// RoutesByRank returns the ways to a password, best first.
func RoutesByRank() []PasswordRoute {
	return []PasswordRoute{RouteOwn, RouteHash, RouteTemporary, RouteGiven, RouteNone}
}

func joinPolicy(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "; ")
}

func coverageOf(rows []AccessRow) Coverage {
	c := Coverage{Accounts: len(rows), Source: map[SourceAccess]int{}, Passwords: map[PasswordRoute]int{},
		Table: map[SourceAccess]map[PasswordRoute]int{}}
	for _, row := range rows {
		c.Source[row.Source]++
		c.Passwords[row.Destination]++
		if c.Table[row.Source] == nil {
			c.Table[row.Source] = map[PasswordRoute]int{}
		}
		c.Table[row.Source][row.Destination]++
		if row.Destination == RouteNone {
			c.Staying++
		} else {
			c.Moving++
		}
	}
	return c
}

// Outcome implements rehome.Answer: of an account that moves the mail cannot be read, or a log-in has failed.
func (p AccessPlan) Outcome() rehome.Outcome {
	for _, row := range p.Accounts {
		if row.Destination != RouteNone && row.Mail == AccessNone || row.SourceLogin.failed() || row.DestinationLogin.failed() {
			return rehome.OutcomeDiffers
		}
	}
	return rehome.OutcomeDone
}

// failed reports whether a log-in was tried and does not work; nil was not tried.
func (l *Login) failed() bool {
	return l != nil && l.Result != LoginWorks && l.Result != LoginNotTried
}
