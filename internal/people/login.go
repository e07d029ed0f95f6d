// SPDX-License-Identifier: Apache-2.0

package people

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// LoginOptions say how real log-ins are made.
type LoginOptions struct {
	Sides    []rehome.Side // nil is both
	Accounts Choice
	Pause    time.Duration // between two log-ins at one host
	Observe  func(side rehome.Side, account string)
}

// Login is what one real log-in has shown.
type Login struct {
	Result   LoginResult `json:"verdict"`
	Sentence string      `json:"sentence,omitempty"`
	NextStep string      `json:"next_step,omitempty"`
	Used     int64       `json:"used_bytes,omitempty"` // only where the server tells
	Limit    int64       `json:"limit_bytes,omitempty"`
}

// LoginResult sums up a log-in.
type LoginResult string

// The results.
const (
	LoginWorks        LoginResult = "works"
	LoginRefused      LoginResult = "refused"
	LoginSecondFactor LoginResult = "second_factor"
	LoginUnreachable  LoginResult = "unreachable"
	LoginNotTried     LoginResult = "not_tried"
)

// refusalsInARow is how many log-ins a host may refuse one after the other before it is left alone: hosts
// lock out those who guess.
const refusalsInARow = 3

// Host is where log-ins are tried.
type Host interface {
	// LogIn opens the account and closes it again. How much room there is, is told where the server tells.
	LogIn(ctx context.Context, account rehome.Account) (room Space, err error)
	// OpensAll reports whether a master user or a token opens every account, without a password of its own.
	OpensAll() bool
}

// Space is how full an account is, in octets; zeros are not known.
type Space struct{ Used, Limit int64 }

// IMAPHost tries log-ins at an IMAP service.
type IMAPHost struct{ *endpoint.IMAP }

var _ Host = IMAPHost{}

// LogIn opens the account and asks for its quota. A server without quotas says so by an error of its own; the log-in has
// worked all the same.
func (h IMAPHost) LogIn(ctx context.Context, account rehome.Account) (Space, error) {
	session, err := h.Open(ctx, account)
	if err != nil {
		return Space{}, err
	}
	defer session.Close()
	if quota, known, err := session.QuotaOf(ctx, "INBOX"); err == nil && known {
		return Space{Used: quota.Used, Limit: quota.Limit}, nil
	}
	return Space{}, nil
}

// OpensAll reports whether the service is opened by a master user or a token.
func (h IMAPHost) OpensAll() bool {
	settings := h.Settings()
	return settings.MasterUser != "" || settings.Token != nil
}

// On reports whether log-ins are made at a side.
func (o LoginOptions) On(side rehome.Side) bool {
	return len(o.Sides) == 0 || slices.Contains(o.Sides, side)
}

// Note writes what came of log-ins at a side into the rows of those who were tried.
func (p AccessPlan) Note(side rehome.Side, logins map[string]Login) {
	for i := range p.Accounts {
		login, tried := logins[p.Accounts[i].Account]
		if !tried {
			continue
		}
		if side == rehome.Source {
			p.Accounts[i].SourceLogin = &login
		} else {
			p.Accounts[i].DestinationLogin = &login
		}
	}
}

// LogIns tries each account once at one host, one after the other, by address. What a host says about one account is no
// error; the error is the context's.
func LogIns(ctx context.Context, host Host, side rehome.Side, accounts []rehome.Account, options LoginOptions) (map[string]Login, error) {
	series := &series{host: host, side: side, pause: options.Pause}
	results := map[string]Login{}
	for _, account := range accounts {
		if options.Observe != nil {
			options.Observe(side, account.Address)
		}
		results[account.Address] = series.try(ctx, account)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// series is a row of log-ins at one host. It is where the one lock-out rule lives: a host that refuses some in a row, or
// turns away for another reason, is asked nothing more, and whoever is left was not tried.
type series struct {
	host  Host
	side  rehome.Side
	pause time.Duration

	begun   bool
	refused int    // in a row
	stopped string // why no more are tried
}

func (s *series) try(ctx context.Context, account rehome.Account) Login {
	if reason := s.untried(account); reason != "" {
		return Login{Result: LoginNotTried, Sentence: reason}
	}
	if s.begun {
		select {
		case <-time.After(s.pause):
		case <-ctx.Done():
			return Login{Result: LoginNotTried, Sentence: "interrupted"}
		}
	}
	s.begun = true
	room, err := s.host.LogIn(ctx, account)
	if err != nil {
		return s.failed(err)
	}
	s.refused = 0
	return Login{Result: LoginWorks, Used: room.Used, Limit: room.Limit}
}

// untried says why a log-in would be a guess, or a nuisance.
func (s *series) untried(account rehome.Account) string {
	switch {
	case s.stopped != "":
		return s.stopped
	case s.host.OpensAll():
		return ""
	case s.side == rehome.Source && !account.Services.IMAP:
		return "its group switches IMAP off"
	case s.side == rehome.Source && account.Disabled:
		return "it is disabled at the source"
	case s.side == rehome.Source && account.SourcePassword.Empty(), s.side == rehome.Destination && account.DestinationPassword.Empty():
		return "no password is known"
	}
	return ""
}

// failed judges a log-in that did not come about, and whether the host shall be left alone.
func (s *series) failed(err error) Login {
	login := Login{Result: LoginUnreachable, Sentence: err.Error(), NextStep: rehome.HintOf(err)}
	switch rehome.ClassOf(err) {
	case rehome.ClassAuth:
		login.Result = LoginRefused
		if wantsSecondFactor(err) {
			login.Result = LoginSecondFactor
			login.NextStep = "create an app password for this account at the " + string(s.side) +
				" and add it in the roster, or switch on the second factor after the move"
		}
		if s.refused++; s.refused >= refusalsInARow {
			s.stopped = fmt.Sprintf("the host refused %d logins in a row, and might lock out this machine", refusalsInARow)
		}
	default:
		s.stopped = "the host asked us to stop: " + err.Error()
	}
	return login
}

// secondFactorWords are those by which servers are known to say it.
var secondFactorWords = []string{
	"second factor", "two-factor", "2fa", "app password", "application-specific", "app-specific", "application specific", "multi-factor", "mfa",
}

// wantsSecondFactor reads the server's words: no response code says it (RFC 5530 has none).
func wantsSecondFactor(err error) bool {
	var status *imap.StatusError
	words := err.Error()
	if errors.As(err, &status) {
		words = status.Text
	}
	return WantsSecondFactor(words)
}

// WantsSecondFactor reports whether a server's words ask for a second factor, or for a password of its own for programs.
func WantsSecondFactor(words string) bool {
	words = strings.ToLower(words)
	for _, sign := range secondFactorWords {
		if strings.Contains(words, sign) {
			return true
		}
	}
	return false
}
