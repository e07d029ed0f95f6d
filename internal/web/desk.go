// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/journey"
	"rehome/internal/ledger"
)

// mostLines is how many lines of a work are kept.
const mostLines = 200

// shownFor is for how long a plan counts that is not made again before it is carried out.
const shownFor = 30 * time.Minute

// errand is what a person asks for.
type errand struct {
	command string // as at the terminal, without options: "sync"
	role    ledger.Role
	// plan finds out what would be done, without doing it; nil where nothing is to be shown first.
	plan func(ctx context.Context) (plan, error)
	// again says that the plan is made anew before it is carried out, and counts only if it is as it was shown.
	again bool
	run   func(ctx context.Context, w *work) (said string, outcome rehome.Outcome, err error)
}

// plan is what an errand would do.
type plan struct {
	Sync      *syncPlan                `json:"sync,omitempty"`
	Retry     *journey.Retried         `json:"retry,omitempty"`
	Wave      *wavePlan                `json:"wave,omitempty"`
	Crossings []crossingPlan           `json:"crossings,omitempty"`
	Rollback  []journey.RollbackDomain `json:"rollback,omitempty"`
	Summary   string                   `json:"summary"`
	Nothing   bool                     `json:"nothing"` // there is nothing to do

	of any // what has to be the same when it is carried out
}

// token names what was shown.
func (p plan) token(e errand) string {
	text, err := json.Marshal([]any{e.command, p.of})
	if err != nil {
		return "" // which no form sends
	}
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:16])
}

// proposal is a plan that somebody was shown.
type proposal struct {
	plan

	Token   string    `json:"token"` // what confirms it
	Person  string    `json:"person"`
	At      time.Time `json:"at"`
	Changed string    `json:"changed,omitempty"` // why it is shown anew

	errand errand
}

// line is one thing that has happened.
type line struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// work is one thing that is done, or was done last.
type work struct {
	progress *conductor.Progress
	brake    journey.Brake
	cancel   context.CancelFunc

	mu    sync.Mutex
	state WorkState
}

// WorkState is where it stands.
type WorkState struct {
	Command  string         `json:"command"`
	Planning bool           `json:"planning"` // it only finds out what would be done
	Person   string         `json:"person"`
	Began    time.Time      `json:"began"`
	Ended    time.Time      `json:"ended,omitzero"` // zero while it goes on
	Stopping bool           `json:"stopping"`
	Lines    []line         `json:"lines"`
	Said     string         `json:"said"` // what has come of it
	Outcome  rehome.Outcome `json:"outcome"`
	Hint     string         `json:"hint,omitempty"`
}

// tell notes something that has happened.
func (w *work) tell(at time.Time, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state.Lines = append(w.state.Lines, line{at, text})
	if len(w.state.Lines) > mostLines {
		w.state.Lines = w.state.Lines[1:]
	}
}

func (w *work) seen() WorkState {
	w.mu.Lock()
	defer w.mu.Unlock()
	state := w.state
	state.Lines = slices.Clone(state.Lines)
	return state
}

// desk carries out what is asked for on the screen, one thing at a time, in this process and as at a terminal. What others do at a
// terminal is kept apart by the lock of the ledger.
type desk struct {
	log *slog.Logger
	now func() time.Time

	mu       sync.Mutex
	work     *work // nil before the first
	proposal *proposal
	closed   bool
	over     sync.WaitGroup
}

// seen returns what is done or was done last, if anything was, and the plan that waits for somebody's word.
func (d *desk) seen() (state WorkState, any bool, waiting *proposal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.work == nil {
		return WorkState{}, false, nil
	}
	return d.work.seen(), true, d.proposal
}

// begin starts work, unless some is under way.
func (d *desk) begin(person string, e errand, planning bool, do func(ctx context.Context, w *work) (string, rehome.Outcome, error)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	busy := func(cause, hint string) error {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "begin", Object: e.command, Cause: errors.New(cause), Hint: hint}
	}
	if d.closed {
		return busy("the screen is being stopped", "start rehome serve again")
	}
	if d.work != nil {
		if other := d.work.seen(); other.Ended.IsZero() {
			return busy(other.Command+" is under way, begun by "+other.Person, "wait until it has ended, or stop it")
		}
	}
	ctx, cancel := context.WithCancel(journey.As(context.Background(), person))
	w := &work{progress: conductor.NewProgress(), cancel: cancel,
		state: WorkState{Command: e.command, Planning: planning, Person: person, Began: d.now()}}
	d.work, d.proposal = w, nil
	d.log.Info("begun at the screen", rehome.LogOperation, e.command, rehome.LogObject, person)
	d.over.Go(func() {
		defer cancel()
		said, outcome, err := do(ctx, w)
		d.ended(w, said, outcome, err)
	})
	return nil
}

