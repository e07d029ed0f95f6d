// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"rehome"
	"rehome/internal/maillog"
	"rehome/internal/people"
)

// POPLog is what logs tell of who polls by POP3.
type POPLog struct {
	Polls []Poll          `json:"-"`          // who has logged in, sorted by name
	Own   int             `json:"own_logins"` // lines about logins that may be rehome's own, which are not counted as anybody's
	Read  maillog.Summary `json:"read"`
}

// Poll is what logs tell of one name.
type Poll struct {
	Name   string    // an address, or a name where the log has no domain
	Logins int       // that the logs have
	Last   time.Time // of them; zero if it is not known
}

// ReadPOPLog reads who polls by POP3 from the logs of the source, plain or compressed. Without paths nothing is known, and
// it returns nil. Logs that tell of no log-in at all, or cannot be read to their end, are an error: that a log does not
// say who polls does not mean that nobody does. own, which may be nil, tells whether a log-in may be our own.
func ReadPOPLog(ctx context.Context, paths []string, own func(maillog.Event) bool) (*POPLog, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	polls, ours := map[string]Poll{}, 0
	read, err := maillog.Read(ctx, paths, func(event maillog.Event) {
		switch {
		case event.Kind != maillog.POPLogin:
		case own != nil && own(event):
			ours++
		default:
			name := event.Names[0]
			polls[name] = polls[name].and(Poll{Name: name, Logins: 1, Last: event.When})
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
	polled := slices.SortedFunc(maps.Values(polls), func(a, b Poll) int { return strings.Compare(a.Name, b.Name) })
	return &POPLog{Polls: polled, Own: ours, Read: read}, nil
}

// and adds what else is known of the same user.
func (p Poll) and(other Poll) Poll {
	sum := Poll{Name: other.Name, Logins: p.Logins + other.Logins, Last: p.Last}
	if other.Last.After(sum.Last) {
		sum.Last = other.Last
	}
	return sum
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
type popUser struct {
	address, evidence string
	poll              Poll
}

const (
	evidentlyPolls = "uses POP3, according to the source's log"
	mayPoll        = "may use POP3; not known whether it does"
)

// popUsers are those who are known to poll or, where nothing is known, all who may, with what was seen of them earlier, by address; and
// the names in the log that are of no account, or may be of several.
func popUsers(accounts []rehome.Account, log *POPLog, seen map[string]time.Time) (users []popUser, strangers []string) {
	strangers = []string{}
	if log == nil {
		for _, account := range accounts {
			last, polls := seen[account.Address]
			switch {
			case polls:
				users = append(users, popUser{account.Address, evidentlyPolls, Poll{Last: last}})
			case account.Services.POP3:
				users = append(users, popUser{address: account.Address, evidence: mayPoll})
			}
		}
		return users, strangers
	}
	names := people.NamesOf(accounts)
	polls := map[string]Poll{}
	for _, poll := range log.Polls {
		if address, ok := names.Of(poll.Name); ok {
			polls[address] = polls[address].and(poll)
		} else {
			strangers = append(strangers, poll.Name)
		}
	}
	for _, account := range accounts {
		if poll, ok := polls[account.Address]; ok {
			users = append(users, popUser{account.Address, evidentlyPolls, poll})
		}
	}
	return users, strangers
}

// POPUsers are the accounts that the list of POP3 users has, in its order: those whose maildrops are worth looking at.
func POPUsers(accounts []rehome.Account, log *POPLog, seen map[string]time.Time) (some []rehome.Account) {
	users, _ := popUsers(accounts, log, seen)
	for _, account := range accounts {
		if len(users) > 0 && users[0].address == account.Address {
			some, users = append(some, account), users[1:]
		}
	}
	return some
}

// columns are what the list says of the user's habits: the last day on which it polled (UTC), and how often the logs show it.
func (u popUser) columns() []string {
	last, logins := "", ""
	if !u.poll.Last.IsZero() {
		last = u.poll.Last.UTC().Format(time.DateOnly)
	}
	if u.poll.Logins > 0 {
		logins = strconv.Itoa(u.poll.Logins)
	}
	return []string{last, logins}
}
