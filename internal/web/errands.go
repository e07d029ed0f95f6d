// SPDX-License-Identifier: Apache-2.0

package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"

	"rehome"
	"rehome/internal/cutover"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// syncErrand is a pass, as "rehome sync".
func (s *Screen) syncErrand(order syncOrder) errand {
	choice := order.choice()
	options := journey.SyncOptions{
		Only: order.Only, ConfirmDeletions: order.ConfirmDeletions, ConfirmSource: order.ConfirmSource, CopyAgain: order.CopyAgain,
		Rules: journey.RuleOptions{SwitchOn: order.SwitchOnRules, Replace: order.ReplaceRules},
	}
	return errand{
		command: "sync", role: ledger.RoleOperate, again: options.ConfirmDeletions || options.ConfirmSource || options.CopyAgain,
		plan: func(ctx context.Context) (plan, error) {
			planned, err := s.move.PlanSync(ctx, choice, options)
			return plan{Sync: syncPlanOf(planned), Summary: s.options.Words.Planned(planned), of: []any{choice, options, lossesOf(planned)}}, err
		},
		run: func(ctx context.Context, w *work) (string, rehome.Outcome, error) {
			synced, err := s.move.Sync(ctx, choice, options, journey.Watcher{Progress: w.progress, Finish: w.brake.Finish})
			return s.options.Words.Synced(synced), synced.Outcome(), err
		},
	}
}

// retryErrand tries again what has failed, as "rehome findings retry".
func (s *Screen) retryErrand(order retryOrder) errand {
	choice := order.choice()
	options := journey.RetryOptions{Only: order.Only, CopyAgain: order.CopyAgain, Replace: order.ReplaceRules, IDs: order.IDs}
	if len(order.IDs) > 0 {
		options.Of = order.Accounts
	}
	return errand{
		command: "findings retry", role: ledger.RoleOperate, again: true,
		plan: func(ctx context.Context) (plan, error) {
			planning := options
			planning.Plan = true
			retried, err := s.move.Retry(ctx, choice, planning, journey.Watcher{})
			failed, tried := retried.Items()
			summary := plural(int64(failed), "failed item") + ", of which " + number(int64(tried)) + " would be tried again"
			return plan{Retry: &retried, Summary: summary, Nothing: tried == 0, of: []any{choice, options, retried}}, err
		},
		run: func(ctx context.Context, w *work) (string, rehome.Outcome, error) {
			retried, err := s.move.Retry(ctx, choice, options, journey.Watcher{Progress: w.progress, Finish: w.brake.Finish})
			if retried.Synced == nil {
				return "nothing to try again", rehome.OutcomeDone, err
			}
			return s.options.Words.Synced(*retried.Synced), retried.Outcome(), err
		},
	}
}

// verifyErrand compares, as "rehome verify". It changes nothing at either end, so nothing is shown first.
func (s *Screen) verifyErrand(order verifyOrder) errand {
	choice := order.choice()
	options := journey.VerifyOptions{Level: cmp.Or(order.Level, verify.LevelFull)}
	return errand{command: "verify", role: ledger.RoleOperate, run: func(ctx context.Context, w *work) (string, rehome.Outcome, error) {
		document, err := s.move.Verify(ctx, choice, options, w.progress)
		if err != nil {
			return "", "", err
		}
		return s.options.Words.Verified(document), document.Outcome(), nil
	}}
}

// crossingPlan is what taking a domain across means.
type crossingPlan struct {
	cutover.Plan

	Stands    journey.CrossingDomain `json:"stands"`
	Overrides []string               `json:"overrides,omitempty"`
	Why       string                 `json:"why,omitempty"`
}

// cutoverErrand takes domains across, as "rehome cutover run".
func (s *Screen) cutoverErrand(order cutoverOrder) (errand, error) {
	options := journey.CutoverOptions{Domains: order.Domains, Overrides: order.Overrides, Why: strings.TrimSpace(order.Why)}
	switch {
	case len(options.Domains) == 0:
		return errand{}, missing("no domain is chosen", "choose the domains that are to be taken across")
	case len(options.Overrides) > 0 && options.Why == "":
		return errand{}, missing("a gate is overridden without a reason", "say why; the audit log keeps it")
	}
	return errand{
		command: "cutover run", role: ledger.RoleSwitch, again: true,
		plan: func(ctx context.Context) (plan, error) { return s.planCrossing(ctx, options) },
		run: func(ctx context.Context, w *work) (string, rehome.Outcome, error) {
			options.Told = func(l journey.CutoverLine) { w.tell(l.At, l.Domain+": "+l.Text) }
			crossing, err := s.move.RunCutover(ctx, options)
			return crossingWords(crossing), crossing.Outcome(), err
		},
	}, nil
}

func missing(cause, hint string) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "begin", Object: "the cutover", Cause: errors.New(cause), Hint: hint}
}

// planCrossing asks DNS and the ledger. Moments do not count for whether it is the same plan: they pass.
func (s *Screen) planCrossing(ctx context.Context, options journey.CutoverOptions) (plan, error) {
	plans, err := s.move.PlanCutover(ctx, options.Domains)
	if err != nil {
		return plan{}, err
	}
	stands, err := s.move.CutoverStatus(ctx, options.Domains)
	if err != nil {
		return plan{}, err
	}
	made := plan{Summary: "what taking " + strings.Join(options.Domains, ", ") + " across means"}
	same := []any{options.Domains, options.Overrides, options.Why}
	for _, p := range plans.Domains {
		shown := crossingPlan{Plan: p, Overrides: options.Overrides, Why: options.Why}
		for _, d := range stands.Domains {
			if d.Domain == p.Domain {
				shown.Stands = d
			}
		}
		made.Crossings = append(made.Crossings, shown)
		same = append(same, p.Domain, p.Waits, shown.Stands.State, shown.Stands.Records, shown.Stands.Overrides)
		for _, step := range p.Steps {
			step.NowTTL = 0
			same = append(same, step)
		}
		for _, c := range p.Conditions {
			same = append(same, c.About, c.Met)
		}
		for _, h := range shown.Stands.Waits {
			same = append(same, h.Gate)
		}
	}
	made.of = same
	return made, nil
}

