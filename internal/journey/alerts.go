// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"rehome"
	"rehome/internal/itinerary"
	"rehome/internal/ledger"
	"rehome/internal/notify"
	"rehome/internal/wave"
)

// actionAlerted is of the audit log: somebody was told.
const actionAlerted = "alert sent"

// need is something that needs somebody. It is new when its key is, or an account in it.
type need struct {
	key string
	notify.Need
}

// needsOf says what needs somebody after a pass: what its brake has stopped, and accounts that trying again does not help.
func needsOf(synced Synced, waves []itinerary.Wave) []need {
	return append(standingNeeds(waves, nil), accountNeeds(synced)...)
}

// standingNeeds say what needs somebody whatever a pass is at.
func standingNeeds(waves []itinerary.Wave, hindered []HinderedWorker) (needs []need) {
	for _, w := range waves {
		if w.Stop == itinerary.StopBrake {
			n := notify.Need{Sentence: "wave " + w.Name + " " + w.Reason, NextStep: wave.Resuming(w.Name, w.NextStep)}
			if strings.Contains(w.NextStep, "@") { // it names an account to try
				n.Detail, n.NextStep = w.NextStep, wave.Resuming(w.Name, `see what to look at with "rehome wave status `+w.Name+`"`)
			}
			needs = append(needs, need{standingWave + w.Name + " " + w.Reason, n})
		}
	}
	for _, h := range hindered { // what it says may name an account; the same is told once, of however many
		if key := standingWorker + h.Reason; !slices.ContainsFunc(needs, func(n need) bool { return n.key == key }) {
			needs = append(needs, need{key, notify.Need{Sentence: "a worker can do nothing", Detail: h.Reason,
				NextStep: `see which it is and why with "rehome worker status"`}})
		}
	}
	return needs
}

// What the keys begin with of what needs somebody whatever a pass is at.
const (
	standingWave   = "wave "
	standingWorker = "worker "
)

// accountNeeds are accounts that trying again does not help.
func accountNeeds(synced Synced) (needs []need) {
	accounts, why := map[rehome.Class][]string{}, map[string]string{}
	for _, a := range synced.Accounts {
		switch {
		case a.Error != "" && (lasting(a.class) || a.class == rehome.ClassBug):
			accounts[a.class] = append(accounts[a.class], a.Account)
			why[a.Account] = a.Error
		case a.blocked:
			accounts[rehome.ClassOperator] = append(accounts[rehome.ClassOperator], a.Account)
		}
	}
	for _, class := range slices.Sorted(maps.Keys(accounts)) {
		names := slices.Sorted(slices.Values(accounts[class]))
		needs = append(needs, need{"accounts " + string(class), notify.Need{Sentence: classWords(class, len(names)),
			NextStep: `see all of it with "rehome status"`, Accounts: names, Why: why}})
	}
	return needs
}

// passNeed says that a pass could not begin. What an error and its hint say may name an account.
func passNeed(failed error) notify.Need {
	detail := failed.Error()
	if hint := rehome.HintOf(failed); hint != "" {
		detail += "; " + hint
	}
	return notify.Need{Sentence: "a pass could not begin", Detail: detail, NextStep: `run "rehome check" to see whether both ends let rehome in`}
}

// classWords say what stops so many accounts.
func classWords(class rehome.Class, n int) string {
	who := plural(n, "account")
	switch class {
	case rehome.ClassAuth:
		return "the log-in of " + who + " was refused"
	case rehome.ClassQuota:
		return who + " cannot be completed, because the destination is full"
	case rehome.ClassUntrusted:
		return who + " cannot be completed, because a server cannot be trusted or understood"
	case rehome.ClassOperator:
		return "somebody has to decide or act before " + who + " can be completed"
	}
	return who + " cannot be completed, and trying again does not help"
}

// freshOf are the needs of which nobody was told, by their keys, with the accounts that are new.
func freshOf(told ledger.Alerted, needs []need) (fresh []notify.Need) {
	for _, n := range needs {
		before, known := told[n.key]
		some := !known
		for _, account := range n.Accounts {
			some = some || !before[account]
		}
		if some {
			fresh = append(fresh, n.Need)
		}
	}
	return fresh
}

func tell(needs []need) ledger.Alerted {
	t := ledger.Alerted{}
	for _, n := range needs {
		t[n.key] = map[string]bool{}
		for _, account := range n.Accounts {
			t[n.key][account] = true
		}
	}
	return t
}

