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
			needs = append(needs, need{standingWave + w.Name + " " + w.Reason, notify.Need{Sentence: "wave " + w.Name + " " + w.Reason,
				NextStep: w.NextStep + "; then run \"rehome wave resume " + w.Name + "\""}})
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
	accounts := map[rehome.Class][]string{}
	for _, a := range synced.Accounts {
		switch {
		case a.Error != "" && (lasting(a.class) || a.class == rehome.ClassBug):
			accounts[a.class] = append(accounts[a.class], a.Account)
		case a.blocked:
			accounts[rehome.ClassOperator] = append(accounts[rehome.ClassOperator], a.Account)
		}
	}
	for _, class := range slices.Sorted(maps.Keys(accounts)) {
		names := slices.Sorted(slices.Values(accounts[class]))
		needs = append(needs, need{"accounts " + string(class), notify.Need{Sentence: classWords(class, len(names)),
			NextStep: `see why with "rehome status"`, Accounts: names}})
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
	channels []alertChannel
	said     func(sentence string)

	mu     sync.Mutex
	told   []ledger.Alerted // by channel: one that could not be reached is told again
	needs  []need           // after the last pass
	passes int              // since the last report
	copied int              // likewise, messages
	since  time.Time

	byWorkers bool            // the passes are
	left      map[string]bool // accounts that were not complete after the last of them
}

// alertChannel is a way to those who are told.
type alertChannel struct {
	name string
	send func(context.Context, notify.Alert) error
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
		mailing := notify.Mailing{Server: server, From: envelope, To: settings.Mail}
		a.channels = append(a.channels, alertChannel{strings.Join(settings.Mail, ", "), mailing.Alert})
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
		a.channels = append(a.channels, alertChannel{"the webhook", webhook.Alert})
	}
	names := make([]string, len(a.channels))
	for i, c := range a.channels {
		names[i] = c.name
		told, err := store.Alerts.Noted(ctx, c.name)
		if err != nil {
			return nil, err
		}
		a.told = append(a.told, told)
	}
	plan := "what needs somebody is told to " + strings.Join(names, " and ")
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
		a.needs, a.passes = append(standing, accounts...), a.passes+1
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

// tellFresh tells each channel what is new to it. The caller holds the lock.
func (a *alerter) tellFresh(ctx context.Context) {
	for i, c := range a.channels {
		fresh := freshOf(a.told[i], a.needs)
		if len(fresh) == 0 || a.send(ctx, c, notify.Alert{Kind: notify.AlertNeeds, Needs: fresh}) {
			a.keep(ctx, i)
		}
	}
}

// keep notes that a channel was told of all that needs somebody now.
func (a *alerter) keep(ctx context.Context, channel int) {
	now := tell(a.needs)
	if maps.EqualFunc(a.told[channel], now, maps.Equal) {
		return
	}
	a.told[channel] = now
	if err := a.store.Alerts.Note(context.WithoutCancel(ctx), a.channels[channel].name, now); err != nil {
		a.said(fmt.Sprintf("cannot note which alerts were sent by %s: %v; after a restart they may be sent again", a.channels[channel].name, err))
	}
}

// send tells one of them, and says when that has failed.
func (a *alerter) send(ctx context.Context, c alertChannel, alert notify.Alert) (sent bool) {
	alert.Organisation = a.move.settings.Organisation
	if err := c.send(ctx, alert); err != nil {
		a.said(fmt.Sprintf("%s could not be told: %v; tried again after the next pass", c.name, err))
		return false
	}
	if err := a.move.note(ctx, ledger.AuditLine{Action: actionAlerted, Object: c.name, After: alert.Kind}); err != nil {
		a.said(fmt.Sprintf("cannot write into the audit log: %v", err))
	}
	return true
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
	counted, err := copies(ctx, a.store, nil)
	if err != nil {
		a.said(fmt.Sprintf("cannot write the report: %v", err))
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
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
	for _, c := range a.channels {
		a.send(ctx, c, notify.Alert{Kind: notify.AlertReport, Text: text, Needs: needs})
	}
	a.passes, a.copied, a.since = 0, 0, time.Now()
}
