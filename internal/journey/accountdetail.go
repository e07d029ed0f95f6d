// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/certificate"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// AccountDetail is one account with all that is known of it, without asking a server.
type AccountDetail struct {
	StatusAccount

	Level       verify.Level      `json:"level,omitempty"` // of the last verification
	Kinds       []KindStand       `json:"kinds"`
	Boxes       []MailboxPair     `json:"mailbox_pairs"`
	Collections []CollectionPair  `json:"collection_pairs"`
	Scripts     []verify.Rule     `json:"scripts"` // as they were compared
	Findings    []rehome.Finding  `json:"findings"`
	Open        []verify.Open     `json:"open"`     // differences of the last verification
	Unlisted    int               `json:"unlisted"` // open ones beyond those listed
	Excused     []verify.Accepted `json:"accepted_differences"`
	Certificate CertificateStand  `json:"certificate"`
	Events      []AccountEvent    `json:"events"` // the newest first
}

// KindStand is where one kind stands. What is nil is not known: no pass has looked, or none has compared.
type KindStand struct {
	Kind        rehome.Kind `json:"kind"`
	Source      *int64      `json:"source"`      // messages, contacts, events or scripts there, when a pass last looked
	Destination *int64      `json:"destination"` // those of them that were brought
	Trouble     int64       `json:"trouble"`     // that could not be, or wait for somebody
	Compared    *Compared   `json:"compared,omitempty"`
}

// Compared is what the last verification has counted, at both ends.
type Compared struct {
	Source      int64 `json:"source"`
	Destination int64 `json:"destination"`
	Differences int   `json:"differences"` // that are not accepted
}

// MailboxPair is a mailbox at both ends.
type MailboxPair struct {
	Source      string `json:"source"`      // "" for one that only the destination has
	Destination string `json:"destination"` // "" for one that is not copied
	AtSource    *int64 `json:"at_source"`   // messages there when a pass last looked; nil for not known
	Brought     int64  `json:"brought"`     // those of the source that are at the destination
	There       *int64 `json:"there"`       // all messages in the destination's mailbox when a pass last looked; nil for not known
	Compared    bool   `json:"compared"`    // by the last verification
	Differences int    `json:"differences"` // that it has found, and that are not accepted
	LeftOut     string `json:"left_out,omitempty"`
}

// CollectionPair is an address book or calendar at both ends.
type CollectionPair struct {
	Kind        rehome.Kind `json:"kind"`
	Name        string      `json:"name"` // as the comparison has read it, or the last part of the href
	Source      string      `json:"source"`
	Destination string      `json:"destination"`
	AtSource    int64       `json:"at_source"` // objects there when a pass last looked
	Brought     int64       `json:"brought"`
	Trouble     int64       `json:"trouble"`
	Compared    bool        `json:"compared"`
	Same        bool        `json:"same"` // the comparison has found every object and property of it
}

// CertificateStand says whether an account can have a certificate.
type CertificateStand struct {
	Possible        bool      `json:"possible"`
	Why             string    `json:"why,omitempty"` // it cannot; the clause follows the address
	SourceRoot      string    `json:"source_root,omitempty"`
	DestinationRoot string    `json:"destination_root,omitempty"`
	File            string    `json:"file,omitempty"` // that was written, at the place where "certificate issue" puts it by default
	Written         time.Time `json:"written_at,omitzero"`
}

// AccountDetail returns one account; known is false where the ledger has none of that address.
func (m *Move) AccountDetail(ctx context.Context, address string) (detail AccountDetail, known bool, err error) {
	store, err := m.store(ctx)
	if err != nil {
		return AccountDetail{}, false, err
	}
	row, known, err := store.Accounts.Find(ctx, address)
	if err != nil || !known {
		return AccountDetail{}, false, err
	}
	answer, verified, err := answerOf(ctx, store, row)
	if err != nil {
		return AccountDetail{}, false, err
	}
	detail.AccountRow, detail.Level = rowOf(row, answer), answer.Level
	for _, read := range []func(context.Context, *ledger.Ledger, verify.Account) error{
		detail.readTurn, detail.readMailboxes, detail.readCollections, detail.readRules, detail.readFindings,
	} {
		if err := read(ctx, store, answer); err != nil {
			return AccountDetail{}, false, err
		}
	}
	detail.stand(answer)
	detail.Certificate = m.certificateStand(answer, verified, address)
	detail.Events, err = eventsOf(ctx, store, row, detail, answer)
	return detail, true, err
}

