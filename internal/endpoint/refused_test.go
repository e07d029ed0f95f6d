// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"rehome"
	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/dovecot"
)

// encodings returns how a password may travel with any of the names of these tests.
func encodings(secret string) []string {
	var all []string
	for _, names := range []string{"\x00anna@example.test\x00", "\x00anna@example.test*mover\x00", "anna@example.test\x00mover\x00"} {
		all = append(all, base64.StdEncoding.EncodeToString([]byte(names+secret)))
	}
	return all
}

func TestLogIn_refusals(t *testing.T) {
	t.Parallel()
	const roster, again, limits = "check the password in the roster", "run the same command again", "lower the connection limits"
	for answer, test := range map[string]struct {
		class       rehome.Class
		words, hint string
		remembered  bool
	}{
		"TAG NO [AUTHENTICATIONFAILED] Authentication failed.": {rehome.ClassAuth, "Authentication failed.", roster, true},
		"TAG NO LOGIN failed":                              {rehome.ClassAuth, "LOGIN failed", roster, true},
		"TAG NO [AUTHORIZATIONFAILED] no right":            {rehome.ClassAuth, "no right", roster, true},
		"TAG NO [EXPIRED] change it":                       {rehome.ClassAuth, "change it", roster, true},
		"TAG NO [PRIVACYREQUIRED] not in the clear":        {rehome.ClassAuth, "not in the clear", "set tls: implicit", true},
		"TAG BAD unknown command":                          {rehome.ClassAuth, "unknown command", roster, true},
		"TAG NO [UNAVAILABLE] Temporary failure":           {rehome.ClassTemporary, "Temporary failure", again, false},
		"TAG NO [INUSE] elsewhere":                         {rehome.ClassTemporary, "elsewhere", again, false},
		"TAG NO [SERVERBUG] oops":                          {rehome.ClassTemporary, "oops", again, false},
		"TAG NO [LIMIT] too many log-ins":                  {rehome.ClassThrottled, "too many log-ins", limits, false},
		"TAG NO Maximum number of connections from user":   {rehome.ClassThrottled, "Maximum", limits, false},
		"TAG NO [THROTTLED] slow down":                     {rehome.ClassThrottled, "slow down", limits, false},
		"TAG NO [OVERQUOTA] full":                          {rehome.ClassQuota, "full", "raise the account's quota", false},
		"* BYE Maximum number of connections exceeded":     {rehome.ClassThrottled, "Maximum", limits, false},
		"* BYE [UNAVAILABLE] going down":                   {rehome.ClassTemporary, "going down", again, false},
		"* BYE Disconnected for inactivity.":               {rehome.ClassTemporary, "inactivity", again, false},
		"":                                                 {rehome.ClassTemporary, "connection lost", again, false},
		"TAG NO Account is temporarily throttled by quota": {rehome.ClassThrottled, "throttled", limits, false},
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			before := proxy(t, serve(t, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready", answer))
			h := NewIMAP(plain(before.Addr()))
			for range 2 {
				_, err := h.Open(within(t), anna())
				wantFault(t, err, test.class, "log in at the source as anna@example.test", test.hint)
				wantFault(t, err, test.class, test.words, test.hint)
				wantFree(t, h)
			}
			want := 2
			if test.remembered {
				want = 1
			}
			if got := before.Counts().Connections; got != want {
				t.Errorf("%d connections, want %d", got, want)
			}
		})
	}
}

// A wrong master password would otherwise be tried once for each account, by every worker at once.
func TestLogIn_masterThatIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{})
	for name, test := range map[string]struct {
		worked bool
		want   int
	}{"never let in": {false, 1}, "let in by an earlier run": {true, 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := proxy(t, server.IMAP)
			settings := plain(before.Addr())
			settings.MasterUser, settings.MasterPassword, settings.MasterWorked = "mover", rehome.NewSecret("wrong"), test.worked
			h := NewIMAP(settings)
			var all sync.WaitGroup
			errs := make([]error, 20)
			for i := range errs {
				all.Go(func() { _, errs[i] = h.Open(within(t), account(fmt.Sprintf("user%d@example.test", i))) })
			}
			all.Wait()
			untried := 0
			for i, err := range errs {
				wantFault(t, err, rehome.ClassAuth, "master user mover for ", "check source.imap.master_user and master_password")
				if strings.Contains(errs[i].Error(), "not tried") {
					untried++
				}
			}
			if got := before.Counts().Connections; got != test.want || untried != len(errs)-test.want {
				t.Errorf("%d log-ins and %d not tried, want %d and %d", got, untried, test.want, len(errs)-test.want)
			}
			wantFree(t, h)
		})
	}
}

