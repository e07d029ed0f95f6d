// SPDX-License-Identifier: Apache-2.0

package web

import (
	"crypto/rand"
	"crypto/sha256"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/passhash"
)

// How long a session lives without a request, and at most; how many there are at most.
const (
	sessionIdle  = 2 * time.Hour
	sessionLong  = 12 * time.Hour
	mostSessions = 1000
)

// How often a name may be tried with a wrong password from one place before it has to wait there.
const (
	mostTries  = 5
	triesPause = 15 * time.Minute
	mostNames  = 1000
)

// visitor is somebody who has signed in.
type visitor struct {
	name    string
	role    ledger.Role
	outside bool // an issuer has named them, and no operator of the ledger
}

// session is one browser. Only the digest of its token is kept.
type session struct {
	visitor

	token    [sha256.Size]byte
	subject  string // of somebody whom an issuer has named
	issued   string // how the issuer calls its own session with them; "" where it does not
	password string // the hash with which it began: another password ends it; "" of somebody whom an issuer has named
	seen     time.Time
	until    time.Time
}

// tries are those of one name that were wrong.
type tries struct {
	wrong int
	last  time.Time
}

// door lets in who signs in, and nobody else.
type door struct {
	move    Move
	options Options
	hashing chan struct{} // one at a time: each takes 64 MiB
	hearing chan struct{} // one message of the issuer at a time
	decoy   func() string // the hash that a name without a password is compared with, which takes as long

	mu       sync.Mutex
	sessions []*session
	tries    map[string]*tries
	subjects map[string]string    // whose a name of the issuer is
	heard    map[string]time.Time // messages of the issuer, and until when they are remembered
}

func newDoor(move Move, options Options) *door {
	decoy := sync.OnceValue(func() string {
		hash, err := passhash.New(rehome.NewSecret(rand.Text()))
		if err != nil {
			return "" // a wrong name is only told faster
		}
		return hash
	})
	return &door{
		move: move, options: options, hashing: make(chan struct{}, 1), hearing: make(chan struct{}, 1), decoy: decoy,
		tries: map[string]*tries{}, subjects: map[string]string{}, heard: map[string]time.Time{},
	}
}

// cookie is the name of the session's cookie. Browsers take the longer one only from this host and by HTTPS (RFC 6265bis section 4.1.3).
func (d *door) cookie() string {
	if d.options.Secure {
		return "__Host-rehome"
	}
	return "rehome"
}

// inside lets a request through that belongs to a session whose operator has the role of a route, and shows the door to all others.
// Programs come with a token, which counts for their routes alone.
func (d *door) inside(to route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to.role == anybody {
			to.serve(w, r, visitor{})
			return
		}
		find := d.visitorOf
		if to.api && r.Header.Get("Authorization") != "" {
			find = d.callerOf
		}
		who, in, err := find(r)
		if err == nil && in && who.may(to.role) {
			to.serve(w, r, who)
			return
		}
		if err == nil && in {
			d.options.Log.Warn("somebody was refused at the screen", rehome.LogObject, who.name, rehome.LogAction, r.Method+" "+r.URL.Path)
		}
		if to.api {
			refuseAtDoor(w, r, who, in, err, to.role)
			return
		}
		switch {
		case err != nil:
			http.Error(w, "The ledger cannot be read.", http.StatusServiceUnavailable)
		case in:
			write(w, r, d.options.Log, http.StatusForbidden, "refused", refusedPage{frameOf("Not allowed", "", who),
				"You may " + string(who.role) + " here. This takes the role " + string(to.role) + ".",
				who.howToGet(to.role)})
		case r.Method == http.MethodGet && r.Header.Get("HX-Request") == "":
			http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		default:
			http.Error(w, "Sign in first.", http.StatusUnauthorized)
		}
	})
}

// howToGet says how a visitor comes to another role.
func (v visitor) howToGet(role ledger.Role) string {
	if v.outside {
		return "ask for a group that has it in serve.oidc.roles, and sign in again"
	}
	return "ask for it: rehome operators set " + v.name + " --role " + string(role)
}

