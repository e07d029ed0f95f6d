// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"fmt"
	"time"

	"rehome/internal/ledger"
)

// history is what was tried before, by account.
type history struct {
	differ   func(a, b string) bool
	attempts map[string][]ledger.Login // the last of each protocol and credential, in their order
}

func newHistory(last []ledger.Login, differ func(a, b string) bool) history {
	h := history{differ: differ, attempts: map[string][]ledger.Login{}}
	for _, a := range last {
		h.attempts[a.Address] = append(h.attempts[a.Address], a)
	}
	return h
}

// note adds an attempt of this run.
func (h history) note(a ledger.Login) { h.attempts[a.Address] = append(h.attempts[a.Address], a) }

// lastOf returns the last attempt of an account by a protocol with this very credential.
func (h history) lastOf(address string, protocol Protocol, print string) (last ledger.Login, known bool) {
	for _, a := range h.attempts[address] {
		if a.Protocol == string(protocol) && a.Credential == print {
			last, known = a, true
		}
	}
	return last, known
}

// refusal returns the attempt by which a server has refused a credential, unless one has accepted it too: then the password is
// right, and it is the service that is shut. A credential that is not known to be another one counts as the same.
func (h history) refusal(address, print string, since time.Time) (refused ledger.Login, found bool) {
	for _, a := range h.attempts[address] {
		switch {
		case h.differ(a.Credential, print), a.Began.Before(since):
		case Result(a.Result) == Accepted:
			return ledger.Login{}, false
		case Result(a.Result).refusesPassword() && !found:
			refused, found = a, true
		}
	}
	return refused, found
}

// decision is what is done about one protocol of one account.
type decision struct {
	try  bool
	kept *ledger.Login // the answer of an earlier run stands
	why  string        // neither
	hint string
}

// decide is pure. needed says that a session is wanted whatever is known of the log-in; begun is when this run began.
func decide(c Candidate, door *doorState, h history, o Options, needed bool, begun time.Time) decision {
	last, known := h.lastOf(c.Address, door.Protocol, c.Print)
	if last.Host != door.Host {
		known = false // it was another server
	}
	since := time.Time{}
	if o.RetryRefused {
		since = begun // what this run has seen counts all the same
	}
	refused, isRefused := h.refusal(c.Address, c.Print, since)
	own := known && Result(last.Result).refusesPassword() && !last.Began.Before(since) // by this service itself
	switch {
	case c.DestinationPassword.Empty():
		return decision{why: "no password is known", hint: noPasswordHint}
	case known && Result(last.Result) == Accepted && !o.Again && !needed:
		return decision{kept: &last}
	case own:
		return decision{kept: &last}
	case isRefused:
		return decision{why: fmt.Sprintf("this password was refused by %s before, and is not offered again", refused.Protocol),
			hint: "mend the login by " + refused.Protocol + " first, or use --retry-refused"}
	case door.closed != "":
		return decision{why: door.closed, hint: door.hint}
	}
	return decision{try: true}
}

const noPasswordHint = `run "rehome accounts export" and import its accounts.csv, or add a DestinationPassword in the roster`
