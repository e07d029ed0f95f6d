// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rehome"
	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/dovecot"
)

func TestAsksForPatience(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status imap.StatusError
		pause  time.Duration // 0: it does not ask
	}{
		{imap.StatusError{Kind: "NO", Command: "UID FETCH", Code: "THROTTLED", Text: "slow down"}, usualPause},
		{imap.StatusError{Kind: "NO", Command: "AUTHENTICATE PLAIN", Code: "LIMIT", Text: "busy"}, usualPause},
		{imap.StatusError{Kind: "NO", Command: "LOGIN", Code: "UNAVAILABLE", Text: "Temporary failure"}, usualPause},
		{imap.StatusError{Kind: "NO", Command: "LOGIN", Code: "INUSE", Text: "another one"}, usualPause},
		{imap.StatusError{Kind: "BYE", Text: "Request is throttled. Suggested Backoff Time: 299961 milliseconds"}, 299961 * time.Millisecond},
		{imap.StatusError{Kind: "NO", Command: `APPEND "x"`, Text: "Backoff Time: 20 seconds"}, 20 * time.Second},
		{imap.StatusError{Kind: "NO", Command: `APPEND "x"`, Text: "Backoff time: 12000"}, 12 * time.Second},
		{imap.StatusError{Kind: "BYE", Text: "Backoff Time: 999999999 s"}, longestPause},
		{imap.StatusError{Kind: "BYE", Text: "Too many connections, try later"}, usualPause},

		{imap.StatusError{Kind: "BYE", Text: "Logging out"}, 0},
		{imap.StatusError{Kind: "NO", Command: `APPEND "x"`, Code: "LIMIT", Text: "too many keywords"}, 0},
		{imap.StatusError{Kind: "NO", Command: `SELECT "x"`, Code: "INUSE", Text: "locked"}, 0},
		{imap.StatusError{Kind: "NO", Command: "AUTHENTICATE PLAIN", Code: "AUTHENTICATIONFAILED", Text: "no"}, 0},
		{imap.StatusError{Kind: "NO", Command: "AUTHENTICATE PLAIN", Code: "UNAVAILABLE",
			Text: "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)"}, 0},
	} {
		pause, slower := asksForPatience(&test.status)
		if slower != (test.pause > 0) || pause != test.pause {
			t.Errorf("%v: got %v %v, want %v", &test.status, slower, pause, test.pause)
		}
	}
}

func TestPatience_slowerWhenToldAndFasterAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said []string
		g := newGate(8, 8)
		p := patience{gate: g, side: rehome.Source, unit: "connections", tell: func(s string) { said = append(said, s) }, log: rehome.Logger(nil)}
		for range 3 { // three connections are told the same
			p.slow(usualPause, "too fast")
		}
		if g.allowed() != 4 || g.tryEnter() {
			t.Errorf("%d allowed, want 4 and nobody let in during the pause", g.allowed())
		}
		begun := time.Now()
		if err := g.enter(t.Context()); err != nil || time.Since(begun) != usualPause {
			t.Errorf("%v, let in after %v, want %v", err, time.Since(begun), usualPause)
		}
		for range 4 {
			time.Sleep(calm)
			p.relax()
			p.relax() // one a calm time, however often it is asked
		}
		if g.allowed() != 8 {
			t.Errorf("%d allowed after two calm minutes, want 8", g.allowed())
		}
		want := []string{`the source asks to slow down ("too fast"): continuing in 5s with at most 4 of 8 connections`, ""}
		if !slices.Equal(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	})
}

// Whatever a logged-in server says about speed reaches the limit, and no password goes with it.
func TestOpen_heedsWhatTheServerSays(t *testing.T) {
	t.Parallel()
	address := serve(t, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready", "TAG OK [CAPABILITY IMAP4rev1] in",
		"TAG NO [THROTTLED] no more for "+masterPassword)
	said := make(chan string, 1)
	settings := plain(address)
	settings.MasterUser, settings.MasterPassword = "mover", rehome.NewSecret(masterPassword)
	settings.Host = NewHost(HostSettings{Side: rehome.Source, Slowed: func(sentence string) { said <- sentence }})
	h := NewIMAP(settings)
	session := must(t, h, anna())
	if err := session.Noop(within(t)); err == nil {
		t.Fatal("the refusal went unnoticed")
	}
	if got := <-said; !strings.Contains(got, `"no more for ***"`) || !strings.Contains(got, "4 of 8") {
		t.Errorf("said %q", got)
	}
	if got := h.gate.allowed(); got != 4 {
		t.Errorf("%d connections allowed, want 4", got)
	}
}

// A limit for one account concerns that account alone, and is not run into twice.
func TestTryReserve_learnsTheLimitOfTheAccount(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{Extra: "mail_max_userip_connections = 2"})
	h := NewIMAP(plain(server.IMAP))
	must(t, h, anna())
	must(t, h, anna())
	if _, _, err := tryOpen(t, h, anna()); err == nil {
		t.Fatal("a third session was opened")
	}
	if _, ok, err := tryOpen(t, h, anna()); ok || err != nil {
		t.Errorf("again: ok %v, %v; want not even tried", ok, err)
	}
	if got := h.gate.allowed(); got != 8 {
		t.Errorf("%d connections allowed to all, want 8", got)
	}
	wantWorks(t, must(t, h, bert()))
}
