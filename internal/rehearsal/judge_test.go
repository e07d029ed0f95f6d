// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"errors"
	"testing"

	"rehome"
	"rehome/internal/protocol/dav"
	"rehome/internal/protocol/imap"
	"rehome/internal/protocol/managesieve"
	"rehome/internal/protocol/pop3"
	"rehome/internal/protocol/submission"
)

// The words are those that servers were seen to say. A result never says more.
func TestJudge(t *testing.T) {
	t.Parallel()
	no := func(code, text string) error {
		return &imap.StatusError{Kind: "NO", Command: "AUTHENTICATE PLAIN", Code: code, Text: text}
	}
	for _, test := range []struct {
		err  error
		want Result
		sent bool
	}{
		{no("AUTHENTICATIONFAILED", "Authentication failed."), Refused, true},              // Dovecot
		{no("", "Login failed."), Refused, true},                                           // Courier
		{no("AUTHENTICATIONFAILED", "Invalid credentials (Failure)"), Refused, true},       // Google
		{no("ALERT", "Application-specific password required"), SecondFactor, true},        // Google
		{no("UNAVAILABLE", "Temporary authentication failure."), Temporary, true},          // Dovecot
		{no("UNAVAILABLE", "Account is locked out"), Temporary, true},                      // its code counts
		{no("AUTHENTICATIONFAILED", "Password has expired"), Expired, true},                // the words say more than the code
		{no("EXPIRED", "x"), Expired, true},                                                // RFC 5530
		{no("AUTHORIZATIONFAILED", "x"), Forbidden, true},                                  // RFC 5530
		{no("CONTACTADMIN", "x"), Forbidden, true},                                         // RFC 5530
		{no("AUTHENTICATIONFAILED", "Account disabled"), Forbidden, true},                  //
		{no("LIMIT", "x"), LockedOut, true},                                                // RFC 5530
		{no("AUTHENTICATIONFAILED", "Too many failed logins, try later"), LockedOut, true}, //
		{no("AUTHENTICATIONFAILED", "Your IP address is blocked"), LockedOut, true},        //
		{no("", "Your password violates the policy and must be changed"), Expired, true},
		{no("", "Internal error, try again"), Temporary, true},                               //
		{no("X-OWN", "what"), Unclear, true},                                                 //
		{&imap.StatusError{Kind: "BAD", Command: "LOGIN", Text: "what"}, Unclear, true},      //
		{&imap.StatusError{Kind: "BYE", Command: "connect", Text: "go"}, Unreachable, false}, //
		{&imap.StatusError{Kind: "NO", Command: "AUTHENTICATE SCRAM-SHA-256", Code: "AUTHENTICATIONFAILED"}, Unclear, true},
		{&imap.UnsupportedError{Command: "AUTHENTICATE"}, NotOffered, false},
		{&imap.ConnectionError{Command: "AUTHENTICATE PLAIN", Err: errors.New("EOF")}, Unclear, true},
		{&imap.ConnectionError{Command: "CAPABILITY", Err: errors.New("EOF")}, Unreachable, false},
		{errors.New("connection refused"), Unreachable, false},
		{&rehome.Fault{Op: "log in for POP3 at the destination as", Cause: errors.New("EOF")}, Unclear, true},

		{&pop3.StatusError{Command: "PASS", Code: "AUTH", Text: "Authentication failed."}, Refused, true},
		{&pop3.StatusError{Command: "PASS", Text: "Login failed."}, Refused, true}, // Courier
		{&pop3.StatusError{Command: "PASS", Text: "Unable to lock maildrop"}, Temporary, true},
		{&pop3.StatusError{Command: "PASS", Code: "IN-USE", Text: "Mailbox is locked"}, Temporary, true},
		{&pop3.StatusError{Command: "PASS", Code: "LOGIN-DELAY", Text: "x"}, Temporary, true},
		{&pop3.StatusError{Command: "PASS", Code: "SYS/PERM", Text: "x"}, Unclear, true},
		{&pop3.StatusError{Command: "PASS", Text: "x"}, Unclear, true}, // RFC 1939 allows both
		{&pop3.StatusError{Command: "APOP", Code: "AUTH", Text: "x"}, Unclear, true},
		{&pop3.StatusError{Command: "connect", Text: "x"}, Unreachable, false},
		{&pop3.StatusError{Command: "AUTH", Text: "x", Unsent: true}, NotOffered, false},

		{&submission.StatusError{Command: "AUTH", Code: 535, Enhanced: "5.7.8", Text: "authentication failed"}, Refused, true},
		{&submission.StatusError{Command: "AUTH", Code: 454, Enhanced: "4.7.0", Text: "Temporary authentication failure"}, Temporary, true},
		{&submission.StatusError{Command: "AUTH", Code: 432, Enhanced: "4.7.12", Text: "transition needed"}, Expired, true},
		{&submission.StatusError{Command: "AUTH", Code: 525, Enhanced: "5.7.13", Text: "x"}, Forbidden, true},
		{&submission.StatusError{Command: "AUTH", Code: 534, Enhanced: "5.7.9", Text: "Application-specific password required"}, SecondFactor, true},
		{&submission.StatusError{Command: "AUTH", Code: 534, Enhanced: "5.7.9", Text: "too weak"}, NotOffered, true},
		{&submission.StatusError{Command: "AUTH", Code: 550, Text: "x"}, Unclear, true},
		{&submission.StatusError{Command: "AUTH", Code: 421, Text: "x"}, LockedOut, true},
		{&submission.StatusError{Command: "EHLO", Code: 554, Enhanced: "5.7.1", Text: "blocked using a list"}, LockedOut, false},
		{&submission.StatusError{Command: "EHLO", Code: 554, Text: "no"}, Unreachable, false},

		{&managesieve.StatusError{Kind: "NO", Command: "AUTHENTICATE", Text: "Authentication failed."}, Refused, true},
		{&managesieve.StatusError{Kind: "NO", Command: "AUTHENTICATE", Code: "TRYLATER", Text: "x"}, Temporary, true},
		{&managesieve.StatusError{Kind: "BYE", Command: "connect", Text: "x"}, Unreachable, false},

		{&dav.StatusError{Status: 401}, Refused, true},
		{&dav.StatusError{Status: 403}, Forbidden, true},
		{&dav.StatusError{Status: 429}, LockedOut, true},
		{&dav.StatusError{Status: 503}, Temporary, true},
		{&dav.StatusError{Status: 404}, Unclear, true},
		{&dav.AuthError{Why: "x"}, NotOffered, false},
	} {
		if got := judge(test.err); got.result != test.want || got.sent != test.sent {
			t.Errorf("%v: got %s, sent %v, want %s, %v", test.err, got.result, got.sent, test.want, test.sent)
		}
	}
}
