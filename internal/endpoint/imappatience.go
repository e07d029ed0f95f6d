// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"rehome/internal/protocol/imap"
)

// asksForPatience reports whether a refusal means that we are too fast for the host, and how long it
// wants to be left alone. LIMIT and INUSE (RFC 5530) say so only while connecting and logging in:
// later they are about one message or one mailbox.
func asksForPatience(status *imap.StatusError) (pause time.Duration, slower bool) {
	text := strings.ToLower(status.Text)
	entering := status.Kind == "BYE" || status.Command == "connect" || strings.HasPrefix(status.Command, "AUTHENTICATE") || status.Command == "LOGIN"
	switch {
	case perUser(text):
		return 0, false // the account's own limit, see learnLimit
	case status.Code == "THROTTLED",
		entering && (status.Code == "LIMIT" || status.Code == "INUSE" || status.Code == "UNAVAILABLE"),
		strings.Contains(text, "throttl"), strings.Contains(text, "backoff time"),
		strings.Contains(text, "too many connections"), strings.Contains(text, "too many simultaneous"),
		strings.Contains(text, "maximum number of connections"):
		return min(backOff(text), longestPause), true
	}
	return 0, false
}

// perUser recognises a limit on the connections of one account, as Dovecot (mail_max_userip_connections),
// Courier and Gmail word it.
func perUser(text string) bool {
	ofOne := strings.Contains(text, "from user") || strings.Contains(text, "per user") || strings.Contains(text, "for user")
	return strings.Contains(text, "connections") && ofOne ||
		strings.Contains(text, "too many simultaneous connections") && strings.Contains(text, "account")
}

var backOffTime = regexp.MustCompile(`back-?off time:? *([0-9]{1,9}) *(milliseconds|ms|seconds|s)?\b`)

// backOff reads Exchange's "Suggested Backoff Time: 299961 milliseconds"; milliseconds are meant where
// no unit follows.
func backOff(text string) time.Duration {
	found := backOffTime.FindStringSubmatch(text)
	if found == nil {
		return usualPause
	}
	number, err := strconv.Atoi(found[1])
	if err != nil {
		return usualPause
	}
	if strings.HasPrefix(found[2], "s") {
		return time.Duration(number) * time.Second
	}
	return time.Duration(number) * time.Millisecond
}
