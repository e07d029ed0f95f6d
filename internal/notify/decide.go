// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"strings"

	"rehome/internal/ledger"
)

// judge says what is known of a message by what the ledger has of it; nil is nothing. It may only be asked while no other run sends:
// then a message that is in the midst of being sent was left there by one that was cut off.
func judge(n *ledger.Notice, digest string) State {
	switch {
	case n == nil:
		return NotPreviewed
	case n.State == ledger.NoticeSent:
		return Sent
	case n.State == ledger.NoticeCommitting:
		return Unknown
	case n.State == ledger.NoticeRefused:
		return Refused
	case n.State == ledger.NoticeBounced:
		return Bounced
	case n.Digest != digest:
		return Changed
	case n.State == ledger.NoticeDeferred:
		return Deferred
	}
	return Ready // shown; or begun with by a run that was cut off before the end of the message
}

// goes reports whether a message in this state is sent.
func (o Options) goes(state State, n *ledger.Notice, digest string) bool {
	switch state {
	case Ready, Deferred:
		return true
	case Refused, Bounced:
		return o.Refused && n.Digest == digest
	case Sent:
		return o.Again && n.Digest == digest
	}
	return false
}

// explain adds who can mend a state, and how.
func (r *Result) explain() {
	domain := r.Account[strings.LastIndexByte(r.Account, '@')+1:]
	switch r.State {
	case Unknown:
		r.Who = "you"
		r.NextStep = "look for " + r.MessageID + " in the log of the sending server or in the mailbox; then run \"rehome clients notify\" with --arrived " +
			r.Account + " or with --lost " + r.Account
	case Refused, Bounced:
		r.Who, r.NextStep = mender(r.Words, domain)
		r.NextStep += "; then send it again with --retry-refused"
	case Deferred:
		r.Who, r.NextStep = "the administrator of the sending server", "run the same command again later"
	case Changed:
		r.Who, r.NextStep = "you", "look at it once more: run \"rehome clients notify\" without --send"
	case NotPreviewed:
		r.Who, r.NextStep = "you", "look at it first: run \"rehome clients notify\" without --send"
	case NotTried:
		r.Who, r.NextStep = "you", "run the same command again"
	}
}

// mender says who can mend a refusal, by its enhanced status code (RFC 3463) where it has one.
func mender(words, domain string) (who, next string) {
	switch {
	case hasCode(words, "1.1", "1.2", "1.3", "1.6", "1.10"):
		return "the administrator of " + domain, "check that the address receives mail where " + domain + " is delivered now"
	case hasCode(words, "2.1"):
		return "the administrator of " + domain, "switch the mailbox on, or tell the user in another way"
	case hasCode(words, "2.2", "2.3"):
		return "the user, or the administrator of " + domain, "make room in the mailbox, or raise its limit"
	case hasCode(words, "3.4"):
		return "the administrator of " + domain, "have messages of this size accepted"
	case hasCode(words, "4.1", "4.4", "4.6", "4.7"):
		return "the administrator of " + domain, "find out why the mail server of " + domain + " cannot be reached"
	case hasCode(words, "7.1", "7.0", "6.0", "7.26", "7.25", "7.23"):
		return "the administrator of the server that says so", "have the sender of these messages accepted"
	}
	return "the administrator of the server that says so", "ask for the reason with its words"
}

// hasCode reports whether one of the words is an enhanced code with one of these details.
func hasCode(words string, details ...string) bool {
	for word := range strings.FieldsSeq(words) {
		class, detail, found := strings.Cut(strings.Trim(word, "#<>()[]:;,"), ".")
		if !found || class != "5" && class != "4" {
			continue
		}
		for _, one := range details {
			if detail == one {
				return true
			}
		}
	}
	return false
}
