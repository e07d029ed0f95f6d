// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rehome"
	"rehome/internal/maillog"
	"rehome/internal/people"
)

// POPLog is what logs tell of who polls by POP3.
type POPLog struct {
	Names []string        `json:"-"` // who has logged in: addresses, or names where the log has no domain; sorted
	Read  maillog.Summary `json:"read"`
}

// ReadPOPLog reads who polls by POP3 from the logs of the source, plain or compressed. Without paths nothing is known, and
// it returns nil. Logs that tell of no log-in at all, or cannot be read to their end, are an error: that a log does not
// say who polls does not mean that nobody does.
func ReadPOPLog(ctx context.Context, paths []string) (*POPLog, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	users := map[string]bool{}
	read, err := maillog.Read(ctx, paths, func(event maillog.Event) {
		if event.Kind == maillog.POPLogin {
			users[event.Names[0]] = true
		}
	})
	if err != nil {
		return nil, err
	}
	fault := &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: "the logs of POP3"}
	switch {
	case !read.Complete():
		fault.Cause = errors.New(read.Unread[0])
		fault.Hint = "name only logs of the server that people fetch mail from, and make them readable"
		return nil, fault
	case read.Logins == 0:
		fault.Cause = fmt.Errorf("none of the lines (%d) tells of any login, so who polls is not known", read.Lines)
		fault.Hint = "name the log in which Dovecot, Courier or Cyrus writes logins, or leave --pop-log out to list all who may use POP3"
		return nil, fault
	}
	log := &POPLog{Names: []string{}, Read: read}
	for user := range users {
		log.Names = append(log.Names, user)
	}
	slices.Sort(log.Names)
	return log, nil
}

// Days returns how many days the logs cover, from the first to the last line that has a time; those between may be missing.
func (l *POPLog) Days() int {
	var from, to time.Time
	for _, one := range l.Read.Each {
		if from.IsZero() || !one.From.IsZero() && one.From.Before(from) {
			from = one.From
		}
		if one.To.After(to) {
			to = one.To
		}
	}
	if from.IsZero() {
		return 0
	}
	return int(to.Sub(from).Hours()/24) + 1
}

// popUser is an account that may poll by POP3.
type popUser struct{ address, evidence string }

// popUsers are those who are known to poll or, where nothing is known, all who may; and the names in the log that are of
// no account, or may be of several.
func popUsers(accounts []rehome.Account, log *POPLog) (users []popUser, strangers []string) {
	strangers = []string{}
	if log == nil {
		for _, account := range accounts {
			if account.Services.POP3 {
				users = append(users, popUser{account.Address, "may use POP3; not known whether it does"})
			}
		}
		return users, strangers
	}
	names := people.NamesOf(accounts)
	polls := map[string]bool{}
	for _, name := range log.Names {
		if address, ok := names.Of(name); ok {
			polls[address] = true
		} else {
			strangers = append(strangers, name)
		}
	}
	for _, account := range accounts {
		if polls[account.Address] {
			users = append(users, popUser{account.Address, "uses POP3, according to the source's log"})
		}
	}
	return users, strangers
}
