// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/switchover"
)

// CloseOptions choose how a move is closed.
type CloseOptions struct {
	Domains      []string // none means all that move
	Begin        bool     // somebody has seen what it means
	Early        bool     // does not wait until a domain may be closed; Why says why
	Why          string
	Folder       string // of the auditor; "" is CloseFolder
	Identity     bool   // destroy the identity too
	PersonalData bool   // destroy also what names people: exports, originals of refused messages, the ledger
}

// TaskState says how far one task of a closing has come.
type TaskState string

// The states.
const (
	TaskPlanned TaskState = "planned" // nothing was done yet
	TaskDone    TaskState = "done"
	TaskDue     TaskState = "due"  // later: its day has not come
	TaskLeft    TaskState = "left" // a person has to do something first
)

// CloseTask is one thing that belongs to a closing.
type CloseTask struct {
	What     string    `json:"what"`
	Domain   string    `json:"domain,omitempty"`
	State    TaskState `json:"state"`
	Sentence string    `json:"sentence"`
	NextStep string    `json:"next_step,omitempty"`
	Due      time.Time `json:"due,omitzero"`
}

// Closing is how far a move is closed.
type Closing struct {
	Begun  bool        `json:"begun"`
	Closed bool        `json:"closed"` // all of it
	Tasks  []CloseTask `json:"tasks"`
	Folder string      `json:"folder"`
}

// Outcome implements rehome.Answer.
func (c Closing) Outcome() rehome.Outcome {
	outcome := rehome.OutcomeDone
	for _, t := range c.Tasks {
		switch t.State {
		case TaskPlanned, TaskLeft:
			return rehome.OutcomeWaiting
		case TaskDue:
			outcome = rehome.OutcomeRemaining
		}
	}
	return outcome
}

// CloseFolder is where the auditor's folder goes unless somebody says otherwise.
func (m *Move) CloseFolder() string { return filepath.Join(m.settings.Folder(), "closed") }

// CloseMove ends the move of domains that are live: it says what belongs to that, and does it if it is told to begin. It may be
// repeated, and does each time what has become possible since. Files are destroyed when all domains of the move are closed.
func (m *Move) CloseMove(ctx context.Context, options CloseOptions) (Closing, error) {
	closing := Closing{Begun: options.Begin, Tasks: []CloseTask{}, Folder: options.Folder}
	if options.Folder == "" {
		closing.Folder = m.CloseFolder()
	}
	if options.Early && strings.TrimSpace(options.Why) == "" {
		return closing, &rehome.Fault{Class: rehome.ClassOperator, Op: "close", Object: "early", Cause: errors.New("there is no reason"),
			Hint: `say why with --why "..."; the audit log keeps it`}
	}
	domains, store, err := m.crossing(ctx, options.Domains)
	if err != nil {
		return closing, err
	}
	unlock, err := lockFor(store)
	if err != nil {
		return closing, err
	}
	defer unlock()
	for _, domain := range domains {
		tasks, err := m.closeDomain(ctx, store, domain, options)
		closing.Tasks = append(closing.Tasks, tasks...)
		if err != nil {
			return closing, err
		}
	}
	return closing, m.closeWhole(ctx, store, &closing, options)
}

// closeDomain does what belongs to one domain.
func (m *Move) closeDomain(ctx context.Context, store *ledger.Ledger, domain string, options CloseOptions) ([]CloseTask, error) {
	row, err := cutoverOf(ctx, store, domain)
	if err != nil {
		return nil, err
	}
	early := ""
	if why := switchover.Closable(row, m.settings.Cutover.Reversible, time.Now()); why != "" {
		if !options.Early || row.State != ledger.CutoverLive {
			return []CloseTask{{What: "domain", Domain: domain, State: TaskLeft, Sentence: "cannot be closed: " + why,
				NextStep: `"rehome cutover status" says what it waits for`}}, nil
		}
		early = options.Why
	}
	if row.State == ledger.CutoverClosed {
		return []CloseTask{{What: "domain", Domain: domain, State: TaskDone, Sentence: "is closed"}}, nil
	}
	if !options.Begin {
		return m.plannedChores(row), nil
	}
	if row.State == ledger.CutoverLive {
		was := row.State
		var lines []ledger.AuditLine
		row, lines = switchover.Close(row, ledger.CutoverClosing, early, whoIn(ctx), time.Now())
		if err := store.Cutovers.Save(ctx, was, row, lines...); err != nil {
			return nil, err
		}
	}
	tasks, err := m.chores(ctx, row)
	if err != nil || slices.ContainsFunc(tasks, func(t CloseTask) bool { return t.State != TaskDone }) {
		return tasks, err
	}
	row, lines := switchover.Close(row, ledger.CutoverClosed, "", whoIn(ctx), time.Now())
	if err := store.Cutovers.Save(ctx, ledger.CutoverClosing, row, lines...); err != nil {
		return tasks, err
	}
	return append(tasks, CloseTask{What: "domain", Domain: domain, State: TaskDone, Sentence: "is closed"}), nil
}

// cutoverOf is where a domain stands.
func cutoverOf(ctx context.Context, store *ledger.Ledger, domain string) (ledger.Cutover, error) {
	rows, err := store.Cutovers.All(ctx)
	for _, r := range rows {
		if r.Domain == domain {
			return r, err
		}
	}
	return ledger.Cutover{Domain: domain}, err
}

