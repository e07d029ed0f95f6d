// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// login keeps how to log in at each origin, so that every request after the first carries the
// answer to the challenge of the one before.
type login struct {
	options *Options

	mu      sync.Mutex
	origins map[string]*scheme
}

// Logins remembers which origins have asked for Basic, or have taken us for a stranger without asking. Where that is
// known, the first request carries the password already, under
// the same conditions: of a connection to a server far away, a round trip is left. The zero value knows none.
type Logins struct {
	mu    sync.Mutex
	basic map[string]bool // by origin
}

// note takes up what an origin offers. Where it offers Digest, which one is chosen hangs on what is known of the user.
func (k *Logins) note(target *url.URL, offered []challenge) {
	var basic, digest bool
	for _, c := range offered {
		basic = basic || c.scheme == "basic"
		digest = digest || c.scheme == "digest"
	}
	if basic && !digest {
		k.noteUnasked(target)
	}
}

// noteUnasked takes up that an origin is to get the password unasked: it has asked others for it, or takes us for a stranger without
// asking.
func (k *Logins) noteUnasked(target *url.URL) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.basic == nil {
		k.basic = map[string]bool{}
	}
	k.basic[originOf(target)] = true
}

// wantsBasic says that an origin has asked for Basic.
func (k *Logins) wantsBasic(target *url.URL) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.basic[originOf(target)]
}

// scheme is how an origin wants to be answered.
type scheme struct {
	digest *digest // nil means Basic
}

// proof is what a request carried.
type proof struct {
	header string // "" if nothing
	basic  bool
	nonce  string
}

func originOf(u *url.URL) string {
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + portOf(u)
}

// known reports whether there is anybody to log in.
func (l *login) known() bool {
	return l.options.User != "" && (l.options.Password != nil || l.options.HA1 != nil)
}

// prove returns what the request carries; nothing as long as the origin has not asked.
func (l *login) prove(target *url.URL, method string, body []byte) proof {
	if l.options.Logins.wantsBasic(target) {
		l.volunteer(target)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	way := l.origins[originOf(target)]
	switch {
	case way == nil:
		return proof{}
	case way.digest == nil:
		return proof{header: "Basic " + l.basicToken(), basic: true}
	}
	d := way.digest
	return proof{header: d.header(l.options.User, l.ha1(d), method, target.RequestURI(), body), nonce: d.nonce}
}

func (l *login) basicToken() string {
	return base64.StdEncoding.EncodeToString([]byte(l.options.User + ":" + l.options.Password()))
}

// ha1 returns H(user:realm:password), the stored one where there is one.
func (l *login) ha1(d *digest) string {
	if l.options.HA1 != nil {
		return strings.ToLower(l.options.HA1())
	}
	return d.sum(l.options.User, d.realm, l.options.Password())
}

// volunteer makes the next request carry the password without being asked, where that is allowed:
// for servers that show a part of themselves to strangers and never ask. It reports whether
// anything changes by that.
func (l *login) volunteer(target *url.URL) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := originOf(target)
	if !l.known() || l.origins[key] != nil || l.basicRefused(target) != "" {
		return false
	}
	l.origins[key] = &scheme{}
	return true
}