func (d *AccountDetail) readTurn(ctx context.Context, store *ledger.Ledger, _ verify.Account) error {
	running, err := store.Locked()
	if err != nil {
		return err
	}
	turns, err := store.Passes.Turn(ctx, d.Account)
	d.Turn = statusTurns(turns, running)[d.Account]
	return err
}

// readFindings also sets apart what the comparison has found.
func (d *AccountDetail) readFindings(ctx context.Context, store *ledger.Ledger, answer verify.Account) error {
	found, err := store.Findings.All(ctx, d.Account)
	d.Findings = nonNil(found)
	d.Open, d.Excused = nonNil(answer.Open()), nonNil(answer.Accepted)
	d.Unlisted = answer.Differences() - len(d.Open)
	return err
}

func (d *AccountDetail) readMailboxes(ctx context.Context, store *ledger.Ledger, answer verify.Account) error {
	known, err := store.Mail.Mailboxes(ctx, d.Account)
	if err != nil {
		return err
	}
	d.Boxes = mailboxPairs(known, answer.Mail)
	return nil
}

// mailboxPairs joins what passes know of mailboxes with what was compared.
func mailboxPairs(known map[string]ledger.Mailbox, compared *verify.Mail) []MailboxPair {
	pairs := map[string]*MailboxPair{} // by the source's name
	for name, box := range known {
		pair := &MailboxPair{Source: name, Destination: box.Anchor.Destination, Brought: int64(box.Live().Minus(box.Gone).Len())}
		if box.State.SrcUIDNext > 0 {
			pair.AtSource = &box.State.SrcMessages
		}
		if box.Seen.UIDNext > 0 && box.Seen.Messages != ledger.Outdated {
			pair.There = &box.Seen.Messages
		}
		pairs[name] = pair
	}
	all := []MailboxPair{}
	if compared != nil {
		for _, box := range compared.Mailboxes {
			if len(box.Source) == 0 {
				all = append(all, MailboxPair{Destination: box.Destination, There: &box.Messages, Compared: true, Differences: box.Differences})
			}
			for _, name := range box.Source {
				if pair := pairs[name]; pair != nil {
					pair.Compared, pair.Differences = true, box.Differences
				}
			}
		}
		for _, left := range compared.LeftOut {
			if pairs[left.Mailbox] == nil {
				pair := MailboxPair{Source: left.Mailbox, LeftOut: left.Reason}
				if left.Messages >= 0 {
					pair.AtSource = &left.Messages
				}
				all = append(all, pair)
			}
		}
	}
	for _, pair := range pairs {
		all = append(all, *pair)
	}
	slices.SortFunc(all, func(a, b MailboxPair) int {
		inbox := func(p MailboxPair) int { return map[bool]int{true: 0, false: 1}[strings.EqualFold(p.Source, "INBOX")] }
		return cmp.Or(inbox(a)-inbox(b), cmp.Compare(cmp.Or(a.Source, a.Destination), cmp.Or(b.Source, b.Destination)))
	})
	return all
}

func (d *AccountDetail) readCollections(ctx context.Context, store *ledger.Ledger, answer verify.Account) error {
	counts, err := store.Objects.CountsOf(ctx, d.Account)
	if err != nil {
		return err
	}
	compared := map[string]verify.Collection{}
	for _, objects := range []*verify.Objects{answer.Contacts, answer.Calendars} {
		if objects != nil {
			for _, c := range objects.Collections {
				compared[c.Source] = c
			}
		}
	}
	d.Collections = []CollectionPair{}
	sums := map[rehome.Kind]ledger.ObjectCounts{}
	for _, c := range counts {
		pair := CollectionPair{Kind: c.Kind, Name: lastPart(c.Source), Source: c.Source, Destination: c.Destination, AtSource: c.Objects,
			Brought: c.There, Trouble: c.Quarantined + c.Conflicts + c.Held}
		if seen, is := compared[c.Source]; is {
			pair.Name, pair.Compared = cmp.Or(seen.Name, pair.Name), true
			pair.Same = same(seen)
		}
		d.Collections = append(d.Collections, pair)
		sum := sums[c.Kind]
		sum.Collections, sum.Objects, sum.There = sum.Collections+1, sum.Objects+c.Objects, sum.There+c.There
		sum.Quarantined, sum.Conflicts, sum.Held = sum.Quarantined+c.Quarantined, sum.Conflicts+c.Conflicts, sum.Held+c.Held
		sums[c.Kind] = sum
	}
	d.Contacts, d.Calendars = statusObjects(sums, rehome.KindContacts), statusObjects(sums, rehome.KindCalendars)
	return nil
}

