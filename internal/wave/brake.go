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
	Answer  time.Duration `json:"answer_nanoseconds"` // that a service of a host takes on average
	Span    time.Duration `json:"span_nanoseconds"`   // how far back is looked
}

// DefaultLimits stop what is nobody's single trouble.
func DefaultLimits() Limits {
	return Limits{Refused: 0.5, Failed: 1, Differs: 0.5, Answer: 10 * time.Second, Span: 15 * time.Minute}
}

// LeastCounted is how many have to be in trouble: one of fifty is more than any share, and nothing that would happen to all of them. In a
// wave with fewer accounts it is all of them.
const LeastCounted = 3

// leastAnswers is how many answers tell how fast a service is.
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
	Answers  map[Service]Answers
}

// Service is a protocol of one end, such as imap or dav. Each is judged for itself: the quick answers of one say nothing of another, which may
// be another program on another machine.
type Service struct {
	Side     rehome.Side
	Protocol string // "" where an older version has counted
}

func (s Service) String() string {
	if s.Protocol == "" {
		return string(s.Side)
	}
	return fmt.Sprintf("%s (%s)", s.Side, s.Protocol)
}

// Answers are those of one service.
type Answers struct {
	N    int64
	Took time.Duration // all together
}

// mean is how long one took on average.
func (a Answers) mean() time.Duration { return a.Took / time.Duration(max(a.N, 1)) }

// The words by which what happens is counted in the ledger. Of the answers of a service there are how many, and how long all of them took.
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

// CountAnswers adds the answers of a service to what is counted.
func CountAnswers(counts map[string]int64, of Service, a Answers) {
	if a.N > 0 {
		name := strings.TrimSpace(string(of.Side) + " " + of.Protocol)
		counts[countAnswers+name] += a.N
		counts[countTook+name] += a.Took.Milliseconds()
	}
}

// FactsOf are the facts that were counted.
func FactsOf(counts map[string]int64) Facts {
	f := Facts{Accounts: counts[CountAccounts], Refused: counts[countAllRefused], Failed: counts[CountFailed],
		At: map[rehome.Side]int64{}, Answers: map[Service]Answers{}}
	for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
		f.At[side] = counts[countRefused+string(side)]
	}
	for word, n := range counts {
		if name, is := strings.CutPrefix(word, countAnswers); is {
			side, protocol, _ := strings.Cut(name, " ")
			f.Answers[Service{rehome.Side(side), protocol}] = Answers{n, time.Duration(counts[countTook+name]) * time.Millisecond}
		}
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
	SourceAnswer      int64 `json:"source_answer_ms"` // on average, of the slowest service; 0 is not known
	DestinationAnswer int64 `json:"destination_answer_ms"`
}

// Happens returns the facts as they are shown.
func (f Facts) Happens() Happens {
	mean := func(side rehome.Side) int64 {
		_, took := f.slowest(side)
		return took.Milliseconds()
	}
	return Happens{f.Accounts, f.Refused, f.Failed, f.Compared, f.Differs, mean(rehome.Source), mean(rehome.Destination)}
}

// Pulled is why a wave was stopped, and what helps.
type Pulled struct {
	Reason   string
	NextStep string // before somebody resumes the wave, which is not said in it
}

// Resuming is the next step of a wave that stands: what helps, where that is known, and the command that lets it go on.
func Resuming(name, helps string) string {
	const said = "; then resume the wave" // by an older version
	resume := fmt.Sprintf(`run "rehome wave resume %s"`, name)
	if helps = strings.TrimSuffix(helps, said); helps == "" {
		return resume
	}
	return helps + "; then " + resume
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
		NextStep: fmt.Sprintf(`run "rehome %s --account %s"%s; the host may have locked out this machine, or %s`,
			command, who, which, passwords)}
}

func failed(l Limits, f Facts) *Pulled {
	if !over(f.Failed, f.Accounts, f.Members, l.Failed) {
		return nil
	}
	return &Pulled{Reason: fmt.Sprintf("%s failed in the last %s, which is more than %s", part(f.Failed, f.Accounts), lately(l), percent(l.Failed)),
		NextStep: `run "rehome status" and look for what the accounts have in common`}
}

func differs(l Limits, f Facts) *Pulled {
	if !over(f.Differs, f.Compared, f.Members, l.Differs) {
		return nil
	}
	return &Pulled{Reason: fmt.Sprintf("%s that were compared in the last %s are not equal, which is more than %s",
		part(f.Differs, f.Compared), lately(l),
		percent(l.Differs)),
		NextStep: `run "rehome findings list" to see the differences; accept them or see to their cause`}
}

func slow(l Limits, f Facts) *Pulled {
	for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
		service, mean := f.slowest(side)
		if l.Answer <= 0 || mean <= l.Answer {
			continue
		}
		return &Pulled{Reason: fmt.Sprintf("an answer of the %s took %s on average in the last %s, which is more than %s", service,
			mean.Round(10*time.Millisecond), lately(l), l.Answer),
			NextStep: "see what keeps that host busy, or set fewer connections in limits"}
	}
	return nil
}

// slowest is the service of a side whose answers took longest on average, of those of which there are enough to tell.
func (f Facts) slowest(side rehome.Side) (slowest Service, mean time.Duration) {
	for service, a := range f.Answers {
		if service.Side == side && a.N >= leastAnswers && a.mean() > mean {
			slowest, mean = service, a.mean()
		}
	}
	return slowest, mean
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