// accept notes that the proof was good, and takes up the next nonce if the server gives one
// (RFC 7616 section 3.5).
func (l *login) accept(target *url.URL, sent proof, header http.Header) {
	if sent.nonce == "" {
		return
	}
	next := ""
	if info := header.Get("Authentication-Info"); info != "" {
		for _, c := range parseChallenges([]string{"Info " + info}) {
			next = c.params["nextnonce"]
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	way := l.origins[originOf(target)]
	if way == nil || way.digest == nil || way.digest.nonce != sent.nonce {
		return
	}
	way.digest.proven = true
	if next != "" && next != sent.nonce {
		way.digest.nonce, way.digest.count, way.digest.cnonce = next, 0, newCnonce()
	}
}

// challenged takes up a 401. It reports whether it makes sense to send the request again; if not,
// and the error is nil, the log-in is refused.
func (l *login) challenged(target *url.URL, sent proof, header http.Header) (again bool, err error) {
	offered := parseChallenges(header.Values("WWW-Authenticate"))
	l.options.Logins.note(target, offered)
	if !l.known() {
		return false, nil
	}
	way, stale, why := l.choose(target, offered)
	if way == nil {
		if sent.header != "" { // refused, and the server does not even say how else
			return false, nil
		}
		return false, &AuthError{URL: display(target), Why: why}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := originOf(target)
	before := l.origins[key]
	switch {
	case sent.header == "":
		again = true
	case sent.basic:
		again = way.digest != nil
	case way.digest == nil:
		again = false // the digest was wrong: the password will not be better
	default:
		// Old servers give a new nonce without the word "stale".
		again = stale || before != nil && before.digest != nil && (before.digest.proven || before.digest.nonce != sent.nonce)
	}
	if again && (before == nil || before.digest == nil || before.digest.nonce == sent.nonce) {
		l.origins[key] = way
	}
	return again, nil
}

// choose picks the challenge to answer: Digest without TLS and with a stored HA1, otherwise Basic,
// which costs no nonce. nil and the reason if none can be answered.
func (l *login) choose(target *url.URL, offered []challenge) (way *scheme, stale bool, why string) {
	var best *digest
	var schemes []string
	basic := false
	for _, c := range offered {
		schemes = append(schemes, c.scheme)
		switch c.scheme {
		case "basic":
			basic = true
		case "digest":
			if d := newDigest(c); d != nil && l.digestRefused(d) == "" && (best == nil || d.strength() > best.strength()) {
				best, stale = d, strings.EqualFold(c.params["stale"], "true")
			} else if d != nil {
				why = l.digestRefused(d)
			}
		}
	}
	if basic && (best == nil || target.Scheme == "https") {
		if refused := l.basicRefused(target); refused == "" {
			return &scheme{}, false, ""
		} else if best == nil && why == "" {
			why = refused
		}
	}
	switch {
	case best != nil:
		return &scheme{digest: best}, stale, ""
	case why != "":
		return nil, false, why
	case len(schemes) == 0:
		return nil, false, "the server does not say how to log in"
	}
	return nil, false, "the server offers only " + bounded(strings.Join(slices.Compact(schemes), ", "))
}

// basicRefused says why the password is not sent as it is, "" if it may be.
func (l *login) basicRefused(target *url.URL) string {
	switch {
	case l.options.Password == nil:
		return "only the hash of the password is known, but the server requires the password itself"
	case target.Scheme != "https" && !l.options.AllowPlaintextBasic:
		return "the server requires the password unencrypted over http, which is not allowed"
	}
	return ""
}

// digestRefused says why a digest cannot be answered, "" if it can.
func (l *login) digestRefused(d *digest) string {
	if l.options.HA1 == nil {
		return ""
	}
	if d.hash()().Size() != 16 {
		return "only an MD5 hash of the password is known, but the server requires " + bounded(d.algorithm)
	}
	if l.options.Realm != "" && l.options.Realm != d.realm {
		return "the hash of the password was made for the realm " + l.options.Realm + ", and the server's is " + bounded(d.realm)
	}
	return ""
}

// hide takes the credentials out of a server's words: some repeat what they did not like.
func (l *login) hide(text string) string {
	var secrets []string
	if l.options.Password != nil && l.options.Password() != "" {
		password := l.options.Password()
		secrets = append(secrets, l.basicToken(), url.QueryEscape(password), password)
	}
	if l.options.HA1 != nil {
		if ha1 := l.options.HA1(); len(ha1) == hex.EncodedLen(16) {
			secrets = append(secrets, ha1)
		}
	}
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return text
}