// refuseAtDoor tells a program why it is not let in.
func refuseAtDoor(w http.ResponseWriter, r *http.Request, who visitor, in bool, err error, role ledger.Role) {
	var answer failure
	answer.Error.Class = string(rehome.ClassOperator)
	status := http.StatusUnauthorized
	switch {
	case err != nil:
		status, answer.Error.Class, answer.Error.Message = http.StatusServiceUnavailable, string(rehome.ClassOf(err)), "the ledger cannot be read"
	case in:
		status, answer.Error.Message = http.StatusForbidden, who.name+" has the role "+string(who.role)+", and this takes the role "+string(role)
		answer.Error.Hint = "ask for another token: rehome tokens create NAME --role " + string(role)
	default:
		w.Header().Set("WWW-Authenticate", "Bearer")
		answer.Error.Message = "no token that counts was sent"
		answer.Error.Hint = `send "Authorization: Bearer TOKEN"; "rehome tokens list" says which have ended`
	}
	writeAnswer(w, r, status, answer)
}

// callerOf finds the program that a token belongs to. Which there are is read anew each time: one that is revoked has ended at once.
func (d *door) callerOf(r *http.Request) (visitor, bool, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return visitor{}, false, nil
	}
	tokens, err := d.move.Tokens(r.Context())
	if err != nil {
		return visitor{}, false, err
	}
	digest := journey.TokenDigest(strings.TrimSpace(secret))
	for _, t := range tokens {
		if t.Digest == digest && d.options.Now().Before(t.Expires) {
			if err := d.move.TokenUsed(r.Context(), t); err != nil { // it counts nevertheless
				d.options.Log.Warn("the use of a token was not noted", rehome.LogObject, t.Name, rehome.LogError, err.Error())
			}
			return visitor{name: "token " + t.Name, role: t.Role}, true, nil
		}
	}
	return visitor{}, false, nil
}

// may reports whether the visitor has a role, or one that includes it.
func (v visitor) may(role ledger.Role) bool {
	roles := journey.Roles()
	return slices.Contains(roles, role) && slices.Index(roles, v.role) >= slices.Index(roles, role)
}

// visitorOf finds the session of a request. What its operator may do is read anew each time: who is removed is out at once.
func (d *door) visitorOf(r *http.Request) (visitor, bool, error) {
	cookie, err := r.Cookie(d.cookie())
	if err != nil {
		return visitor{}, false, nil //nolint:nilerr // there is none
	}
	s := d.find(digestOf(cookie.Value))
	if s == nil {
		return visitor{}, false, nil
	}
	if s.outside {
		return s.visitor, true, nil
	}
	operators, err := d.move.Operators(r.Context())
	if err != nil {
		return visitor{}, false, err
	}
	for _, o := range operators {
		if o.Name == s.name && o.Password == s.password {
			return visitor{name: o.Name, role: o.Role}, true, nil
		}
	}
	return visitor{}, false, nil
}

// stillIn reports whether the session that a stream was begun with still counts.
func (d *door) stillIn(r *http.Request) bool {
	_, in, err := d.visitorOf(r)
	return err == nil && in
}

// find returns the session of a token and notes that it was seen.
func (d *door) find(token [sha256.Size]byte) *session {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.options.Now()
	d.sessions = slices.DeleteFunc(d.sessions, func(s *session) bool {
		return now.Sub(s.seen) > sessionIdle || now.After(s.until)
	})
	for _, s := range d.sessions {
		if s.token == token {
			s.seen = now
			return s
		}
	}
	return nil
}

func (d *door) show(w http.ResponseWriter, r *http.Request, _ visitor) {
	page := signInPage{}
	if d.options.SignOn != nil && r.URL.Query().Get("still") != "" {
		page.StillAt = d.options.SignOn.SignOutAt()
	}
	d.render(w, r, http.StatusOK, page)
}

func (d *door) render(w http.ResponseWriter, r *http.Request, status int, page signInPage) {
	if d.options.SignOn != nil {
		page.Issuer = d.options.SignOn.Host()
	}
	write(w, r, d.options.Log, status, "sign-in", page)
}

// signInPage is what the page for signing in shows.
type signInPage struct {
	Name, Problem string
	Next          string
	Issuer        string // by which one can sign in too
	StillAt       string // where one can sign out there
}