// same reports whether a comparison has found all of a collection as the source has it.
func same(c verify.Collection) bool {
	for state, n := range c.States {
		if n > 0 && !state.Harmless() {
			return false
		}
	}
	return len(c.Properties) == 0
}

// lastPart is what an href ends with.
func lastPart(href string) string {
	parts := strings.Split(strings.TrimRight(href, "/"), "/")
	return cmp.Or(parts[len(parts)-1], href)
}

func (d *AccountDetail) readRules(ctx context.Context, store *ledger.Ledger, answer verify.Account) error {
	d.Scripts = []verify.Rule{}
	if answer.Rules != nil {
		d.Scripts = nonNil(answer.Rules.Scripts)
	}
	stored, err := store.Rules.Of(ctx, d.Account)
	if err != nil || len(stored) == 0 {
		return err
	}
	d.Rules = &StatusRules{Stored: int64(len(stored))}
	for _, r := range stored {
		if r.Activated {
			d.Rules.On++
		}
		if r.Waits {
			d.Rules.Waiting++
		}
	}
	return nil
}

// stand says where each kind stands that has moved, or was compared.
func (d *AccountDetail) stand(answer verify.Account) {
	d.Kinds = []KindStand{}
	add := func(stand KindStand, compared *Compared) {
		if stand.Compared = compared; stand.Source != nil || stand.Destination != nil || compared != nil {
			d.Kinds = append(d.Kinds, stand)
		}
	}
	mail := KindStand{Kind: rehome.KindMail, Trouble: d.Failed}
	if d.Mailboxes > 0 {
		mail.Source, mail.Destination = &d.Messages, &d.Copied
	}
	var compared *Compared
	if m := answer.Mail; m != nil {
		compared = &Compared{m.Source.Messages, m.Destination.Messages, m.Total()}
	}
	add(mail, compared)
	for _, kind := range []struct {
		kind     rehome.Kind
		status   *StatusObjects
		compared *verify.Objects
	}{{rehome.KindContacts, d.Contacts, answer.Contacts}, {rehome.KindCalendars, d.Calendars, answer.Calendars}} {
		stand := KindStand{Kind: kind.kind}
		if s := kind.status; s != nil {
			stand.Source, stand.Destination, stand.Trouble = &s.Objects, &s.Copied, s.Quarantined+s.Conflicts+s.Held
		}
		var compared *Compared
		if o := kind.compared; o != nil {
			compared = &Compared{int64(o.Source.Objects), int64(o.Destination.Objects), o.Total()}
		}
		add(stand, compared)
	}
	rules := KindStand{Kind: rehome.KindRules}
	if d.Rules != nil {
		rules.Destination = &d.Rules.Stored
	}
	compared = nil
	if r := answer.Rules; r != nil {
		compared = &Compared{int64(r.Source.Scripts), int64(r.Destination.Scripts), len(r.Differences)}
	}
	add(rules, compared)
}

// certificateStand says what "certificate issue" would make of an account now, and what it has made.
func (m *Move) certificateStand(answer verify.Account, verified bool, address string) (stand CertificateStand) {
	if !verified {
		answer.Account = address
	}
	made, why := certificate.New(certificate.Issue{Organisation: m.settings.Organisation, Version: m.version, At: time.Now()}, answer)
	if why != nil {
		stand.Why = why.Error()
	} else {
		stand.Possible, stand.SourceRoot, stand.DestinationRoot = true, made.SourceRoot, made.DestinationRoot
	}
	file := filepath.Join(m.CertificatesDefault(), rehome.FileName(address)+".html")
	if info, err := os.Stat(file); err == nil {
		stand.File, stand.Written = file, info.ModTime()
	}
	return stand
}
