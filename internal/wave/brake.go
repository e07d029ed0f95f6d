// SPDX-License-Identifier: Apache-2.0

package wave

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"rehome"
)

// Limits are what makes a wave stop by itself. Shares are in per cent of the accounts whose pass has ended, or that were compared, within
// the span; a limit of 0 is none.
type Limits struct {
	Refused float64       `json:"refused"`            // log-ins
	Failed  float64       `json:"failed"`             // passes, those whose log-in was refused left out
	Differs float64       `json:"differs"`            // of the accounts that were compared
	Answer  time.Duration `json:"answer_nanoseconds"` // that a host takes on average
	Span    time.Duration `json:"span_nanoseconds"`   // how far back is looked
}

// DefaultLimits stop what is nobody's single trouble.
func DefaultLimits() Limits {
	return Limits{Refused: 0.5, Failed: 1, Differs: 0.5, Answer: 10 * time.Second, Span: 15 * time.Minute}
}

// LeastCounted is how many have to be in trouble: one of fifty is more than any share, and nothing that would happen to all of them. In a
// wave with fewer accounts it is all of them.
const LeastCounted = 3

// leastAnswers is how many answers tell how fast a host is.
const leastAnswers = 20

// Facts are what has happened within the span.
type Facts struct {
	Members  int64                 // of the wave; LeastCounted or more are the same
	Accounts int64                 // whose pass has ended, in whatever way
	Refused  int64                 // of those: whose log-in was refused
	At       map[rehome.Side]int64 // of those: at which side, where that is known
	Example  string                // one of those, "" where none is known
	Failed   int64                 // likewise: that are not complete for another reason
	Compared int64
	Differs  int64 // of those, without differences that were accepted; one of which an end could not be read counts
	Answers  map[rehome.Side]Answers
}

// Answers are those of one host.
type Answers struct {
	N    int64
	Took time.Duration // all together
}

// The words by which what happens is counted in the ledger. Of the answers of a host there are how many, and how long all of them took.
const (
	CountAccounts = "accounts"
	CountFailed   = "failed"

	countAllRefused = "refused"

	countRefused = "refused "
	countAnswers = "answers "
	countTook    = "milliseconds "
)

// CountRefused adds a log-in that was refused to what is counted. side is "" where it is not known.
func CountRefused(counts map[string]int64, side rehome.Side) {
	counts[countAllRefused]++
	if side != "" {
		counts[countRefused+string(side)]++
	}
}

// CountAnswers adds the answers of a host to what is counted.
func CountAnswers(counts map[string]int64, side rehome.Side, a Answers) {
	if a.N > 0 {
		counts[countAnswers+string(side)] += a.N
		counts[countTook+string(side)] += a.Took.Milliseconds()
	}
}

// FactsOf are the facts that were counted.
func FactsOf(counts map[string]int64) Facts {
	f := Facts{Accounts: counts[CountAccounts], Refused: counts[countAllRefused], Failed: counts[CountFailed],
		At: map[rehome.Side]int64{}, Answers: map[rehome.Side]Answers{}}
	for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
		f.At[side] = counts[countRefused+string(side)]
		f.Answers[side] = Answers{counts[countAnswers+string(side)], time.Duration(counts[countTook+string(side)]) * time.Millisecond}
	}
	return f
}

// Happens is what has happened, as it is shown.
type Happens struct {
	Accounts          int64 `json:"accounts"` // whose pass has ended
	Refused           int64 `json:"refused"`  // log-ins of those
	Failed            int64 `json:"failed"`
	Compared          int64 `json:"compared"`
	Differs           int64 `json:"differs"`
	SourceAnswer      int64 `json:"source_answer_ms"` // on average; 0 is not known
	DestinationAnswer int64 `json:"destination_answer_ms"`
}

// Happens returns the facts as they are shown.
func (f Facts) Happens() Happens {
	mean := func(side rehome.Side) int64 {
		a := f.Answers[side]
		return (a.Took / time.Duration(max(a.N, 1))).Milliseconds()
	}
	return Happens{f.Accounts, f.Refused, f.Failed, f.Compared, f.Differs, mean(rehome.Source), mean(rehome.Destination)}
}

// Pulled is why a wave was stopped, and what helps.
type Pulled struct {
	Reason   string
	NextStep string
}

// Brake says whether a wave has to stop; nil is that it goes on.
func Brake(l Limits, f Facts) *Pulled {
	for _, look := range []func(Limits, Facts) *Pulled{refused, failed, differs, slow} {
		if p := look(l, f); p != nil {
			return p
		}
	}
	return nil
}

