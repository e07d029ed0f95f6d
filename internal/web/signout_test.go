// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"rehome/internal/journey"
	"rehome/internal/signon"
	"rehome/lab/issuer"
)

// tell has the issuer say something about somebody, and returns how it is answered.
func (s *outside) tell(token string) int {
	s.t.Helper()
	response, err := http.PostForm(s.server.URL+signOutside, url.Values{"logout_token": {token}}) //nolint:noctx // as an issuer does, without a browser
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// in reports whether the browser is signed in.
func (s *outside) in() bool {
	s.t.Helper()
	status, _ := s.get("/")
	return status == http.StatusOK
}

// Who is signed out at the issuer is out here at once: of the session that it names, or of all where it names none. A message counts once.
func TestSignOut_byTheIssuer(t *testing.T) {
	t.Parallel()
	s := byIssuer(t)
	enter := func(sid string) {
		t.Helper()
		s.issuer.Tell(map[string]any{"sub": theAnna, "preferred_username": "anna", "groups": []string{"group-look"}, "sid": sid}, nil)
		if status, body := s.get(s.goOutside()); status != http.StatusOK || !s.in() {
			t.Fatalf("%d %s", status, body)
		}
	}
	enter("one")
	for name, about := range map[string]map[string]any{
		"somebody else":             {"sub": "another"},
		"another session":           {"sub": theAnna, "sid": "two"},
		"the session of another":    {"sub": "another", "sid": "one"},
		"another session, no one's": {"sid": "two"},
	} {
		if status := s.tell(s.issuer.SignOut(issuer.Honest, about)); status != http.StatusOK || !s.in() {
			t.Errorf("%s: %d, in %v", name, status, s.in())
		}
	}
	for name, about := range map[string]map[string]any{
		"the session": {"sid": "one"}, "both": {"sub": theAnna, "sid": "one"}, "the person": {"sub": theAnna},
	} {
		token := s.issuer.SignOut(issuer.Honest, about)
		if status := s.tell(token); status != http.StatusOK || s.in() {
			t.Errorf("%s: %d, in %v", name, status, s.in())
		}
		enter("one")
		if status := s.tell(token); status != http.StatusOK || !s.in() {
			t.Errorf("%s, sent again: %d, in %v", name, status, s.in())
		}
	}
	enter("") // where an issuer names no session to begin with, a message about one is about the person
	if s.tell(s.issuer.SignOut(issuer.Honest, map[string]any{"sub": theAnna, "sid": "one"})); s.in() {
		t.Error("still in")
	}
}

// Nobody is signed out by what the issuer has not said.
func TestSignOut_lies(t *testing.T) {
	t.Parallel()
	s := byIssuer(t)
	s.mustCome("group-look")
	about := map[string]any{"sub": theAnna}
	tokens := map[string]string{
		"nothing": "", "no token": "x.y.z",
		"a token of the sign-in": s.issuer.SignOut(issuer.Honest, map[string]any{"sub": theAnna, "nonce": "x"}),
		"another event":          s.issuer.SignOut(issuer.Honest, map[string]any{"sub": theAnna, "events": map[string]any{}}),
		"nobody":                 s.issuer.SignOut(issuer.Honest, map[string]any{}),
		"no end":                 s.issuer.SignOut(issuer.Honest, map[string]any{"sub": theAnna, "exp": nil}),
		"no name":                s.issuer.SignOut(issuer.Honest, map[string]any{"sub": theAnna, "jti": ""}),
	}
	for _, lie := range []issuer.Lie{
		issuer.WrongAudience, issuer.Expired, issuer.Unsigned, issuer.KeyAsSecret, issuer.OtherKey, issuer.OtherIssuer, issuer.WrongNonce,
	} {
		tokens[string(lie)] = s.issuer.SignOut(lie, about)
	}
	for name, token := range tokens {
		if status := s.tell(token); status != http.StatusBadRequest || !s.in() {
			t.Errorf("%s: %d, in %v", name, status, s.in())
		}
	}
}

// A page that is watched gets nothing more once its session has ended, however much there is to show.
func TestStream_endsWithItsSession(t *testing.T) {
	t.Parallel()
	s := byIssuer(t)
	s.mustCome("group-look")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	stream := bufio.NewReader(response.Body)
	for line := ""; !strings.Contains(line, "Messages at the destination"); {
		if line, err = stream.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if status := s.tell(s.issuer.SignOut(issuer.Honest, map[string]any{"sub": theAnna})); status != http.StatusOK {
		t.Fatal(status)
	}
	s.screen.live.publish(journey.Overview{Organisation: "a secret since"}, nil)
	rest, err := io.ReadAll(stream)
	if err != nil || strings.Contains(string(rest), "a secret since") {
		t.Errorf("%v: %s", err, rest)
	}
}

// A message that there is no room to remember ends the sessions all the same.
func TestSignOut_moreThanAreRemembered(t *testing.T) {
	t.Parallel()
	now := time.Now()
	d := &door{options: Options{Now: func() time.Time { return now }}, heard: map[string]time.Time{}}
	for i := range mostHeard {
		d.heard[strconv.Itoa(i)] = now.Add(time.Hour)
	}
	d.sessions = []*session{{visitor: visitor{outside: true}, subject: "anna"}, {visitor: visitor{outside: true}, subject: "bert"}}
	ended := d.endOutside(signon.SignedOut{ID: "one more", Until: now.Add(time.Minute), Subject: "anna"})
	if len(ended) != 1 || ended[0].subject != "anna" || len(d.sessions) != 1 || len(d.heard) != mostHeard {
		t.Errorf("ended %d sessions, %d are left, %d messages are remembered", len(ended), len(d.sessions), len(d.heard))
	}
}
