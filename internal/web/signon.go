// SPDX-License-Identifier: Apache-2.0

package web

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/signon"
)

// How long somebody may take at the issuer, and how long what the issuer has said counts: what is taken from somebody there holds here by
// then.
const (
	attemptLong = 15 * time.Minute
	outsideLong = 2 * time.Hour
)

// The addresses of the way by an issuer. The second has to be registered there.
const (
	signOnPath   = "/sign-in/oidc"
	signOnReturn = "/sign-in/oidc/back"
)

// attemptCookie is the name of what a browser keeps on its way.
func (d *door) attemptCookie() string { return d.cookie() + "-way" }

// keepAttempt has the browser keep what it has to bring back; "" forgets it. It comes back from another site, which Strict would not
// allow (RFC 6265bis section 5.2.2).
func (d *door) keepAttempt(w http.ResponseWriter, text string) {
	age := int(attemptLong.Seconds())
	if text == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{Name: d.attemptCookie(), Value: text, Path: "/", HttpOnly: true, Secure: d.options.Secure,
		SameSite: http.SameSiteLaxMode, MaxAge: age})
}

// back is where the issuer sends browsers. The guard has proved that the host is ours.
func (d *door) back(r *http.Request) string {
	scheme := "http"
	if d.options.Secure {
		scheme = "https"
	}
	return scheme + "://" + r.Host + signOnReturn
}

// goOutside sends a browser to the issuer.
func (d *door) goOutside(w http.ResponseWriter, r *http.Request, _ visitor) {
	to, attempt, err := d.options.SignOn.Begin(r.Context(), d.back(r))
	if err != nil {
		d.notLetIn(w, r, http.StatusServiceUnavailable, err)
		return
	}
	d.keepAttempt(w, attempt.String())
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// comeBack lets in whom the issuer knows and whose groups have a role. The page leads on by itself: a redirect would still belong to
// the way from the other site, on which the cookie of the session is not sent.
func (d *door) comeBack(w http.ResponseWriter, r *http.Request, _ visitor) {
	kept := ""
	if cookie, err := r.Cookie(d.attemptCookie()); err == nil {
		kept = cookie.Value
	}
	d.keepAttempt(w, "")
	person, err := d.options.SignOn.Finish(r.Context(), d.back(r), signon.ParseAttempt(kept), r.URL.Query())
	if err != nil {
		d.notLetIn(w, r, http.StatusUnauthorized, err)
		return
	}
	role := d.options.SignOn.RoleOf(person.Groups)
	if role == "" {
		d.options.Log.Warn("somebody without a role was not let in", rehome.LogObject, person.Name, rehome.LogHost, d.options.SignOn.Host())
		d.render(w, r, http.StatusForbidden, signInPage{Problem: "You are " + person.Name + " at " + d.options.SignOn.Host() +
			", and may do nothing here: " + groupWords(person.Groups, d.options.SignOn.Claim) + ".",
			Next: "have whoever runs rehome give one of your groups a role, in serve.oidc.roles"})
		return
	}
	if !d.owns(person) {
		d.options.Log.Warn("somebody whose name another one has was not let in",
			rehome.LogObject, person.Name, rehome.LogSubject, person.Subject, rehome.LogHost, d.options.SignOn.Host())
		d.render(w, r, http.StatusForbidden, signInPage{
			Problem: d.options.SignOn.Host() + " calls somebody else " + person.Name + " too, who has signed in here before.",
			Next:    "have whoever runs rehome name a claim in serve.oidc.name that no two people share"})
		return
	}
	d.admitOutside(w, person, role)
	d.options.Log.Info("signed in at the screen", rehome.LogObject, person.Name, rehome.LogSubject, person.Subject,
		rehome.LogHost, d.options.SignOn.Host(), rehome.LogPeer, r.RemoteAddr)
	write(w, r, d.options.Log, http.StatusOK, "arrived", arrivedPage{person.Name})
}

// owns reports whether the name is this person's. Plans and the audit log know people by their names, and an issuer may give two of them
// the same (OpenID Connect Core 1.0, section 5.7): the first who comes has it for as long as the program runs.
func (d *door) owns(person signon.Person) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	first, taken := d.subjects[person.Name]
	if !taken {
		d.subjects[person.Name] = person.Subject
	}
	return !taken || first == person.Subject
}

// groupWords says which groups were looked at.
func groupWords(groups []string, claim string) string {
	if len(groups) == 0 {
		return "its claim " + claim + " names none of your groups"
	}
	const shown = 20
	words := "none of your groups has a role: " + strings.Join(groups[:min(shown, len(groups))], ", ")
	if len(groups) > shown {
		words += " and more"
	}
	return words
}

// notLetIn says why somebody has not come in. What is wrong on this machine is for its log alone.
func (d *door) notLetIn(w http.ResponseWriter, r *http.Request, status int, err error) {
	d.options.Log.Warn("somebody was not let in by the issuer",
		rehome.LogError, err.Error(), rehome.LogHint, rehome.HintOf(err), rehome.LogPeer, r.RemoteAddr)
	page := signInPage{Problem: err.Error(), Next: rehome.HintOf(err)}
	if rehome.ClassOf(err) == rehome.ClassOperator || rehome.ClassOf(err) == rehome.ClassBug {
		page = signInPage{Problem: "Nobody can sign in by " + d.options.SignOn.Host() + " now.", Next: "look into the log of rehome serve"}
	}
	d.render(w, r, status, page)
}

// admitOutside begins the session of somebody whom the issuer has named. It ends by itself, or when the issuer says so.
func (d *door) admitOutside(w http.ResponseWriter, person signon.Person, role ledger.Role) {
	name := person.Name + " (" + d.options.SignOn.Host() + ")" // never that of an operator, who has no blanks
	d.enter(w, &session{visitor: visitor{name, role, true}, subject: person.Subject, issued: person.Session}, outsideLong)
}

// arrivedPage leads on.
type arrivedPage struct{ Name string }

// signedOut is where somebody is led who has signed out: who came by the issuer is still signed in there.
func signedOut(who visitor) string {
	if who.outside {
		return "/sign-in?still=there"
	}
	return "/sign-in"
}

// digestOf is what is kept of a token of a session.
func digestOf(secret string) [sha256.Size]byte { return sha256.Sum256([]byte(secret)) }