// alerter tells somebody what needs him. Nil tells nobody.
type alerter struct {
	move     *Move
	store    *ledger.Ledger
	channels []*alertChannel
	said     func(sentence string)

	mu     sync.Mutex
	needs  []need // after the last pass
	ended  bool   // a pass has: before, nobody knows what accounts need
	passes int    // since the last report
	copied int    // likewise, messages
	since  time.Time

	byWorkers bool            // the passes are
	left      map[string]bool // accounts that were not complete after the last of them
}

// openAlerts says who is going to be told, and finds out whether it can be. Nothing is sent.
func (m *Move) openAlerts(ctx context.Context, store *ledger.Ledger, said func(string)) (*alerter, error) {
	settings := m.settings.Alerts
	if !settings.Some() {
		return nil, nil
	}
	a := &alerter{move: m, store: store, said: said, since: time.Now()}
	if len(settings.Mail) > 0 {
		envelope, err := envelopeOf(m.settings.Clients.Notify)
		if err != nil {
			return nil, err
		}
		server, err := m.mailServer(ctx)
		if err != nil {
			return nil, err
		}
		for _, to := range settings.Mail {
			a.channels = append(a.channels, &alertChannel{name: to, send: notify.Mailing{Server: server, From: envelope, To: to}.Alert})
		}
	}
	if !settings.Webhook.IsZero() {
		address, err := settings.Webhook.Resolve(ctx)
		if err != nil {
			return nil, err
		}
		webhook := notify.Webhook{Address: address}
		if err := webhook.Check(); err != nil {
			return nil, err
		}
		a.channels = append(a.channels, &alertChannel{name: "the webhook", send: webhook.Alert})
	}
	var err error
	names := make([]string, len(a.channels))
	for i, c := range a.channels {
		names[i] = c.name
		if c.told, err = store.Alerts.Noted(ctx, c.name); err != nil {
			return nil, err
		}
	}
	if err := a.owe(ctx, time.Now()); err != nil {
		return nil, err
	}
	last := len(names) - 1
	plan := "what needs somebody is told to " + strings.Join(slices.DeleteFunc([]string{strings.Join(names[:last], ", "), names[last]},
		func(text string) bool { return text == "" }), " and ")
	if settings.Report != "" {
		plan += ", and a report at " + settings.Report
	}
	said(plan)
	return a, nil
}

// passed is called after each pass, with the error of one that could not begin.
func (a *alerter) passed(ctx context.Context, synced Synced, failed error) {
	if a == nil || ctx.Err() != nil || synced.Interrupted {
		return
	}
	if failed == nil {
		a.mu.Lock()
		a.copied += synced.Total().Copied
		a.mu.Unlock()
	}
	a.over(ctx, accountNeeds(synced), failed)
}

