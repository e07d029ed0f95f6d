// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"slices"
	"time"

	"rehome"
	"rehome/internal/signon"
)

// signOutside is where the issuer tells that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0, section 2.5).
const signOutside = "/sign-in/oidc/out"

// mostHeard bounds how many messages of the issuer are remembered.
const mostHeard = 1000

// hearOutside ends the sessions of somebody who has signed out at the issuer. Who sends it does not matter: the issuer has signed it.
func (d *door) hearOutside(w http.ResponseWriter, r *http.Request, _ visitor) {
	select { // one at a time: a key that is not known is asked for at the issuer
	case d.hearing <- struct{}{}:
		defer func() { <-d.hearing }()
	case <-r.Context().Done():
		return
	}
	said, err := d.options.SignOn.SignedOut(r.Context(), r.PostFormValue("logout_token"))
	if err != nil {
		d.options.Log.Warn("nobody was signed out by the issuer",
			rehome.LogError, err.Error(), rehome.LogHint, rehome.HintOf(err), rehome.LogPeer, r.RemoteAddr)
		writeAnswer(w, r, http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": err.Error()})
		return
	}
	for _, s := range d.endOutside(said) {
		d.options.Log.Info("signed out by the issuer", rehome.LogObject, s.name, rehome.LogSubject, s.subject, rehome.LogHost, d.options.SignOn.Host())
	}
	w.WriteHeader(http.StatusOK) // also where nobody was in (section 2.8)
}

// endOutside ends the sessions that a message of the issuer is about, once: sent again, it must not end those that have begun since.
func (d *door) endOutside(said signon.SignedOut) (ended []*session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.options.Now()
	for id, until := range d.heard {
		if now.After(until) {
			delete(d.heard, id)
		}
	}
	if _, again := d.heard[said.ID]; again {
		return nil
	}
	if len(d.heard) < mostHeard { // one more is heeded all the same: to sign in again costs less than to stay in
		d.heard[said.ID] = said.Until.Add(time.Minute) // clocks differ
	}
	d.sessions = slices.DeleteFunc(d.sessions, func(s *session) bool {
		if !s.isOf(said) {
			return false
		}
		ended = append(ended, s)
		return true
	})
	return ended
}

// isOf reports whether a message of the issuer is about a session: about the one that the issuer has named when it began, or, where one of
// both does not name it, about all of its person.
func (s *session) isOf(said signon.SignedOut) bool {
	if !s.outside || said.Subject != "" && said.Subject != s.subject {
		return false
	}
	if said.Session != "" && s.issued != "" {
		return said.Session == s.issued
	}
	return said.Subject != ""
}