// closeWhole does what belongs to the move as a whole, once all of its domains are closed.
func (m *Move) closeWhole(ctx context.Context, store *ledger.Ledger, closing *Closing, options CloseOptions) error {
	all, err := m.domains(ctx)
	if err != nil {
		return err
	}
	rows, err := store.Cutovers.All(ctx)
	if err != nil {
		return err
	}
	var open []string
	for _, domain := range all {
		if !slices.ContainsFunc(rows, func(c ledger.Cutover) bool { return c.Domain == domain && c.State == ledger.CutoverClosed }) {
			open = append(open, domain)
		}
	}
	add := func(tasks ...CloseTask) { closing.Tasks = append(closing.Tasks, tasks...) }
	if !options.Begin || len(open) > 0 {
		add(m.plannedWhole(open, options)...)
		return nil
	}
	add(m.masterTasks(ctx, store)...)
	if err := m.writePapers(ctx, closing.Folder); err != nil {
		return err
	}
	if err := m.note(ctx, ledger.AuditLine{Action: actionClosed, Object: m.settings.Organisation, After: closing.Folder}); err != nil {
		return err
	}
	purge, err := m.Purge(ctx, PurgeChoice{Identity: options.Identity, Needed: true})
	if err != nil {
		return err
	}
	add(CloseTask{What: "secrets", State: TaskDone,
		Sentence: plural(len(purge.Files), "file") + " with secrets destroyed; those that you have written stay"})
	if err := m.writeAudit(ctx, closing.Folder); err != nil {
		return err
	}
	add(CloseTask{What: "folder", State: TaskDone, Sentence: "certificates, report, DNS before and after, and the audit log are in " + closing.Folder})
	closing.Closed = closing.Outcome() == rehome.OutcomeDone
	if options.PersonalData {
		task, err := m.destroyPersonalData(ctx, closing)
		add(task)
		return err
	}
	return nil
}

// plannedWhole says what will be done in the end.
func (m *Move) plannedWhole(open []string, options CloseOptions) []CloseTask {
	state, when := TaskPlanned, ""
	if len(open) > 0 && options.Begin {
		state, when = TaskDue, " when "+strings.Join(open, ", ")+" "+map[bool]string{true: "is", false: "are"}[len(open) == 1]+" closed"
	}
	tasks := []CloseTask{
		{What: "master user", State: state, Sentence: "it is tried whether a master user still opens accounts" + when},
		{What: "folder", State: state, Sentence: "certificates, report, DNS before and after, and the audit log are written to one folder" + when},
		{What: "secrets", State: state, Sentence: "the files with secrets that rehome has written are destroyed" + when},
	}
	if options.PersonalData {
		tasks = append(tasks, CloseTask{What: "personal data", State: state,
			Sentence: "exports, originals of refused messages and the ledger are destroyed" + when + "; after that, nothing of the move can be repeated"})
	}
	return tasks
}

// masterTasks prove that master users open no account any more.
func (m *Move) masterTasks(ctx context.Context, store *ledger.Ledger) []CloseTask {
	var tasks []CloseTask
	for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
		settings := m.settings.Source.IMAP
		if side == rehome.Destination {
			settings = m.settings.Destination.IMAP
		}
		if settings.Login != config.LoginMaster {
			continue
		}
		tasks = append(tasks, m.masterTask(ctx, store, side, settings.MasterUser))
	}
	if tasks == nil {
		tasks = []CloseTask{{What: "master user", State: TaskDone, Sentence: "the move used none"}}
	}
	return tasks
}

// masterTries is with how many accounts a master user is tried: one of them may be gone, which servers do not tell from a refusal.
const masterTries = 3

// masterTask tries to log in. Only refusals prove that the master user is dead: a server that is silent may come back.
func (m *Move) masterTask(ctx context.Context, store *ledger.Ledger, side rehome.Side, user string) CloseTask {
	task := CloseTask{What: "master user", State: TaskLeft}
	end, err := m.end(ctx, side, m.hosts(nil))
	if err == nil {
		err = opensAny(ctx, store, end)
	}
	switch {
	case err == nil:
		task.Sentence = "the master user " + user + " still opens accounts at the " + string(side)
		task.NextStep = "remove it there, then run \"rehome close\" again"
	case rehome.ClassOf(err) == rehome.ClassAuth:
		task.State, task.Sentence = TaskDone, "the master user "+user+" is refused at the "+string(side)+": "+err.Error()
	default:
		task.Sentence = "it is not known whether the master user " + user + " still opens accounts at the " + string(side) + ": " + err.Error()
		task.NextStep = "if the server is switched off for good, take master_user out of the settings, then run \"rehome close\" again"
	}
	return task
}

// opensAny returns nil if an end lets a master user open one of a few accounts, and otherwise the last answer.
func opensAny(ctx context.Context, store *ledger.Ledger, end *endpoint.IMAP) error {
	rows, err := store.Accounts.All(ctx)
	if err != nil {
		return err
	}
	err = errors.New("no account is known to try it with")
	tried := 0
	for _, row := range rows {
		if row.State != ledger.AccountPreStaged || tried == masterTries {
			continue
		}
		tried++
		var session *endpoint.Session
		if session, err = end.Open(ctx, rehome.Account{Address: row.Address}); err == nil {
			session.Close()
			return nil
		}
		if rehome.ClassOf(err) != rehome.ClassAuth {
			return err
		}
	}
	return err
}
