// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"rehome"
)

// Open is one difference as a person looks at it, to mend it or to accept it.
type Open struct {
	ID       string `json:"id"`
	Account  string `json:"account"`
	What     string `json:"what"`  // a Kind, or the state of an object or script
	Place    string `json:"place"` // mailbox or collection; "rules" for a script
	Object   string `json:"object"`
	UID      uint32 `json:"uid,omitempty"` // of a message that the source has
	Sentence string `json:"sentence"`
	NextStep string `json:"next_step,omitempty"`

	Since *Change `json:"since,omitempty"` // what has happened to a message since an earlier comparison, where that is known
}

// Acceptance is a person's word that a difference may stay. It holds for this very difference, and for as many of the same as
// there were then: another one of the same object is another difference.
type Acceptance struct {
	ID     string    `json:"id"`
	Times  int       `json:"times"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Accepted is a difference that somebody has accepted.
type Accepted struct {
	Open
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// excuses reports whether a finding of the same account says why the same message or object is not at the destination. Whoever has
// accepted that it stays behind has read it.
func (a Accepted) excuses(f rehome.Finding) bool {
	if a.UID != 0 {
		return f.Object == rehome.MessageObject(a.Place, a.UID)
	}
	return a.Object != "" && f.Object == strings.TrimSuffix(a.Place, "/")+"/"+a.Object
}

// Unexcused are the findings but for those of what somebody has accepted.
func Unexcused(findings []rehome.Finding, accepted []Accepted) []rehome.Finding {
	of := map[string][]Accepted{}
	for _, a := range accepted {
		of[a.Account] = append(of[a.Account], a)
	}
	return slices.DeleteFunc(slices.Clone(findings), func(f rehome.Finding) bool {
		return slices.ContainsFunc(of[f.Account], func(a Accepted) bool { return a.excuses(f) })
	})
}

// idLength is how much of a digest people have to type: 48 bits, so that of a thousand differences no two are called the same.
const idLength = 12

// idOf names a difference by what it is and not by its sentence, which another version words in another way.
func idOf(parts ...string) string {
	digest := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(digest[:])[:idLength]
}

func (d Difference) open(account string) Open {
	return Open{
		ID: idOf(account, string(d.Kind), d.Mailbox, d.Object, d.Source, d.Destination), Account: account, What: string(d.Kind),
		Place: d.Mailbox, Object: d.Object, UID: d.UID, Sentence: d.Sentence, NextStep: d.NextStep(), Since: d.Since,
	}
}

func (o Object) open(account string) Open {
	return Open{
		ID: idOf(account, string(o.State), o.Collection, o.Object, o.SourceDigest, o.DestinationDigest), Account: account, What: string(o.State),
		Place: o.Collection, Object: o.Object, Sentence: o.Sentence, NextStep: o.NextStep(),
	}
}

// Open lists the differences of an account that are neither accepted nor too many to be listed.
func (a Account) Open() []Open {
	var all []Open
	if a.Mail != nil {
		for _, d := range a.Mail.Differences {
			all = append(all, d.open(a.Account))
		}
	}
	for _, objects := range []*Objects{a.Contacts, a.Calendars} {
		if objects != nil {
			for _, o := range objects.Differences {
				all = append(all, o.open(a.Account))
			}
		}
	}
	if a.Rules != nil {
		for _, r := range a.Rules.Differences {
			all = append(all, r.open(a.Account))
		}
	}
	return all
}

// Accept returns the answer with what was accepted set apart: an account whose differences are all accepted is equal. The
// account is not changed. What could not be read stays unknown, whatever was accepted.
func (a Account) Accept(acceptances []Acceptance) Account {
	left := map[string]*Acceptance{}
	for _, accepted := range acceptances {
		left[accepted.ID] = &accepted
	}
	a.Accepted = nil
	take := func(o Open) bool {
		accepted := left[o.ID]
		if accepted == nil || accepted.Times <= 0 {
			return false
		}
		accepted.Times--
		a.Accepted = append(a.Accepted, Accepted{Open: o, By: accepted.By, Reason: accepted.Reason, At: accepted.At})
		return true
	}
	a.Mail = a.Mail.without(a.Account, take)
	a.Contacts = a.Contacts.without(a.Account, take)
	a.Calendars = a.Calendars.without(a.Account, take)
	a.Rules = a.Rules.without(a.Account, take)
	if a.Verdict == Differs && len(a.Accepted) > 0 && a.Differences() == 0 {
		a.Verdict = Equal
	}
	return a
}

// without is the comparison without the differences that are taken.
func (m *Mail) without(account string, take func(Open) bool) *Mail {
	if m == nil {
		return nil
	}
	rest := *m
	rest.Counts = map[Kind]int{}
	for kind, n := range m.Counts {
		rest.Counts[kind] = n
	}
	rest.Differences = slices.DeleteFunc(slices.Clone(m.Differences), func(d Difference) bool {
		taken := take(d.open(account))
		if taken {
			rest.Counts[d.Kind]--
			if rest.Counts[d.Kind] <= 0 {
				delete(rest.Counts, d.Kind)
			}
		}
		return taken
	})
	return &rest
}

func (o *Objects) without(account string, take func(Open) bool) *Objects {
	if o == nil {
		return nil
	}
	rest := *o
	rest.Accepted = 0
	rest.Differences = slices.DeleteFunc(slices.Clone(o.Differences), func(object Object) bool {
		taken := take(object.open(account))
		if taken {
			rest.Accepted++
		}
		return taken
	})
	return &rest
}
