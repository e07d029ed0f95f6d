// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"context"
	"errors"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// visit is what is under way at one account.
type visit struct {
	*run
	who     Candidate
	account Account
	mail    Mail     // nil as long as IMAP is not open
	open    []func() // closes, in their order
	acts    bool     // its rules send something by themselves
	told    bool     // that it is tried
}

// account tries one account by every protocol, and has a message make its way to it. IMAP stays open meanwhile, to find that.
func (r *run) account(ctx context.Context, who Candidate) (Account, error) {
	v := &visit{run: r, who: who,
		account: Account{Account: who.Address, Password: who.Password, Logins: []Try{}}}
	defer v.close()
	wanted := v.wantsProbe()
	looks := wanted || len(v.outstanding()) > 0
	for _, step := range []struct {
		protocol Protocol
		needed   bool // even if the log-in is known to work
		use      func(context.Context, Entered) error
	}{
		{IMAP, looks, v.useMail},
		{POP3, false, nil},
		{Sieve, wanted, v.useScripts},
		{Submission, wanted, v.useSender},
		{DAV, false, nil},
	} {
		door := r.doors[step.protocol]
		if door == nil {
			continue
		}
		entered, err := v.try(ctx, door, step.needed)
		if err == nil && entered != nil && step.use != nil {
			err = step.use(ctx, entered)
		}
		if err != nil {
			return v.account, err
		}
	}
	return v.account, v.receive(ctx)
}

func (v *visit) close() {
	for _, end := range v.open {
		end()
	}
}

// try logs in by one protocol, if that is to be done, and writes down how it ended. The session, nil if there is none, is closed
// with the visit.
func (v *visit) try(ctx context.Context, door *doorState, needed bool) (Entered, error) {
	d := decide(v.who, door, v.history, v.Options, needed, v.runBegan)
	if d.try && v.stopped == nil {
		if err := v.mayTry(ctx); err != nil {
			return nil, err
		}
	}
	switch {
	case d.kept != nil:
		v.add(tryOf(*d.kept, true))
		return nil, nil
	case d.try && v.stopped != nil:
		d.why, d.hint = v.stopped.why, v.stopped.hint
		fallthrough
	case !d.try:
		v.add(Try{Protocol: door.Protocol, Host: door.Host, Result: NotTried, Sentence: d.why, NextStep: d.hint})
		return nil, nil
	}
	if err := v.pause(ctx); err != nil {
		return nil, err
	}
	return v.attempt(ctx, door)
}

// attempt makes one: it is in the ledger as a failure before the password can go out.
func (v *visit) attempt(ctx context.Context, door *doorState) (Entered, error) {
	if v.Begins != nil && !v.told {
		v.told = true
		v.Begins(v.who.Address)
	}
	attempt := ledger.Login{Address: v.who.Address, Protocol: string(door.Protocol), Host: door.Host, Credential: v.who.Print,
		Result: string(Interrupted), Sentence: "it was interrupted, and nobody knows whether the server has seen the password", Failure: true}
	id, err := v.Logins.Begin(ctx, attempt)
	if err != nil {
		return nil, err
	}
	attempt.Began = time.Now()
	entered, failure := door.Open(ctx, v.who.Account)
	if failure == nil {
		v.open = append(v.open, entered.Close)
		attempt.Result, attempt.Sentence, attempt.Failure = string(Accepted), "", false
		door.reached, door.failed = true, 0
	} else if ctx.Err() == nil {
		v.failed(door, failure, &attempt)
	}
	v.history.note(attempt)
	v.add(tryOf(attempt, false))
	v.log.Info("login tried", rehome.LogAccount, v.who.Address, rehome.LogProtocol, string(door.Protocol), rehome.LogHost, door.Host,
		rehome.LogAnswer, attempt.Result, rehome.LogWhy, attempt.Sentence)
	if err := v.Logins.End(context.WithoutCancel(ctx), id, attempt); err != nil {
		return nil, err
	}
	return entered, ctx.Err()
}

// failed judges an attempt, and whether the service, or all of them, shall be left alone.
func (v *visit) failed(door *doorState, failure error, attempt *ledger.Login) {
	judged := judge(failure)
	attempt.Result, attempt.Failure = string(judged.result), judged.sent
	attempt.Sentence, attempt.NextStep = sentenceOf(failure), nextStep(judged.result, door.Protocol, failure)
	if judged.result == LockedOut {
		v.stopped = &stopped{
			why:  "the host seems to refuse this machine, so nobody else was tried: " + failure.Error(),
			hint: "wait until the host's lock is over, or ask its administrator to let this machine in; then run the same command again",
		}
		return
	}
	if judged.result != Unreachable {
		door.reached, door.failed = true, 0
		return
	}
	v.unreached(door, failure)
}

// sentenceOf says what went wrong: the server's own words where it has spoken, as everything else is told beside it.
func sentenceOf(failure error) string {
	var fault *rehome.Fault
	if errors.As(failure, &fault) && fault.Server != "" {
		return `the server says "` + fault.Server + `"`
	}
	return failure.Error()
}

// manyUnreached is how often in a row a service that has answered before may be out of reach.
const manyUnreached = 3

// unreached closes a door that nobody answers at. A host that falls silent after it has refused somebody has probably shut this
// machine out: it is left alone.
func (v *visit) unreached(door *doorState, failure error) {
	door.failed++
	switch {
	case door.reached && v.refusedInRun():
		v.stopped = &stopped{
			why:  "the host answers no more after it has refused logins, and may have locked out this machine; nobody else was tried: " + failure.Error(),
			hint: "check from another machine whether the host is up; a lock is often over after 10 to 60 minutes, then run the same command again",
		}
	case !door.reached, door.failed >= manyUnreached:
		door.closed, door.hint = failure.Error(), rehome.HintOf(failure)
	}
}

// refusedInRun reports whether some server has refused somebody in this run.
func (v *visit) refusedInRun() bool {
	for _, attempts := range v.history.attempts {
		for _, a := range attempts {
			if a.Failure && !a.Began.Before(v.runBegan) {
				return true
			}
		}
	}
	return false
}

func (v *visit) add(t Try) { v.account.Logins = append(v.account.Logins, t) }

func tryOf(a ledger.Login, kept bool) Try {
	return Try{Protocol: Protocol(a.Protocol), Host: a.Host, Result: Result(a.Result), Sentence: a.Sentence, NextStep: a.NextStep,
		Tried: a.Began.UTC().Truncate(time.Second), Kept: kept}
}

// nextStep says what helps.
func nextStep(result Result, protocol Protocol, failure error) string {
	switch result {
	case Refused:
		return "check that the account exists and has the password of accounts.csv: somebody may have changed it; " +
			"a new password goes into the roster as DestinationPassword"
	case Expired:
		return "have the password changed in the webmail, or set it so that it need not be; then add the new one in the roster as DestinationPassword"
	case SecondFactor:
		return "create an app password for this account and add it in the roster as DestinationPassword, or switch on the second factor after the move"
	case Forbidden:
		return "ask the destination's administrator to enable " + string(protocol) + " for this account"
	case Temporary:
		return "run the same command again later; if it stays so, ask the destination's administrator"
	case NotOffered:
		return "ask the destination's administrator whether this service accepts logins at this address"
	case Unreachable:
		return rehome.HintOf(failure)
	case Unclear:
		return "ask the destination's administrator what the server's log says"
	}
	return ""
}
