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
	"strings"
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
	written  ledger.Written
}

// since is what was copied after the account was verified; nil if nothing was. A pass that has counted nothing was cut off.
func (a account) since() *verify.Since {
	if a.verified.IsZero() || !a.Finished.After(a.verified) && !a.Started.After(a.verified) {
		return nil
	}
	s := &verify.Since{Known: !a.written.Until.IsZero() && !a.written.Until.Before(a.Started), Messages: a.written.Messages, Objects: a.written.Objects}
	if s.Known && s.Messages+s.Objects == 0 {
		return nil
	}
	return s
}

// outdated says that the account was copied again after it was verified.
func (a account) outdated() bool { return a.result.CopiedSince != nil }

// SinceWords say what was copied since.
func SinceWords(s verify.Since) string {
	var parts []string
	if s.Messages > 0 {
		parts = append(parts, count(int(s.Messages), "message"))
	}
	if s.Objects > 0 {
		parts = append(parts, count(int(s.Objects), "contact or calendar object"))
	}
	switch {
	case !s.Known && len(parts) == 0:
		return "a pass has run since, and what it copied was not counted"
	case !s.Known:
		return "at least " + strings.Join(parts, " and ") + " copied or changed since"
	}
	return strings.Join(parts, " and ") + " copied or changed since"
}

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

func (a *account) take(v ledger.Verification, accepted []verify.Acceptance) (err error) {
	a.verified, a.written = v.Time, v.Written
	if a.result, err = Answer(a.Address, v); err != nil {
		return err
	}
	a.result = a.result.Accept(accepted)
	a.result.CopiedSince = a.since()
	if !v.Rechecked.IsZero() {
		a.result.Rechecked = &verify.Rechecked{Level: verify.Level(v.RecheckedLevel), At: v.Rechecked}
	}
	return nil
}

// Answer reads what the last verification of an account said; the zero value is one that was not verified. An error means that
// the stored result is damaged.
func Answer(address string, v ledger.Verification) (verify.Account, error) {
	answer := verify.Account{Account: address, Verdict: verify.Unknown}
	if v.Address == "" {
		return answer, nil
	}
	answer.Verdict, answer.Level, answer.Verified = verify.Verdict(v.Verdict), verify.Level(v.Level), v.Time
	if len(v.Result) == 0 {
		return answer, nil
	}
	if err := json.Unmarshal(v.Result, &answer); err != nil {
		return answer, &rehome.Fault{
			Class: rehome.ClassBug, Op: "read the stored verification of", Object: address, Cause: err,
			Hint: fmt.Sprintf("run \"rehome verify --account %s\" again", address),
		}
	}
	return answer, nil
}

// Document returns what "report --json" writes. Accounts that are not verified have the verdict unknown.
func (r *Report) Document() verify.Document { return r.document }

// Outcome implements rehome.Answer.
func (r *Report) Outcome() rehome.Outcome { return r.document.Outcome() }