// over tells what needs somebody after a pass of which these accounts do, or that could not begin.
func (a *alerter) over(ctx context.Context, accounts []need, failed error) {
	standing, err := a.standing(ctx)
	if err != nil {
		a.said(fmt.Sprintf("cannot look for what needs somebody: %v", err))
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if failed != nil { // what the pass before has shown of accounts still holds
		a.needs = slices.DeleteFunc(a.needs, func(n need) bool { return n.key == "pass" })
		a.needs = append(a.needs, need{"pass", passNeed(failed)})
	} else {
		a.needs, a.passes, a.ended = append(standing, accounts...), a.passes+1, true
		a.payReports(ctx)
	}
	a.tellFresh(ctx)
}

// standing looks for what needs somebody whatever a pass is at.
func (a *alerter) standing(ctx context.Context) ([]need, error) {
	waves, err := waveStops(ctx, a.store, time.Now())
	if err != nil {
		return nil, err
	}
	there, err := a.store.Workers.All(ctx)
	return standingNeeds(waves, hinderedOf(there)), err
}

// standingLook is how often is looked while a pass runs: it may take days, and what its brake has stopped does not wait for its end.
const standingLook = time.Minute

// watch tells what needs somebody while passes run, until the returned function is called.
func (a *alerter) watch(ctx context.Context) (over func()) {
	if a == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var looks sync.WaitGroup
	looks.Go(func() {
		for sleepUntil(ctx, time.Now().Add(standingLook)) {
			a.look(ctx)
		}
	})
	return func() {
		cancel()
		looks.Wait()
	}
}

// look tells what needs somebody now, whatever a pass is at. That the ledger does not answer is for the pass to say.
func (a *alerter) look(ctx context.Context) {
	standing, err := a.standing(ctx)
	if err != nil || ctx.Err() != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.needs = slices.DeleteFunc(slices.Clone(a.needs), func(n need) bool {
		return strings.HasPrefix(n.key, standingWave) || strings.HasPrefix(n.key, standingWorker)
	})
	a.needs = append(standing, a.needs...)
	a.tellFresh(ctx)
}

// tellFresh tells each channel what is new to it, all at once: one that does not answer keeps no other one waiting. The caller holds the lock.
func (a *alerter) tellFresh(ctx context.Context) {
	sent, failed := make([][]string, len(a.channels)), make([]error, len(a.channels))
	before := make([]ledger.Alerted, len(a.channels))
	var sends sync.WaitGroup
	for i, c := range a.channels {
		before[i] = c.told
		sends.Go(func() { sent[i], failed[i] = c.deliver(ctx, a.move.settings.Organisation, a.needs, time.Now()) })
	}
	sends.Wait()
	for i, c := range a.channels {
		a.keep(ctx, c, before[i], sent[i])
		if text := c.news(failed[i]); text != "" && ctx.Err() == nil {
			a.said(text)
		}
	}
}

// keep notes what a channel was told.
func (a *alerter) keep(ctx context.Context, c *alertChannel, before ledger.Alerted, sent []string) {
	ctx = context.WithoutCancel(ctx)
	for _, kind := range sent {
		if err := a.move.note(ctx, ledger.AuditLine{Action: actionAlerted, Object: c.name, After: kind}); err != nil {
			a.said(fmt.Sprintf("cannot write into the audit log: %v", err))
		}
	}
	if maps.EqualFunc(before, c.told, maps.Equal) {
		return
	}
	if err := a.store.Alerts.Note(ctx, c.name, c.told); err != nil {
		a.said(fmt.Sprintf("cannot note which alerts were sent to %s: %v; after a restart they may be sent again", c.name, err))
	}
}

// daily sends reports until the returned function is called.
func (a *alerter) daily(ctx context.Context) (over func()) {
	if a == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var reports sync.WaitGroup
	reports.Go(func() {
		for {
			at, some := a.move.settings.Alerts.ReportAt(time.Now())
			if !some || !sleepUntil(ctx, at) {
				return
			}
			a.report(ctx)
		}
	})
	return func() {
		cancel()
		reports.Wait()
	}
}

// report tells all where the move stands.
func (a *alerter) report(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	report, err := a.writeReport(ctx)
	if err != nil {
		a.said(fmt.Sprintf("cannot write the report: %v", err))
		return
	}
	for _, c := range a.channels {
		c.report, c.owed = report, false
	}
	a.passes, a.copied, a.since = 0, 0, time.Now()
	a.tellFresh(ctx)
}

// writeReport says where the move stands. The caller holds the lock.
func (a *alerter) writeReport(ctx context.Context) (*notify.Alert, error) {
	counted, err := copies(ctx, a.store, nil)
	if err != nil {
		return nil, err
	}
	passes := fmt.Sprintf("%d passes", a.passes)
	if a.passes == 1 {
		passes = "1 pass"
	}
	if !a.byWorkers { // what these have copied is in the ledger as a whole only
		passes += fmt.Sprintf(", %s copied", plural(a.copied, "message"))
	}
	text := fmt.Sprintf("Since %s: %s.\n%d of %s copied, %d equal when compared last, %d blocked.", a.since.Format("2 January, 15:04"),
		passes, counted.Copied, plural(counted.Accounts, "account"), counted.Equal, counted.Blocked)
	needs := make([]notify.Need, len(a.needs))
	for i, n := range a.needs {
		needs[i] = n.Need
	}
	return &notify.Alert{Organisation: a.move.settings.Organisation, Kind: notify.AlertReport, Text: text, Needs: needs, Early: !a.ended}, nil
}

// owe finds out who has not got the report of today, although an earlier command has sent reports: it has ended before the hour, or before
// the channel could be reached.
func (a *alerter) owe(ctx context.Context, now time.Time) error {
	due, some := a.move.settings.Alerts.ReportWas(now)
	if !some {
		return nil
	}
	const enough = 1000 // alerts, of all channels
	lines, err := a.store.Audit.Of(ctx, actionAlerted, enough)
	for _, c := range a.channels {
		i := slices.IndexFunc(lines, func(l ledger.AuditLine) bool { return l.Object == c.name && l.After == notify.AlertReport })
		c.owed = i >= 0 && lines[i].At.Before(due)
	}
	return err
}

// payReports writes the report for those who have not got that of today. The caller holds the lock.
func (a *alerter) payReports(ctx context.Context) {
	for _, c := range a.channels {
		if !c.owed {
			continue
		}
		report, err := a.writeReport(ctx)
		if err != nil {
			a.said(fmt.Sprintf("cannot write the report: %v", err))
			return
		}
		c.report, c.owed = report, false
	}
}
