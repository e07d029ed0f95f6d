// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"errors"
	"net/http"
	"strings"

	"rehome"
	"rehome/internal/people"
	"rehome/internal/protocol/dav"
	"rehome/internal/protocol/imap"
	"rehome/internal/protocol/managesieve"
	"rehome/internal/protocol/pop3"
	"rehome/internal/protocol/submission"
)

// verdict is what an attempt that did not succeed has shown.
type verdict struct {
	result Result
	sent   bool   // the password went out, or may have: a host may count it
	words  string // the server's own, "" if it said nothing
}

// answer is what the clients' errors have in common.
type answer struct {
	sent, said bool   // the password went out; the server has spoken
	code       string // in the word of the protocol: AUTHENTICATIONFAILED, AUTH, 5.7.8, 401
	words      string
	verdict    Result // what the code or the kind of answer means, "" if it says nothing
	hides      bool   // the mechanism hides the password: a refusal may be of the kind of hash
}

// judge says what a failed attempt means. Codes come before words, except where words say more.
func judge(err error) verdict {
	a := read(err)
	v := verdict{result: a.verdict, sent: a.sent, words: a.words}
	if !a.said {
		if v.result == "" {
			v.sent = duringLogin(err)
			v.result = unclearIf(v.sent)
		}
		return v
	}
	lower := strings.ToLower(a.words)
	switch {
	case a.verdict == Temporary && a.code != "", strings.Contains(lower, "lock") && says(lower, []string{"maildrop", "mailbox"}):
		v.result = Temporary // that of a mailbox is no lock-out (RFC 1939, section 8)
	case a.verdict == LockedOut:
		v.result = LockedOut
	case a.sent && people.WantsSecondFactor(a.words): // before the words of a lock: what a password has to be is a policy, too
		v.result = SecondFactor
	case a.sent && (a.verdict == Expired || says(lower, expiredWords)):
		v.result = Expired
	case says(lower, lockWords):
		v.result = LockedOut
	case !a.sent: // it was turned away before anybody was asked who it is
		if a.verdict == "" {
			v.result = Unreachable
		}
	case a.verdict == Refused && says(lower, disabledWords):
		v.result = Forbidden
	case a.verdict == Refused && a.hides:
		v.result = Unclear
	case a.verdict != "":
	case says(lower, temporaryWords):
		v.result = Temporary
	case says(lower, disabledWords):
		v.result = Forbidden
	case says(lower, refusedWords):
		v.result = Refused
	default:
		v.result = Unclear
	}
	return v
}

// duringLogin reports whether a connection ended behind the point where the password may have gone out.
func duringLogin(err error) bool {
	var fault *rehome.Fault
	return errors.As(err, &fault) && strings.HasPrefix(fault.Op, "log in")
}

// The words by which servers are known to say it.
var (
	lockWords = []string{"too many", "blocked", "banned", "blacklist", "blocklist", "block list", "denylist", "rate limit", "ratelimit",
		"locked", "lockout", "brute", "suspicious", "abuse", "policy"}
	expiredWords = []string{"expired", "must change", "must be changed", "change your password", "change password", "password change",
		"has to be changed", "needs to be changed"}
	disabledWords  = []string{"disabled", "suspended", "deactivated", "not enabled", "not allowed", "not permitted", "no permission"}
	temporaryWords = []string{"temporar", "try again", "try later", "internal", "unavailable", "in use", "busy", "maintenance", "system error"}
	refusedWords   = []string{"authentication fail", "authentication error", "login failed", "login incorrect", "log in failed", "auth failed",
		"invalid", "incorrect", "bad password", "wrong password", "credentials", "password supplied", "authorization failed"}
)

