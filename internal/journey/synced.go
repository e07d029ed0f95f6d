// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"slices"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/davcopy"
	"rehome/internal/mailcopy"
	"rehome/internal/pass"
	"rehome/internal/people"
	"rehome/internal/rulecopy"
)

// Synced is what one pass has done.
type Synced struct {
	Accounts    []SyncedAccount  `json:"accounts"`
	Staying     []people.Staying `json:"staying"`
	Interrupted bool             `json:"interrupted,omitempty"`
	CutOff      bool             `json:"cut_off,omitempty"` // and what was under way then has not ended in time

	Findings []rehome.Finding `json:"findings,omitempty"` // of the pass as a whole
	Held     []HeldWave       `json:"held,omitempty"`     // waves that do not run: their accounts were left out, or not gone on with
}

// SyncedAccount is one account of it.
type SyncedAccount struct {
	Account   string           `json:"account"`
	Mail      SyncedMail       `json:"mail"`
	Contacts  *SyncedObjects   `json:"contacts,omitempty"` // nil when they were not looked at
	Calendars *SyncedObjects   `json:"calendars,omitempty"`
	Rules     *SyncedRules     `json:"rules,omitempty"`
	Error     string           `json:"error,omitempty"`
	Hint      string           `json:"hint,omitempty"`
	Findings  []rehome.Finding `json:"findings,omitempty"`
	Held      string           `json:"held,omitempty"`     // the wave that has stopped while the pass was under way
	Accepted  bool             `json:"accepted,omitempty"` // all that has failed was accepted as missing, see Accept; the rest is there

	class   rehome.Class // of the error; "" without one
	shutOut bool         // the log-in was refused, and no step has seen both ends
	blocked bool         // a person has to do something before it counts as copied
}

// SyncedRules counts scripts.
type SyncedRules struct {
	Stored    int `json:"stored"`
	Unchanged int `json:"unchanged"`
	Waiting   int `json:"waiting"` // of them, off until the domain has moved; also one that replaces another then
	Left      int `json:"left"`    // changed by a person at the destination
	Refused   int `json:"refused"`
}

// Failed counts what is not at the destination as the source has it.
func (s *SyncedRules) Failed() int {
	if s == nil {
		return 0
	}
	return s.Refused
}

// SyncedMail counts messages. Messages, those of the source, are the sum of There, Failed, Deserted, Waiting,
// Remaining and Unknown; There is that of Copied, Adopted and Unchanged, unless some vanished meanwhile.
type SyncedMail struct {
	Messages  int64 `json:"messages"`
	There     int64 `json:"at_destination"`
	Copied    int   `json:"copied"`
	Adopted   int   `json:"adopted"`
	Unchanged int64 `json:"unchanged"`
	Flagged   int   `json:"flags_changed"`
	Removed   int   `json:"removed"`  // at the destination, because they have vanished at the source
	Kept      int   `json:"kept"`     // vanished at the source, and still at the destination
	Deserted  int64 `json:"deserted"` // deleted or moved away by the destination's user; not copied again
	Held      int   `json:"held"`     // a large loss at either end, which somebody has to confirm
	Failed    int64 `json:"failed"`
	Waiting   int64 `json:"waiting"`                        // for somebody to say what a large loss at the destination means
	Remaining int64 `json:"remaining"`                      // still to be copied
	Unknown   int64 `json:"unknown"`                        // the source says that it holds them, and does not show them
	Uncounted int   `json:"uncounted_mailboxes,omitempty"`  // nobody knows how many messages they hold
	Barred    int   `json:"barred_mailboxes,omitempty"`     // they cannot be made or opened
	BrokenOff int   `json:"broken_off_mailboxes,omitempty"` // the connection ended in them each time
	Bytes     int64 `json:"bytes"`

	census mailcopy.Census
}

// newSyncedMail takes the counts from the two places where they are kept: what a pass did, and where
// the messages are now.
func newSyncedMail(did mailcopy.Tally, unchanged int64, now mailcopy.Census) SyncedMail {
	return SyncedMail{
		Messages: now.Messages(), There: now.There, Failed: now.Failed, Deserted: now.Deserted, Waiting: now.Waiting,
		Remaining: now.Left + now.Stuck, Unknown: now.Unknown + now.Untold, Uncounted: now.Uncounted, Barred: now.Barred, BrokenOff: now.BrokenOff,
		Copied: did.Copied, Adopted: did.Adopted, Unchanged: unchanged, Flagged: did.Flagged, Removed: did.Removed, Kept: did.Kept,
		Held: did.Held, Bytes: did.Octets, census: now,
	}
}