// One missing account at the beginning of the list does not speak against the master user.
func TestReach_proves(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{MasterUser: "mover", MasterPassword: masterPassword})
	missing := account("gone@example.test")
	for name, test := range map[string]struct {
		password string
		accounts []rehome.Account
		words    string // "" for no error
	}{
		"the first is welcome": {masterPassword, []rehome.Account{anna()}, ""},
		"the first is missing": {masterPassword, []rehome.Account{missing, anna()}, ""},
		"all are missing":      {masterPassword, []rehome.Account{missing}, ""},
		"a wrong password":     {wrongPassword, []rehome.Account{anna(), account("ben@example.test")}, "anna@example.test"},
		"nobody":               {wrongPassword, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := plain(server.IMAP)
			settings.MasterUser, settings.MasterPassword = "mover", rehome.NewSecret(test.password)
			h := NewIMAP(settings)
			err := h.Reach(within(t), test.accounts)
			if test.words == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantFault(t, err, rehome.ClassAuth, "log in at the source as master user mover for "+test.words, "master_password")
			wantFree(t, h)
		})
	}
}

// Before the first welcome, no more log-ins are under way than may be refused.
func TestLogIn_hostThatRefusesEverybody(t *testing.T) {
	t.Parallel()
	before := proxy(t, start(t, lab.Open(t), dovecot.Options{}).IMAP)
	h := NewIMAP(plain(before.Addr()))
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			stranger := account(fmt.Sprintf("user%d@example.test", i))
			stranger.SourcePassword = rehome.NewSecret("wrong")
			_, err := h.Open(within(t), stranger)
			wantFault(t, err, rehome.ClassAuth, "log in at the source as user", "check the password in the roster")
		})
	}
	all.Wait()
	if got := before.Counts().Connections; got != manyRefusals {
		t.Errorf("%d connections, want %d", got, manyRefusals)
	}
	wantFree(t, h)
}

func TestLogIn_serverThatTakesNoPasswordInTheClear(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	// Dovecot trusts its own address, so the client comes from another one.
	server := start(t, l, dovecot.Options{Extra: "disable_plaintext_auth = yes"})
	scripted := serve(t, "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready")
	for _, address := range []string{proxy(t, server.IMAP).Addr(), scripted} {
		_, err := NewIMAP(plain(address)).Open(within(t), anna())
		wantFault(t, err, rehome.ClassAuth, "log in at the source", "accepts no unencrypted password")
	}
}

func TestLogIn_limitOfTheServer(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{Extra: "mail_max_userip_connections = 2"})
	h := NewIMAP(plain(server.IMAP))
	must(t, h, anna())
	second := must(t, h, anna())
	_, ok, err := tryOpen(t, h, anna())
	wantFault(t, err, rehome.ClassThrottled, "Maximum number of connections", "lower the connection limits")
	if ok || h.gate.taken() != 2 {
		t.Errorf("ok %v, %d slots taken, want false and 2", ok, h.gate.taken())
	}
	second.Close()
	wantWorks(t, mustSoon(t, h, anna())) // and nothing was remembered
}