func (d *desk) ended(w *work, said string, outcome rehome.Outcome, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.state
	s.Ended, s.Said, s.Outcome = d.now(), said, outcome
	if err != nil {
		s.Outcome, s.Hint = rehome.OutcomeOf(err), rehome.HintOf(err)
		if errors.Is(err, context.Canceled) {
			s.Said = "it was stopped; nothing is lost, and the same goes on with it"
		} else {
			s.Said = err.Error()
		}
	}
	d.log.Info("ended at the screen", rehome.LogOperation, s.Command, rehome.LogState, string(s.Outcome), rehome.LogWhy, s.Said)
}

// propose finds out what an errand would do, and keeps it for the word of the person.
func (d *desk) propose(person string, e errand) error {
	return d.begin(person, e, true, func(ctx context.Context, w *work) (string, rehome.Outcome, error) {
		made, err := e.plan(ctx)
		if err != nil {
			return "", "", err
		}
		d.offer(&proposal{plan: made, Token: made.token(e), Person: person, At: d.now(), errand: e})
		return made.Summary, rehome.OutcomeDone, nil
	})
}

func (d *desk) offer(p *proposal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.proposal = p
}

// confirm carries out what a person was shown. Where that is not what would be done now, it is shown anew instead.
func (d *desk) confirm(who visitor, token string) error {
	d.mu.Lock()
	p := d.proposal
	d.mu.Unlock()
	if p == nil || p.Token != token || p.Person != who.name || !who.may(p.errand.role) || p.Nothing {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "begin", Object: "what was shown", Cause: errors.New("it is not what would be done now"),
			Hint: "have it shown again"}
	}
	e := p.errand
	return d.begin(who.name, e, false, func(ctx context.Context, w *work) (string, rehome.Outcome, error) {
		if why, err := d.outdated(ctx, p); err != nil || why != "" {
			return why, rehome.OutcomeWaiting, err
		}
		return e.run(ctx, w)
	})
}

// outdated makes a plan again where that is asked for, or where it is old, and says why it is shown anew; "" if it counts.
func (d *desk) outdated(ctx context.Context, p *proposal) (why string, err error) {
	old := d.now().Sub(p.At) > shownFor
	if !p.errand.again && !old {
		return "", nil
	}
	made, err := p.errand.plan(ctx)
	if err != nil {
		return "", err
	}
	token := made.token(p.errand)
	switch {
	case p.errand.again && token == p.Token:
		return "", nil
	case p.errand.again:
		why = "Nothing was begun: what would be done has changed since it was shown. Look at it again."
	default:
		why = fmt.Sprintf("Nothing was begun: what was shown is more than %d minutes old. Look at it again.", int(shownFor.Minutes()))
	}
	d.offer(&proposal{plan: made, Token: token, Person: p.Person, At: d.now(), Changed: why, errand: p.errand})
	return why, nil
}

// start carries out an errand of which nothing is to be shown first.
func (d *desk) start(person string, e errand) error { return d.begin(person, e, false, e.run) }

// stop does what the first Ctrl-C at a terminal does; was is false where nothing is under way.
func (d *desk) stop(person string) (was bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.work == nil || !d.work.seen().Ended.IsZero() {
		return false
	}
	d.pull(person)
	return true
}

// pull stops what is under way. The caller holds the lock.
func (d *desk) pull(person string) {
	w := d.work
	words := "stopped by " + person
	if w.brake.Pull(w.cancel) {
		words += fmt.Sprintf("; what is in progress is finished first, which takes at most %d s", int(conductor.DefaultGrace.Seconds()))
	}
	w.tell(d.now(), words)
	w.mu.Lock()
	w.state.Stopping = true
	w.mu.Unlock()
	d.log.Info("stopped at the screen", rehome.LogObject, person)
}

// close stops what is under way, waits for it, and lets nothing begin any more.
func (d *desk) close() {
	d.mu.Lock()
	d.closed = true
	if d.work != nil && d.work.seen().Ended.IsZero() {
		d.pull("the end of the screen")
	}
	d.mu.Unlock()
	d.over.Wait()
}
