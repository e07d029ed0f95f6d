// SPDX-License-Identifier: Apache-2.0

// Package report renders the state of a move as an HTML file for people and a JSON document for scripts.
//
// An organisation keeps the HTML file as its certificate: it needs no script, no network and no other
// file, prints well, and contains no subject line and no content. The package reads nothing and leaves
// every verdict to package verify.
//
// A caller fills an Input from the ledger, calls New, then WriteHTML or Document.
package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// Input is everything that a report needs. Only Accounts is required; the report says what is not known
// yet.
type Input struct {
	Organisation        string
	Source, Destination string // host name of each end
	Generated           time.Time
	Version             string // of this program

	Accounts      []ledger.Account      // all accounts of the move
	Verifications []ledger.Verification // the last one of each account, if any
	Findings      []rehome.Finding
	Accepted      map[string][]verify.Acceptance // by account
	Logins        map[string][]verify.Login      // likewise
}

// Report is an Input put in order.
type Report struct {
	input    Input
	accounts []account
	document verify.Document
}

// account is one account with its verification.
type account struct {
	ledger.Account
	result   verify.Account
	verified time.Time // zero if it has not been verified
}

// since is what was copied after the account was verified; nil if nothing was. A pass that has counted nothing was cut off. What is
// counted was written since, also within the second in which the verification ended.
func since(a ledger.Account, v ledger.Verification) *verify.Since {
	counted := v.Written.Messages+v.Written.Objects > 0
	if v.Time.IsZero() || !counted && !a.Finished.After(v.Time) && !a.Started.After(v.Time) {
		return nil
	}
	s := &verify.Since{Known: !v.Written.Until.IsZero() && !v.Written.Until.Before(a.Started), Messages: v.Written.Messages, Objects: v.Written.Objects}
	if s.Known && s.Messages+s.Objects == 0 {
		return nil
	}
	return s
}

// outdated says that the account was copied again after it was verified.
func (a account) outdated() bool { return a.result.CopiedSince != nil }

// New joins the accounts with their verifications. An error means that a stored result is damaged.
func New(in Input) (*Report, error) {
	r := &Report{input: in}
	results := make(map[string]ledger.Verification, len(in.Verifications))
	for _, v := range in.Verifications {
		results[v.Address] = v
	}
	for _, a := range in.Accounts {
		joined := account{Account: a, result: verify.Account{Account: a.Address, Verdict: verify.Unknown}}
		if v, found := results[a.Address]; found {
			if err := joined.take(v, in.Accepted[a.Address]); err != nil {
				return nil, err
			}
		}
		joined.result.Logins = in.Logins[a.Address]
		r.accounts = append(r.accounts, joined)
	}
	slices.SortStableFunc(r.accounts, func(a, b account) int { return cmp.Compare(a.Address, b.Address) })
	var all []verify.Account
	for _, a := range r.accounts {
		all = append(all, a.result)
	}
	r.document = verify.NewDocument(all, in.Findings)
	s := r.summary()
	r.document.Headline = s.headline()
	if s.unverified == s.accounts {
		r.document.Verdict = verify.Unknown // that nobody has looked is not that they differ
	}
	return r, nil
}

func (a *account) take(v ledger.Verification, accepted []verify.Acceptance) error {
	answer, err := Answer(a.Account, v)
	a.verified, a.result = v.Time, answer.Accept(accepted)
	return err
}

// Answer reads what the last verification of an account said, and what has happened since; the zero value is one that was not
// verified. An error means that the stored result is damaged.
func Answer(a ledger.Account, v ledger.Verification) (verify.Account, error) {
	answer := verify.Account{Account: a.Address, Verdict: verify.Unknown}
	if v.Address == "" {
		return answer, nil
	}
	answer.Verdict, answer.Level, answer.Verified = verify.Verdict(v.Verdict), verify.Level(v.Level), v.Time
	if len(v.Result) > 0 {
		if err := json.Unmarshal(v.Result, &answer); err != nil {
			return answer, &rehome.Fault{
				Class: rehome.ClassBug, Op: "read the stored verification of", Object: a.Address, Cause: err,
				Hint: fmt.Sprintf("run \"rehome verify --account %s\" again", a.Address),
			}
		}
	}
	answer.CopiedSince = since(a, v)
	if !v.Rechecked.IsZero() {
		answer.Rechecked = &verify.Rechecked{Level: verify.Level(v.RecheckedLevel), At: v.Rechecked}
	}
	return answer, nil
}

// Document returns what "report --json" writes. Accounts that are not verified have the verdict unknown.
func (r *Report) Document() verify.Document { return r.document }

// Outcome implements rehome.Answer.
func (r *Report) Outcome() rehome.Outcome { return r.document.Outcome() }