func says(lower string, words []string) bool {
	for _, word := range words {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}

// read reads the error of whichever client it is.
func read(err error) answer {
	for _, read := range []func(error) (answer, bool){readIMAP, readPOP3, readSubmission, readSieve, readDAV} {
		if a, known := read(err); known {
			return a
		}
	}
	return answer{}
}

// readIMAP: the codes of RFC 5530. A NO without a code refuses name or password (RFC 9051, sections 6.2.2 and 6.2.3).
func readIMAP(err error) (a answer, known bool) {
	var lost *imap.ConnectionError
	var missing *imap.UnsupportedError
	var status *imap.StatusError
	switch {
	case errors.As(err, &status):
	case errors.As(err, &missing):
		return answer{verdict: NotOffered}, true
	case errors.As(err, &lost):
		sent := isLogin(lost.Command)
		return answer{sent: sent, verdict: unclearIf(sent)}, true
	default:
		return answer{}, false
	}
	a = answer{sent: isLogin(status.Command), said: true, code: status.Code, words: status.Text}
	a.hides = strings.Contains(status.Command, "SCRAM") || strings.Contains(status.Command, "CRAM-MD5")
	switch status.Code {
	case "AUTHENTICATIONFAILED":
		a.verdict = Refused
	case "AUTHORIZATIONFAILED", "CONTACTADMIN", "NOPERM":
		a.verdict = Forbidden
	case "EXPIRED":
		a.verdict = Expired
	case "UNAVAILABLE", "INUSE", "SERVERBUG":
		a.verdict = Temporary
	case "LIMIT", "THROTTLED":
		a.verdict = LockedOut
	case "PRIVACYREQUIRED":
		a.verdict, a.sent, a.said = NotOffered, false, false
	case "":
		if a.sent && status.Kind == "NO" && !says(strings.ToLower(status.Text), temporaryWords) {
			a.verdict = Refused
		}
	}
	return a, true
}

func isLogin(command string) bool {
	return command == "LOGIN" || strings.HasPrefix(command, "AUTHENTICATE")
}

func unclearIf(sent bool) Result {
	if sent {
		return Unclear
	}
	return Unreachable
}

// readPOP3: the codes of RFC 2449 and RFC 3206. An -ERR without a code may mean anything (RFC 1939, section 7).
func readPOP3(err error) (answer, bool) {
	var status *pop3.StatusError
	if !errors.As(err, &status) {
		return answer{}, false
	}
	if status.Unsent {
		return answer{verdict: NotOffered}, true
	}
	a := answer{said: true, code: status.Code, words: status.Text, hides: status.Command == pop3.MechanismAPOP}
	a.sent = status.Command == "PASS" || status.Command == "AUTH" || status.Command == "USER" || a.hides
	switch {
	case pop3.IsCode(err, pop3.CodeAuth):
		a.verdict = Refused
	case pop3.IsCode(err, pop3.CodeSysTemp), pop3.IsCode(err, pop3.CodeInUse), pop3.IsCode(err, pop3.CodeLoginDelay):
		a.verdict = Temporary
	case pop3.IsCode(err, pop3.CodeSysPerm):
		a.verdict = Unclear // somebody has to mend it, and nobody says what
	}
	return a, true
}

// readSubmission: RFC 4954, section 6, and RFC 3463; 421 closes the service for us (RFC 5321, section 3.8).
func readSubmission(err error) (answer, bool) {
	var status *submission.StatusError
	if !errors.As(err, &status) {
		return answer{}, false
	}
	if status.Unsent {
		return answer{verdict: NotOffered}, true
	}
	a := answer{said: true, code: status.Enhanced, words: status.Text, sent: status.Command == "AUTH"}
	switch {
	case status.Code == 421:
		a.verdict = LockedOut
	case !a.sent:
	case status.Temporary() && status.Has("7.12"), status.Code == 432: // the password has to be changed in another way first
		a.verdict = Expired
	case status.Temporary():
		a.verdict = Temporary
	case status.Has("7.13"):
		a.verdict = Forbidden
	case status.Code == 535, status.Has("7.8"):
		a.verdict = Refused
	case status.Code == 534, status.Code == 538, status.Code == 504:
		a.verdict = NotOffered
	}
	return a, true
}

// readSieve: RFC 5804, section 1.3. A NO to AUTHENTICATE refuses name or password.
func readSieve(err error) (answer, bool) {
	var status *managesieve.StatusError
	if !errors.As(err, &status) {
		return answer{}, false
	}
	a := answer{said: true, code: status.Code, words: status.Text, sent: status.Command == "AUTHENTICATE"}
	switch {
	case status.Code == "TRYLATER":
		a.verdict = Temporary
	case strings.HasPrefix(status.Text, "the server does not offer"):
		return answer{verdict: NotOffered}, true
	case a.sent && status.Kind == "NO" && !says(strings.ToLower(status.Text), temporaryWords):
		a.verdict = Refused
	}
	return a, true
}

// readDAV: RFC 9110, section 15.
func readDAV(err error) (answer, bool) {
	var status *dav.StatusError
	var login *dav.AuthError
	var missing *dav.NotOfferedError
	switch {
	case errors.As(err, &status):
	case errors.As(err, &login), errors.As(err, &missing):
		return answer{verdict: NotOffered}, true
	default:
		return answer{}, false
	}
	a := answer{said: true, sent: true, words: status.Text}
	switch code := status.Status; {
	case code == http.StatusUnauthorized:
		a.verdict = Refused
	case code == http.StatusForbidden:
		a.verdict = Forbidden
	case code == http.StatusTooManyRequests:
		a.verdict = LockedOut
	case code >= 500:
		a.verdict = Temporary
	default:
		a.verdict = Unclear
	}
	return a, true
}