// complete reports whether every account is at the destination with every message, but for what somebody has accepted as missing.
func (s Synced) complete() bool {
	return !s.mendable() && !slices.ContainsFunc(s.Accounts, func(a SyncedAccount) bool {
		return a.Held != "" || !a.Accepted && (a.Error != "" || a.blocked || !a.Mail.census.Complete() ||
			a.Contacts.Failed()+a.Calendars.Failed()+a.Rules.Failed() > 0)
	})
}

// mendable reports whether something is left that the same command can finish when it is run again.
func (s Synced) mendable() bool {
	for _, a := range s.Accounts {
		if a.Held != "" || a.Error != "" && !lasting(a.class) || a.Mail.census.Mendable() || a.Contacts.mendable()+a.Calendars.mendable() > 0 {
			return true
		}
	}
	return s.Interrupted || len(s.Findings) > 0 || len(s.Accounts) == 0 && len(s.Held) > 0
}

// waiting reports whether somebody has to confirm something before a pass can go on.
func (s Synced) waiting() bool {
	for _, h := range s.Held {
		if h.stopped() || h.NextStep != "" && slices.ContainsFunc(s.Accounts, func(a SyncedAccount) bool { return a.Held == h.Wave }) {
			return true // it was stopped meanwhile
		}
	}
	contacts, calendars := s.TotalObjects()
	return s.Total().Held+int(s.Total().Waiting)+contacts.Doubted+calendars.Doubted > 0
}

// Total sums up all accounts.
func (s Synced) Total() SyncedMail {
	var did mailcopy.Tally
	var now mailcopy.Census
	var unchanged int64
	for _, a := range s.Accounts {
		now.Add(a.Mail.census)
		unchanged += a.Mail.Unchanged
		did.Copied += a.Mail.Copied
		did.Adopted += a.Mail.Adopted
		did.Flagged += a.Mail.Flagged
		did.Removed += a.Mail.Removed
		did.Kept += a.Mail.Kept
		did.Held += a.Mail.Held
		did.Octets += a.Mail.Bytes
	}
	return newSyncedMail(did, unchanged, now)
}

// TotalObjects sums up the contacts and calendar objects of all accounts.
func (s Synced) TotalObjects() (contacts, calendars SyncedObjects) {
	for _, a := range s.Accounts {
		contacts.add(a.Contacts)
		calendars.add(a.Calendars)
	}
	return contacts, calendars
}

// TotalRules sums up the scripts of all accounts.
func (s Synced) TotalRules() SyncedRules {
	var t SyncedRules
	for _, a := range s.Accounts {
		if r := a.Rules; r != nil {
			t.Stored += r.Stored
			t.Unchanged += r.Unchanged
			t.Waiting += r.Waiting
			t.Left += r.Left
			t.Refused += r.Refused
		}
	}
	return t
}

func syncedAccount(o conductor.Ended) SyncedAccount {
	mail, _ := o.Counts[rehome.KindMail].(mailcopy.Counts)
	objects, _ := o.Counts[rehome.KindPIM].(davcopy.Counts)
	a := SyncedAccount{
		Account: o.Account, Findings: o.Findings, Mail: newSyncedMail(mail.Tally, mail.Unchanged(), mail.Census),
		Contacts: syncedObjects(objects, rehome.KindContacts), Calendars: syncedObjects(objects, rehome.KindCalendars),
		Rules: syncedRules(o.Counts[rehome.KindRules]), blocked: o.Blocked != nil,
	}
	if o.Held != nil {
		a.Held = o.Held.By
	}
	if o.Err != nil && !errors.Is(o.Err, context.Canceled) {
		a.Error = o.Err.Error()
		a.Hint = rehome.HintOf(o.Err)
		a.class = rehome.ClassOf(o.Err)
		a.shutOut = a.class == rehome.ClassAuth && !o.Looked
	}
	return a
}

// written counts what the pass has written to the destination: copied, changed and removed.
func (a SyncedAccount) written() (messages, objects int64) {
	for _, o := range []*SyncedObjects{a.Contacts, a.Calendars} {
		if o != nil {
			objects += int64(o.Copied + o.Updated + o.Removed)
		}
	}
	return int64(a.Mail.Copied + a.Mail.Flagged + a.Mail.Removed), objects
}

// Changed reports whether the pass has done something for the account, or has left something of it.
func (a SyncedAccount) Changed() bool {
	m := a.Mail
	return int64(m.Copied+m.Adopted+m.Flagged+m.Removed)+m.Failed+m.Remaining+m.Waiting+m.Deserted+m.Unknown > 0 ||
		a.Contacts.Changed() || a.Calendars.Changed() || a.Rules.Changed()
}