// mustSoon opens a session as soon as the server has noticed that another one is gone, which it does
// some time after the good-bye.
func mustSoon(t *testing.T, h *IMAP, account rehome.Account) *Session {
	t.Helper()
	for tries := 0; ; tries++ {
		session, err := h.Open(within(t), account)
		if err == nil {
			t.Cleanup(session.Close)
			return session
		}
		if rehome.ClassOf(err) != rehome.ClassThrottled || tries == 100 {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Some servers repeat what they did not understand.
func TestLogIn_serverThatEchoesSecrets(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lines []string
		style MasterStyle
		user  string
	}{
		"SASL in the command":    {[]string{"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready", "TAG NO cannot do LINE"}, "", ""},
		"SASL in a line":         {[]string{"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready", "+ ", "r1 BAD do not know LINE"}, "", ""},
		"SASL taken for a tag":   {[]string{"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready", "+ ", "TAG BAD missing command"}, "", ""},
		"LOGIN":                  {[]string{"* OK [CAPABILITY IMAP4rev1] ready", "+ go on", "r1 NO no LOGIN anna@example.test LINE for you"}, "", ""},
		"LOGIN in quotes":        {[]string{"* OK [CAPABILITY IMAP4rev1] ready", "TAG BAD no LINE"}, MasterSeparator, "mover"},
		"master user":            {[]string{"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready", "TAG NO cannot do LINE"}, MasterSeparator, "mover"},
		"master user by authzid": {[]string{"* OK [CAPABILITY IMAP4rev1 SASL-IR] ready", "TAG NO cannot do LINE"}, MasterAuthzid, "mover"},
		"farewell":               {[]string{"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready", "* BYE LINE"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := plain(serve(t, test.lines...))
			settings.MasterUser, settings.MasterPassword, settings.MasterStyle = test.user, rehome.NewSecret(masterPassword), test.style
			_, err := NewIMAP(settings).Open(within(t), anna())
			if !strings.Contains(fmt.Sprint(err), "***") {
				t.Errorf("%v: the server's words are not there, or not hidden", err)
			}
			wantNoSecret(t, err)
			if class := rehome.ClassOf(err); class != rehome.ClassAuth && class != rehome.ClassTemporary {
				t.Errorf("class %s", class)
			}
		})
	}
	if err := NewIMAP(Settings{}).hide(credentials{user: "anna"}, io.EOF); !errors.Is(err, io.EOF) {
		t.Errorf("without a password %v became %v", io.EOF, err)
	}
}

func TestFault_ofCommands(t *testing.T) {
	t.Parallel()
	status := func(kind, code, text string) error {
		return &imap.StatusError{Kind: kind, Command: "APPEND", Code: code, Text: text}
	}
	for name, test := range map[string]struct {
		err         error
		class       rehome.Class
		words, hint string
	}{
		"quota":            {status("NO", "OVERQUOTA", "full"), rehome.ClassQuota, `append "INBOX": server says "full"`, "quota"},
		"quota in words":   {status("NO", "", "Quota exceeded (mailbox for user is full)"), rehome.ClassQuota, "Quota exceeded", "quota"},
		"over quota":       {status("NO", "ALERT", "Mailbox is over quota"), rehome.ClassQuota, "over quota", "quota"},
		"limit":            {status("NO", "LIMIT", "x"), rehome.ClassThrottled, "x", "limits"},
		"Gmail":            {status("NO", "", "[THROTTLED] backoff time of 300 s"), rehome.ClassThrottled, "backoff", "limits"},
		"Cyrus, disk full": {status("NO", "", "System I/O error"), rehome.ClassTemporary, "I/O error", "disk"},
		"refused":          {status("NO", "CANNOT", "no"), rehome.ClassPermanent, `"no"`, ""},
		"bad":              {status("BAD", "", "syntax"), rehome.ClassPermanent, "syntax", ""},
		"farewell": {&imap.ConnectionError{Command: "APPEND", Err: status("BYE", "", "shutting down")}, rehome.ClassTemporary,
			"shutting down", "again"},
		"broken": {&imap.ConnectionError{Command: "APPEND", Err: io.EOF}, rehome.ClassTemporary, "connection lost during APPEND",
			"connection broke"},
		"our own":         {&imap.ArgumentError{What: "flag", Value: "a b", Why: "has a blank"}, rehome.ClassPermanent, "has a blank", ""},
		"silence":         {&imap.ConnectionError{Command: "FETCH", Err: context.DeadlineExceeded}, rehome.ClassTemporary, "FETCH", "connection broke"},
		"a fault already": {&rehome.Fault{Class: rehome.ClassOperator, Op: "other", Hint: "known"}, rehome.ClassOperator, "other", "known"},
	} {
		t.Run(name, func(t *testing.T) {
			wantFault(t, Fault(test.err, "append", `"INBOX"`), test.class, test.words, test.hint)
		})
	}
	for _, err := range []error{nil, context.Canceled, &imap.ConnectionError{Command: "FETCH", Err: context.Canceled}} {
		if got := Fault(err, "append", "x"); !errors.Is(got, err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}