func (d *door) signIn(w http.ResponseWriter, r *http.Request, _ visitor) {
	name := strings.ToLower(strings.TrimSpace(r.PostFormValue("name")))
	tried := triedBy(name, r)
	if until := d.waits(tried); !until.IsZero() {
		d.render(w, r, http.StatusTooManyRequests, signInPage{Name: name, Problem: "Too many wrong passwords for this name. Try again after " +
			until.Local().Format("15:04") + "."})
		return
	}
	operators, err := d.move.Operators(r.Context())
	if err != nil {
		http.Error(w, "The ledger cannot be read.", http.StatusServiceUnavailable)
		return
	}
	found := ledger.Operator{}
	for _, o := range operators {
		if o.Name == name {
			found = o
		}
	}
	if found.Name == "" {
		found.Password = d.decoy()
	}
	if !d.matches(r, found.Password) || found.Name == "" {
		d.note(tried)
		d.options.Log.Warn("a wrong name or password at the screen", rehome.LogObject, name, rehome.LogPeer, r.RemoteAddr)
		d.render(w, r, http.StatusUnauthorized, signInPage{Name: name, Problem: "The name or the password is wrong."})
		return
	}
	d.admit(w, found, tried)
	d.options.Log.Info("signed in at the screen", rehome.LogObject, name, rehome.LogPeer, r.RemoteAddr)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// matches compares the password of a form. Who waits here too long has gone away.
func (d *door) matches(r *http.Request, hash string) bool {
	select {
	case d.hashing <- struct{}{}:
		defer func() { <-d.hashing }()
		stored := rehome.Password{Form: rehome.PasswordCrypt, Stored: rehome.NewSecret(hash)}
		matches, err := passhash.Matches(stored, rehome.NewSecret(r.PostFormValue("password")))
		return err == nil && matches
	case <-r.Context().Done():
		return false
	}
}

// admit begins the session of an operator.
func (d *door) admit(w http.ResponseWriter, o ledger.Operator, tried string) {
	d.mu.Lock()
	delete(d.tries, tried)
	d.mu.Unlock()
	d.enter(w, &session{visitor: visitor{name: o.Name, role: o.Role}, password: o.Password}, sessionLong)
}

// enter begins a session that lives for so long at most.
func (d *door) enter(w http.ResponseWriter, s *session, long time.Duration) {
	secret := rand.Text() + rand.Text() // 260 bits
	now := d.options.Now()
	s.token, s.seen, s.until = digestOf(secret), now, now.Add(long)
	d.mu.Lock()
	d.sessions = append(d.sessions, s)
	if len(d.sessions) > mostSessions {
		d.sessions = d.sessions[1:]
	}
	d.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: d.cookie(), Value: secret, Path: "/", HttpOnly: true, Secure: d.options.Secure,
		SameSite: http.SameSiteStrictMode, MaxAge: int(long.Seconds())})
}

func (d *door) signOut(w http.ResponseWriter, r *http.Request, who visitor) {
	if cookie, err := r.Cookie(d.cookie()); err == nil {
		token := digestOf(cookie.Value)
		d.mu.Lock()
		d.sessions = slices.DeleteFunc(d.sessions, func(s *session) bool { return s.token == token })
		d.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: d.cookie(), Path: "/", HttpOnly: true, Secure: d.options.Secure, SameSite: http.SameSiteStrictMode, MaxAge: -1})
	http.Redirect(w, r, signedOut(who), http.StatusSeeOther)
}

// triedBy is what wrong tries are counted by: a name and where they come from, so that nobody elsewhere can keep an operator out.
func triedBy(name string, r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return host + " " + name
}

// waits returns until when a name may not be tried; zero if it may.
func (d *door) waits(tried string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tries[tried]
	if t == nil || t.wrong < mostTries || d.options.Now().Sub(t.last) > triesPause {
		return time.Time{}
	}
	return t.last.Add(triesPause)
}

// note counts a wrong try, also of a name that does not exist: nobody learns which do.
func (d *door) note(tried string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.options.Now()
	for other, t := range d.tries {
		if now.Sub(t.last) > triesPause {
			delete(d.tries, other)
		}
	}
	t := d.tries[tried]
	if t == nil {
		if len(d.tries) >= mostNames {
			return
		}
		t = &tries{}
		d.tries[tried] = t
	}
	t.wrong++
	t.last = now
}