// Changed reports whether the pass has done something for the objects of a kind, or has left something; nil was not looked at.
func (s *SyncedObjects) Changed() bool {
	return s != nil && s.Copied+s.Updated+s.Adopted+s.Removed+s.Failed()+s.Doubted > 0
}

// Changed reports whether the pass has done something for the rules, or has left something; nil was not looked at.
func (s *SyncedRules) Changed() bool { return s != nil && s.Stored+s.Waiting+s.Left+s.Refused > 0 }

// lasting says that repeating does not mend what stopped an account.
func lasting(class rehome.Class) bool {
	switch class {
	case rehome.ClassPermanent, rehome.ClassAuth, rehome.ClassUntrusted, rehome.ClassQuota, rehome.ClassOperator:
		return true
	}
	return false
}

// syncedRules is nil where rules were not looked at.
func syncedRules(all pass.Counts) *SyncedRules {
	r, looked := all.(rulecopy.Counts)
	if !looked {
		return nil
	}
	s := &SyncedRules{
		Stored: r.Count(rulecopy.Put), Unchanged: r.Count(rulecopy.Keep), Left: r.Count(rulecopy.Leave), Refused: r.Count(rulecopy.Refused),
	}
	for _, script := range r.Scripts {
		if script.Waits {
			s.Waiting++
		}
	}
	return s
}

// SyncedObjects counts contacts, or calendar objects. Objects, those of the source, are the sum of There, Quarantined,
// Conflicts, Held, Deserted and Remaining; There is that of Copied, Updated, Adopted and Unchanged.
type SyncedObjects struct {
	Objects     int   `json:"objects"`
	There       int   `json:"at_destination"`
	Copied      int   `json:"copied"`
	Updated     int   `json:"updated"`
	Adopted     int   `json:"adopted"`
	Unchanged   int   `json:"unchanged"`
	Repaired    int   `json:"repaired"` // of the copied and updated ones
	Removed     int   `json:"removed"`
	Quarantined int   `json:"quarantined"`
	Conflicts   int   `json:"conflicts"`
	Held        int   `json:"held"`      // because the destination would send invitations
	Deserted    int   `json:"deserted"`  // were at the destination, and are there no more or in an earlier version; not copied again
	Doubted     int   `json:"doubted"`   // vanished from the source, so many at once that somebody has to confirm it
	Remaining   int   `json:"remaining"` // still to be copied
	Bytes       int64 `json:"bytes"`

	lasting int // of those that are not there as the source has them: what repeating does not mend
}

// Failed counts what is not at the destination as the source has it.
func (s *SyncedObjects) Failed() int {
	if s == nil {
		return 0
	}
	return s.Quarantined + s.Conflicts + s.Held + s.Deserted + s.Remaining
}

// mendable counts those of them that a repeated pass may bring over.
func (s *SyncedObjects) mendable() int {
	if s == nil {
		return 0
	}
	return s.Failed() - s.lasting
}

func (s *SyncedObjects) add(other *SyncedObjects) {
	if other == nil {
		return
	}
	s.Objects += other.Objects
	s.There += other.There
	s.Remaining += other.Remaining
	s.Copied += other.Copied
	s.Updated += other.Updated
	s.Adopted += other.Adopted
	s.Unchanged += other.Unchanged
	s.Repaired += other.Repaired
	s.Removed += other.Removed
	s.Quarantined += other.Quarantined
	s.Conflicts += other.Conflicts
	s.Held += other.Held
	s.Deserted += other.Deserted
	s.Doubted += other.Doubted
	s.Bytes += other.Bytes
}

// syncedObjects is nil for a kind that was not looked at.
func syncedObjects(all davcopy.Counts, kind rehome.Kind) *SyncedObjects {
	t, looked := all[kind]
	if !looked {
		return nil
	}
	return &SyncedObjects{
		Objects: t.Objects, There: t.Copied + t.Updated + t.Adopted + t.Unchanged(), Remaining: t.Remaining, lasting: t.Lasting,
		Copied: t.Copied, Updated: t.Updated, Adopted: t.Adopted, Unchanged: t.Unchanged(), Repaired: t.Repaired, Removed: t.Removed,
		Quarantined: t.Quarantined, Conflicts: t.Conflicts, Held: t.Held, Deserted: t.Deserted, Doubted: t.Doubted, Bytes: t.Octets,
	}
}
