// SPDX-License-Identifier: Apache-2.0

// Package pass is what every kind of work has in common: a pass over an account in slices.
//
// Mail, contacts and calendars, and rules are kinds of work. Each is a Step, which knows its servers and what is to be
// done at them; whoever runs Steps knows only this package. A new kind of work is a package with a Step of its own, and
// one line where the Steps of a pass are listed.
//
// A caller runs RunSlice of one Step for one account, until the Result says that there is no more, waits where the Result
// says so, adds up the Counts, and goes on with the next Step.
package pass

import (
	"context"
	"time"

	"rehome"
)

// Step is one kind of work. It is safe for concurrent use by different accounts; one account has one slice at a time.
type Step interface {
	// Kind says which one it is; its findings are kept under that word.
	Kind() rehome.Kind

	// RunSlice does a part of a pass that began at started. On an error the Result still says what was done and seen.
	// Faults of class temporary and throttled may be tried again: what is done is written down where the next slice,
	// and any other process, finds it.
	RunSlice(ctx context.Context, account rehome.Account, started time.Time, budget Budget) (Result, error)
}

// Result is what one slice has done and seen.
type Result struct {
	More     bool   // the budget ended before the work did
	Advanced bool   // something was copied or learnt: trying again is worth it
	Worked   bool   // something was done, be it no reason to try again: a slice like this one need not be longer
	Waits    []Wait // what has to be over before the rest can be done
	Looked   bool   // both ends were seen; without it the states among the counts mean nothing, and findings are not complete

	// Blocked says what a person has to do before the account counts as copied. The slice itself has not failed.
	Blocked  error
	Counts   Counts // nil where nothing was counted
	Findings []rehome.Finding
}

// Counts is what one kind of work counts; each has its own.
type Counts interface {
	// Plus returns these counts, of the slices before, together with those of the next one: what was done is added,
	// and where things stand the later slice knows best, unless it has not looked.
	Plus(later Counts, looked bool) Counts
}

// Sized are Counts that tell how large the account is.
type Sized interface{ Size() Size }

// Size is what status shows of an account.
type Size struct {
	Mailboxes int64
	Messages  int64 // at the source
	Octets    int64 // at the source; 0 when the server does not say
	There     int64 // messages at the destination
	Failed    int64 // messages that stay behind
}

// Blocked says what a person has to see to before the account is done: the first of the findings that is declared to
// block; nil if there is none. A single message or object that a server refuses is counted and named, and blocks nothing.
func Blocked(account string, findings []rehome.Finding) error {
	for _, f := range findings {
		if f.Blocks {
			return &rehome.Fault{Class: rehome.ClassOperator, Op: "finish", Object: account, Cause: errorText(f.Sentence), Hint: f.NextStep}
		}
	}
	return nil
}

type errorText string

func (e errorText) Error() string { return string(e) }
