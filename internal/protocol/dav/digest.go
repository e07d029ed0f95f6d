// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// digest is a nonce with what belongs to it (RFC 7616, and RFC 2617 and 2069 before it).
type digest struct {
	realm, nonce, opaque string
	algorithm            string // as the server wrote it, "" for MD5
	qop                  string // "auth", "auth-int" or "" as in RFC 2069
	userhash             bool
	cnonce               string // one for each nonce, as the -sess forms want it
	count                int    // nc of the last request
	proven               bool   // the server has accepted it at least once
}

// newDigest takes up a challenge; nil if its algorithm or protection is unknown.
func newDigest(c challenge) *digest {
	d := &digest{
		realm: c.params["realm"], nonce: c.params["nonce"], opaque: c.params["opaque"],
		algorithm: c.params["algorithm"], userhash: strings.EqualFold(c.params["userhash"], "true"),
		cnonce: newCnonce(),
	}
	offered, hasQop := c.params["qop"]
	if hasQop {
		d.qop = chooseQop(offered)
	}
	if d.hash() == nil || d.nonce == "" || hasQop && d.qop == "" {
		return nil
	}
	return d
}

func newCnonce() string { return strings.ToLower(rand.Text()) }

// chooseQop prefers auth: the body is protected by TLS where it matters.
func chooseQop(offered string) string {
	options := strings.FieldsFunc(strings.ToLower(offered), func(r rune) bool { return r == ',' || r == ' ' })
	switch {
	case slices.Contains(options, "auth"):
		return "auth"
	case slices.Contains(options, "auth-int"):
		return "auth-int"
	case len(options) == 0:
		return "auth" // qop="": meant as RFC 2617 in what was seen
	}
	return ""
}

// session reports whether the first hash is bound to the nonce.
func (d *digest) session() bool { return strings.HasSuffix(strings.ToLower(d.algorithm), "-sess") }

// hash returns the algorithm without "-sess", nil if it is unknown.
func (d *digest) hash() func() hash.Hash {
	switch strings.TrimSuffix(strings.ToLower(d.algorithm), "-sess") {
	case "", "md5":
		return md5.New
	case "sha-256":
		return sha256.New
	case "sha-512-256":
		return sha512.New512_256
	}
	return nil
}

// strength orders algorithms.
func (d *digest) strength() int { return d.hash()().Size() }

// sum is H of RFC 7616 section 3.3.
func (d *digest) sum(parts ...string) string {
	h := d.hash()()
	h.Write([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(h.Sum(nil))
}

// header returns the value of Authorization for one request. ha1 is H(user:realm:password).
func (d *digest) header(user, ha1, method, uri string, body []byte) string {
	d.count++
	nc := fmt.Sprintf("%08x", d.count)
	if d.session() {
		ha1 = d.sum(ha1, d.nonce, d.cnonce)
	}
	ha2 := d.sum(method, uri)
	if d.qop == "auth-int" {
		ha2 = d.sum(method, uri, d.sum(string(body)))
	}
	response := d.sum(ha1, d.nonce, ha2)
	if d.qop != "" {
		response = d.sum(ha1, d.nonce, nc, d.cnonce, d.qop, ha2)
	}
	if d.userhash {
		user = d.sum(user, d.realm)
	}
	out := `Digest username=` + quote(user) + `, realm=` + quote(d.realm) + `, nonce=` + quote(d.nonce) +
		`, uri=` + quote(uri) + `, response="` + response + `"`
	if d.algorithm != "" {
		out += `, algorithm=` + d.algorithm
	}
	if d.opaque != "" {
		out += `, opaque=` + quote(d.opaque)
	}
	if d.qop != "" || d.session() {
		out += `, cnonce="` + d.cnonce + `"`
	}
	if d.qop != "" {
		out += `, qop=` + d.qop + `, nc=` + nc
	}
	if d.userhash {
		out += `, userhash=true`
	}
	return out
}

// quote makes a quoted-string (RFC 9110 section 5.6.4); control characters cannot be in a header.
func quote(s string) string {
	var out strings.Builder
	out.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out.Write([]byte{'\\', c})
		case c >= 0x20 && c != 0x7F || c == '\t':
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
	return out.String()
}