func refused(l Limits, f Facts) *Pulled {
	if !over(f.Refused, f.Accounts, f.Members, l.Refused) {
		return nil
	}
	at, command, passwords := "", "accounts plan --login", "the passwords there may have changed"
	src, dst := f.At[rehome.Source], f.At[rehome.Destination]
	switch {
	case dst == f.Refused:
		at, command, passwords = " at the destination", "accounts check", "the passwords there may be different"
	case src == f.Refused:
		at = " at the source"
	case src+dst > 0:
		at = fmt.Sprintf(" (%d at the source, %d at the destination)", src, dst)
	}
	who, which := f.Example, ""
	if who == "" {
		who, which = "ADDRESS", ` with one of them, which "rehome status" names`
	}
	return &Pulled{Reason: fmt.Sprintf("the log-in of %s was refused%s in the last %s, which is more than %s",
		part(f.Refused, f.Accounts), at, lately(l), percent(l.Refused)),
		NextStep: fmt.Sprintf(`run "rehome %s --account %s"%s; the host may have locked out this machine, or %s; then resume the wave`,
			command, who, which, passwords)}
}

func failed(l Limits, f Facts) *Pulled {
	if !over(f.Failed, f.Accounts, f.Members, l.Failed) {
		return nil
	}
	return &Pulled{Reason: fmt.Sprintf("%s failed in the last %s, which is more than %s", part(f.Failed, f.Accounts), lately(l), percent(l.Failed)),
		NextStep: `run "rehome status" and look for what the accounts have in common; then resume the wave`}
}

func differs(l Limits, f Facts) *Pulled {
	if !over(f.Differs, f.Compared, f.Members, l.Differs) {
		return nil
	}
	return &Pulled{Reason: fmt.Sprintf("%s that were compared in the last %s are not equal, which is more than %s",
		part(f.Differs, f.Compared), lately(l),
		percent(l.Differs)),
		NextStep: `run "rehome findings list" to see the differences; accept them or see to their cause; then resume the wave`}
}

func slow(l Limits, f Facts) *Pulled {
	for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
		a := f.Answers[side]
		if l.Answer <= 0 || a.N < leastAnswers {
			continue
		}
		if mean := a.Took / time.Duration(a.N); mean > l.Answer {
			return &Pulled{Reason: fmt.Sprintf("an answer of the %s took %s on average in the last %s, which is more than %s", side,
				mean.Round(10*time.Millisecond), lately(l), l.Answer),
				NextStep: "see what keeps that host busy, or set fewer connections in limits; then resume the wave"}
		}
	}
	return nil
}

// over reports whether so many of all are more than a share in per cent, and enough to tell.
func over(n, all, members int64, limit float64) bool {
	if limit <= 0 || n < min(LeastCounted, max(members, 1)) || all <= 0 {
		return false
	}
	return 100*float64(n) > limit*float64(all)
}

func part(n, all int64) string { return fmt.Sprintf("%d of %d accounts", n, all) }

func percent(limit float64) string { return strconv.FormatFloat(limit, 'f', -1, 64) + " %" }

func lately(l Limits) string {
	minutes := int64(math.Round(l.Span.Minutes()))
	if minutes == 1 {
		return "minute"
	}
	return fmt.Sprintf("%d minutes", minutes)
}

// Set changes one limit by its name: "refused=0.5%", "failed=off", "differs=2%", "answer=5s", "span=30m".
func (l *Limits) Set(text string) error {
	name, value, both := strings.Cut(text, "=")
	if !both {
		return errors.New("write it as failed=1% or failed=off")
	}
	share := map[string]*float64{"refused": &l.Refused, "failed": &l.Failed, "differs": &l.Differs}[name]
	times := map[string]*time.Duration{"answer": &l.Answer, "span": &l.Span}[name]
	switch {
	case share != nil && value == "off":
		*share = 0
	case share != nil:
		n, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
		if err != nil || !(n > 0 && n < 100) {
			return fmt.Errorf("%q is not a share: write one above 0 and below 100, such as 0.5%%, or off", value)
		}
		*share = n
	case name == "answer" && value == "off":
		*times = 0
	case times != nil:
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 || name == "span" && (d < time.Minute || d > 24*time.Hour) {
			return fmt.Errorf("%q is not a duration that fits: write one such as 10s or 15m, for span at least 1m and at most 24h", value)
		}
		*times = d
	default:
		return fmt.Errorf("there is no limit %q: they are refused, failed, differs, answer and span", name)
	}
	return nil
}