// rollbackErrand takes domains back, as "rehome cutover rollback".
func (s *Screen) rollbackErrand(order rollbackOrder) (errand, error) {
	options := journey.RollbackOptions{Domains: order.Domains}
	if len(options.Domains) == 0 {
		return errand{}, missing("no domain is chosen", "choose the domains that are to be taken back")
	}
	return errand{
		command: "cutover rollback", role: ledger.RoleSwitch, again: true,
		plan: func(ctx context.Context) (plan, error) {
			rollback, err := s.move.RollBack(ctx, options)
			made := plan{Rollback: rollback.Domains, Summary: "what taking " + strings.Join(options.Domains, ", ") + " back means"}
			same := []any{options.Domains}
			for _, d := range rollback.Domains {
				same = append(same, d.Domain, d.State, d.Records) // mail may arrive meanwhile
			}
			made.of = same
			return made, err
		},
		run: func(ctx context.Context, w *work) (string, rehome.Outcome, error) {
			options.Begin = true
			options.Told = func(l journey.CutoverLine) { w.tell(l.At, l.Domain+": "+l.Text) }
			rollback, err := s.move.RollBack(ctx, options)
			return crossingWords(rollback.Crossing), rollback.Outcome(), err
		},
	}, nil
}

// crossingWords say what to do now with each domain.
func crossingWords(crossing journey.Crossing) string {
	var all []string
	for _, d := range crossing.Domains {
		all = append(all, d.Domain+": "+d.Next)
	}
	return strings.Join(all, "; ")
}

// settled refuses work by settings that have changed since they were read: what is shown and done would not be what they say.
func (s *Screen) settled() error {
	info, err := os.Stat(s.options.File)
	if err != nil || !info.ModTime().After(s.began) {
		return nil //nolint:nilerr // where the file is gone, the ones that were read are what there is
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "use", Object: s.options.File,
		Cause: errors.New("the settings have changed since the screen was started"), Hint: "stop rehome serve, and start it again"}
}

// planSync, planRetry, planCutover and planRollback find out what would be done; verify begins at once.
func (s *Screen) planSync(w http.ResponseWriter, r *http.Request, who visitor) {
	s.order(w, r, who, func(form url.Values) (errand, error) { return s.syncErrand(syncForm(form)), nil })
}

func (s *Screen) planRetry(w http.ResponseWriter, r *http.Request, who visitor) {
	s.order(w, r, who, func(form url.Values) (errand, error) { return s.retryErrand(retryForm(form)), nil })
}

func (s *Screen) planCutover(w http.ResponseWriter, r *http.Request, who visitor) {
	s.order(w, r, who, func(form url.Values) (errand, error) { return s.cutoverErrand(cutoverForm(form)) })
}

func (s *Screen) planRollback(w http.ResponseWriter, r *http.Request, who visitor) {
	s.order(w, r, who, func(form url.Values) (errand, error) { return s.rollbackErrand(rollbackOrder{Domains: form["domain"]}) })
}

func (s *Screen) startVerify(w http.ResponseWriter, r *http.Request, who visitor) {
	s.order(w, r, who, func(form url.Values) (errand, error) { return s.verifyErrand(verifyForm(form)), nil })
}

// order begins with an errand that a form describes, and shows how far it is.
func (s *Screen) order(w http.ResponseWriter, r *http.Request, who visitor, of func(url.Values) (errand, error)) {
	err := r.ParseForm()
	if err == nil {
		var e errand
		if e, err = of(r.PostForm); err == nil {
			err = s.begin(who, e)
		}
	}
	s.answer(w, r, who, "/desk", err)
}

// begin finds out what an errand would do, or does what needs not be shown first.
func (s *Screen) begin(who visitor, e errand) error {
	if err := s.settled(); err != nil {
		return err
	}
	if e.plan != nil {
		return s.desk.propose(who.name, e)
	}
	return s.desk.start(who.name, e)
}

// answer leads on to a page, or says why nothing was done.
func (s *Screen) answer(w http.ResponseWriter, r *http.Request, who visitor, then string, err error) {
	if err != nil {
		write(w, r, s.options.Log, http.StatusConflict, "refused", refusedPage{frameOf("Nothing was done", "", who), err.Error(), rehome.HintOf(err)})
		return
	}
	http.Redirect(w, r, then, http.StatusSeeOther)
}

// confirmWork carries out what was shown. Nobody's word counts for what takes another role.
func (s *Screen) confirmWork(w http.ResponseWriter, r *http.Request, who visitor) {
	s.answer(w, r, who, "/desk", s.confirmed(who, r.PostFormValue("token")))
}

func (s *Screen) confirmed(who visitor, token string) error {
	if err := s.settled(); err != nil {
		return err
	}
	return s.desk.confirm(who, token)
}

func (s *Screen) stopWork(w http.ResponseWriter, r *http.Request, who visitor) {
	s.answer(w, r, who, "/desk", s.stopped(who))
}

func (s *Screen) stopped(who visitor) error {
	if !s.desk.stop(who.name) {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "stop", Object: "the work", Cause: errors.New("nothing is under way here"),
			Hint: "what was begun at a terminal is stopped there, by Ctrl-C"}
	}
	return nil
}
