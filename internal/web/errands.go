// SPDX-License-Identifier: Apache-2.0

package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"unicode"

	"rehome"
	"rehome/internal/cutover"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/switchover"
	"rehome/internal/verify"
)

// choiceOf reads which accounts are meant: addresses or patterns as at the terminal; none means all.
func choiceOf(form url.Values) people.Choice {
	return people.Choice{Only: strings.FieldsFunc(form.Get("account"), func(r rune) bool { return r == ',' || unicode.IsSpace(r) })}
}

// kindsOf are the kinds that are ticked; none means all.
func kindsOf(form url.Values) (kinds []rehome.Kind) {
	for _, kind := range journey.Kinds() {
		if slices.Contains(form["only"], string(kind)) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// syncErrand is a pass, as "rehome sync".
func (s *Screen) syncErrand(form url.Values) errand {
	choice := choiceOf(form)
	options := journey.SyncOptions{
		Only: kindsOf(form), ConfirmDeletions: form.Has("confirm_deletions"), ConfirmSource: form.Has("confirm_source"), CopyAgain: form.Has("copy_again"),
		Rules: journey.RuleOptions{SwitchOn: form.Has("switch_on_rules"), Replace: form.Has("replace_rules")},
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
func (s *Screen) retryErrand(form url.Values) errand {
	choice := choiceOf(form)
	options := journey.RetryOptions{Only: kindsOf(form), CopyAgain: form.Has("copy_again"), Replace: form.Has("replace_rules")}
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
func (s *Screen) verifyErrand(form url.Values) errand {
	choice := choiceOf(form)
	options := journey.VerifyOptions{Level: verify.LevelFull}
	if level := verify.Level(form.Get("level")); slices.Contains(verify.Levels(), level) {
		options.Level = level
	}
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

	Stands    journey.CrossingDomain
	Overrides []string
	Why       string
}

// cutoverErrand takes domains across, as "rehome cutover run".
func (s *Screen) cutoverErrand(form url.Values) (errand, error) {
	options := journey.CutoverOptions{Domains: form["domain"], Why: strings.TrimSpace(form.Get("why"))}
	for _, gate := range switchover.Gates() {
		if slices.Contains(form["override"], string(gate)) {
			options.Overrides = append(options.Overrides, string(gate))
		}
	}
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
func (s *Screen) rollbackErrand(form url.Values) (errand, error) {
	options := journey.RollbackOptions{Domains: form["domain"]}
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
	s.order(w, r, who, func(form url.Values) (errand, error) { return s.syncErrand(form), nil })
}

func (s *Screen) planRetry(w http.ResponseWriter, r *http.Request, who visitor) {
	s.order(w, r, who, func(form url.Values) (errand, error) { return s.retryErrand(form), nil })
}

func (s *Screen) planCutover(w http.ResponseWriter, r *http.Request, who visitor) {
	s.order(w, r, who, s.cutoverErrand)
}

func (s *Screen) planRollback(w http.ResponseWriter, r *http.Request, who visitor) {
	s.order(w, r, who, s.rollbackErrand)
}

func (s *Screen) startVerify(w http.ResponseWriter, r *http.Request, who visitor) {
	s.order(w, r, who, func(form url.Values) (errand, error) { return s.verifyErrand(form), nil })
}

// order begins with an errand that a form describes, and shows how far it is.
func (s *Screen) order(w http.ResponseWriter, r *http.Request, who visitor, of func(url.Values) (errand, error)) {
	err := cmp.Or(r.ParseForm(), s.settled())
	if err == nil {
		var e errand
		if e, err = of(r.PostForm); err == nil && e.plan != nil {
			err = s.desk.propose(who.name, e)
		} else if err == nil {
			err = s.desk.start(who.name, e)
		}
	}
	s.answer(w, r, who, "/desk", err)
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
	err := s.settled()
	if err == nil {
		err = s.desk.confirm(who, r.PostFormValue("token"))
	}
	s.answer(w, r, who, "/desk", err)
}

func (s *Screen) stopWork(w http.ResponseWriter, r *http.Request, who visitor) {
	if !s.desk.stop(who.name) {
		s.answer(w, r, who, "", &rehome.Fault{Class: rehome.ClassOperator, Op: "stop", Object: "the work", Cause: errors.New("nothing is under way here"),
			Hint: "what was begun at a terminal is stopped there, by Ctrl-C"})
		return
	}
	s.answer(w, r, who, "/desk", nil)
}
