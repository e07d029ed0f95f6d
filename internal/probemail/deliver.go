// SPDX-License-Identifier: Apache-2.0

package probemail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/submission"
)

// The times between two rounds of asking, for hosts that ask to wait: greylisting lets in who comes back after a minute or five.
const (
	firstRetry   = 15 * time.Second
	longestRetry = 2 * time.Minute
)

// answer is what one attempt has shown.
type answer struct {
	host  string
	words string // the server's own, or what kept us from asking
	hint  string
	kind  State // Taken, Unclear, Refused, NoLogin or Delayed
}

// deliver has a host take the message, for a bounded time.
func (s *sending) deliver(ctx context.Context) error {
	end := time.Now().Add(s.Wait)
	for pause := firstRetry; ; pause = min(2*pause, longestRetry) {
		a := s.round(ctx)
		s.row.Host, s.row.Words = a.host, a.words
		switch {
		case a.kind == Taken, a.kind == Unclear:
			return errors.Join(s.save(ctx, a.kind, "", ""), s.changed(ctx, ActionSent, "", s.sentWords(a)), ctx.Err())
		case ctx.Err() != nil: // nothing has gone out
			return errors.Join(s.save(ctx, Delayed, "it was interrupted", ""), context.Cause(ctx))
		case a.kind == NoLogin:
			return s.save(ctx, NoLogin, noLogin(s.row), noLoginHint)
		case a.kind == Refused:
			return s.save(ctx, Refused, fmt.Sprintf("%s did not take the message: %s", a.host, a.words),
				cmp.Or(a.hint, "read what the server says, mend it, then run the same command again"))
		case !time.Now().Add(pause).Before(end):
			return s.save(ctx, Delayed, fmt.Sprintf("nobody has taken the message within %s; last %s: %s", s.Wait, a.host, a.words),
				cmp.Or(a.hint, "run the same command again later"))
		}
		s.tell(fmt.Sprintf("%s asks to come back later (%s); trying again in %s", a.host, a.words, pause))
		if err := wait(ctx, pause); err != nil {
			return errors.Join(s.save(ctx, Delayed, "it was interrupted", ""), err)
		}
	}
}

// noLogin says that the account was not let in, and when it is tried again.
func noLogin(row ledger.ProbeMail) string {
	return fmt.Sprintf("%s did not let the account in: %s; it is not asked again before %s, as servers lock out who keeps trying", row.Host, row.Words,
		row.Sent.Add(afterRefusal).UTC().Format("15:04 MST"))
}

const noLoginHint = `find out which password the account has there: "rehome verify --login" tries it`

func (s *sending) sentWords(a answer) string {
	if a.kind == Unclear {
		return s.row.MessageID + " to " + a.host + ", not known to have been taken"
	}
	return s.row.MessageID + " to " + a.host
}

// round asks everybody who may take the message once.
func (s *sending) round(ctx context.Context) answer {
	if s.message.Way == Outward {
		taker, err := s.Submit(ctx, s.message.Account)
		return s.attempt(ctx, "the destination's submission server", s.message.Account, taker, err)
	}
	hosts, err := s.Hosts(ctx, s.message.Domain)
	if err != nil {
		return answer{host: "DNS of " + s.message.Domain, words: err.Error(), hint: rehome.HintOf(err), kind: kindOf(err)}
	}
	last := answer{host: s.message.Domain, words: "DNS names no mail host", kind: Refused}
	for _, host := range hosts {
		for _, address := range host.Addresses {
			taker, err := s.Dial(ctx, host, address)
			a := s.attempt(ctx, host.Name+" ("+address.Addr().String()+")", s.Sender, taker, err)
			if a.kind == Taken || a.kind == Unclear || ctx.Err() != nil || a.kind == Refused && err == nil {
				return a // who has answered for the recipient speaks for all (RFC 5321, section 5.1)
			}
			last = worse(last, a)
		}
	}
	return last
}

// worse keeps a host that may still take the message against one that will not.
func worse(a, b answer) answer {
	if a.kind == Delayed && b.kind == Refused {
		return a
	}
	return b
}

// attempt gives the message to one server, if it could be reached.
func (s *sending) attempt(ctx context.Context, name, from string, taker Taker, err error) answer {
	if err != nil {
		return answer{host: name, words: err.Error(), hint: rehome.HintOf(err), kind: kindOf(err)}
	}
	defer taker.Close()
	reply, err := taker.Send(ctx, from, s.message.Account, octetsOf(cmp.Or(from, s.message.Account), s.message.Account, s.row.MessageID, time.Now()))
	if err == nil {
		return answer{host: name, words: reply, kind: Taken}
	}
	return answer{host: name, words: err.Error(), hint: rehome.HintOf(err), kind: kindOf(err)}
}

// kindOf tells what an error leaves of the message. What a host did not say for good may be otherwise later.
func kindOf(err error) State {
	var uncertain *submission.UncertainError
	var status *submission.StatusError
	switch {
	case errors.As(err, &uncertain):
		return Unclear
	case errors.As(err, &status):
		if status.Temporary() {
			return Delayed
		}
		return Refused
	}
	switch rehome.ClassOf(err) {
	case rehome.ClassAuth:
		return NoLogin
	case rehome.ClassPermanent, rehome.ClassUntrusted, rehome.ClassOperator:
		return Refused
	}
	return Delayed // a connection that broke, a host that is away
}
