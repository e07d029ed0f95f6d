// SPDX-License-Identifier: Apache-2.0

package journey

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
	Accounts []string      // nil is all
	Pause    time.Duration // between two log-ins at one host
	Observe  func(side rehome.Side, account string)
}

// Login is what one real log-in has shown.
type Login struct {
	Verdict  LoginVerdict `json:"verdict"`
	Sentence string       `json:"sentence,omitempty"`
	NextStep string       `json:"next_step,omitempty"`
	Used     int64        `json:"used_bytes,omitempty"` // only where the server tells
	Limit    int64        `json:"limit_bytes,omitempty"`
}

// LoginVerdict sums up a log-in.
type LoginVerdict string

// The verdicts.
const (
	LoginWorks        LoginVerdict = "works"
	LoginRefused      LoginVerdict = "refused"
	LoginSecondFactor LoginVerdict = "second_factor"
	LoginUnreachable  LoginVerdict = "unreachable"
	LoginNotTried     LoginVerdict = "not_tried"
)

// refusalsInARow is how many log-ins a host may refuse one after the other before it is left alone: hosts
// lock out those who guess.
const refusalsInARow = 3

// logInAll tries each account once at each end, one after the other, and writes what came of it into the
// rows. What a host says about one account is no error.
func (m *Move) logInAll(ctx context.Context, p *people, rows []AccessRow, options LoginOptions) error {
	accounts, err := p.only(options.Accounts)
	if err != nil {
		return err
	}
	for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
		if len(options.Sides) > 0 && !slices.Contains(options.Sides, side) {
			continue
		}
		results, err := m.logIns(ctx, side, accounts, options)
		if err != nil {
			return err
		}
		for i := range rows {
			result, tried := results[rows[i].Account]
			if !tried {
				continue
			}
			if side == rehome.Source {
				rows[i].SourceLogin = &result
			} else {
				rows[i].DestinationLogin = &result
			}
		}
	}
	return nil
}

// logIns tries the accounts at one end.
func (m *Move) logIns(ctx context.Context, side rehome.Side, accounts []rehome.Account, options LoginOptions) (map[string]Login, error) {
	host, err := m.end(ctx, side, nil)
	if err != nil {
		return nil, err
	}
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

// series is a row of log-ins at one host.
type series struct {
	host  *endpoint.IMAP
	side  rehome.Side
	pause time.Duration

	begun   bool
	refused int    // in a row
	stopped string // why no more are tried
}

func (s *series) try(ctx context.Context, account rehome.Account) Login {
	if reason := s.untried(account); reason != "" {
		return Login{Verdict: LoginNotTried, Sentence: reason}
	}
	if s.begun {
		select {
		case <-time.After(s.pause):
		case <-ctx.Done():
			return Login{Verdict: LoginNotTried, Sentence: "interrupted"}
		}
	}
	s.begun = true
	session, err := s.host.Open(ctx, account)
	if err != nil {
		return s.failed(err)
	}
	defer session.Close()
	s.refused = 0
	login := Login{Verdict: LoginWorks}
	// A server without quotas says so by an error of its own; the log-in has worked all the same.
	if quota, known, err := session.QuotaOf(ctx, "INBOX"); err == nil && known {
		login.Used, login.Limit = quota.Used, quota.Limit
	}
	return login
}

// untried says why a log-in would be a guess, or a nuisance.
func (s *series) untried(account rehome.Account) string {
	settings := s.host.Settings()
	all := settings.MasterUser != "" || settings.Token != nil
	switch {
	case s.stopped != "":
		return s.stopped
	case all:
		return ""
	case s.side == rehome.Source && !account.Services.IMAP:
		return "its group switches IMAP off"
	case s.side == rehome.Source && account.Disabled:
		return "the source has disabled it"
	case s.side == rehome.Source && account.SourcePassword.Empty(), s.side == rehome.Destination && account.DestinationPassword.Empty():
		return "no password is known"
	}
	return ""
}

// failed judges a log-in that did not come about, and whether the host shall be left alone.
func (s *series) failed(err error) Login {
	login := Login{Verdict: LoginUnreachable, Sentence: err.Error(), NextStep: rehome.HintOf(err)}
	switch rehome.ClassOf(err) {
	case rehome.ClassAuth:
		login.Verdict = LoginRefused
		if wantsSecondFactor(err) {
			login.Verdict = LoginSecondFactor
			login.NextStep = "make an app password for this account at the " + string(s.side) + " and give it in the roster, or switch the second factor on after the move"
		}
		if s.refused++; s.refused >= refusalsInARow {
			s.stopped = fmt.Sprintf("the host refused %d log-ins one after the other, and would lock this machine out", refusalsInARow)
		}
	default:
		s.stopped = "the host turned away: " + err.Error()
	}
	return login
}

// wantsSecondFactor reads the server's words: no response code says it (RFC 5530 has none).
func wantsSecondFactor(err error) bool {
	var status *imap.StatusError
	words := err.Error()
	if errors.As(err, &status) {
		words = status.Text
	}
	words = strings.ToLower(words)
	for _, sign := range []string{"second factor", "two-factor", "2fa", "app password", "application-specific", "app-specific", "application specific", "multi-factor", "mfa"} {
		if strings.Contains(words, sign) {
			return true
		}
	}
	return false
}
