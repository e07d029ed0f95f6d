// SPDX-License-Identifier: Apache-2.0

package mechanism

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"hash"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// scram is a SASL client for SCRAM-SHA-1 (RFC 5802) and SCRAM-SHA-256 (RFC 7677), without channel
// binding: neither side learns the password from the exchange, and each proves that it knows it.
type scram struct {
	name                     string
	hash                     func() hash.Hash
	identity, user, password string
	nonce                    string

	step      int
	bare      string // the first message without its header
	signature []byte // what the server has to prove
	proved    bool
}

func newSCRAM(name string, c Credentials) *scram {
	s := &scram{name: name, hash: sha256.New, identity: c.Identity, user: c.User, password: c.Password, nonce: rand.Text()}
	if name == SCRAM1 {
		s.hash = sha1.New
	}
	return s
}

// header is the gs2-header of RFC 5802, section 7.
func (s *scram) header() string {
	if s.identity == "" {
		return "n,,"
	}
	return "n,a=" + escapeSCRAM(s.identity) + ","
}

// Start implements sasl.Client.
func (s *scram) Start() (string, []byte, error) {
	s.bare = "n=" + escapeSCRAM(prepareSASL(s.user)) + ",r=" + s.nonce
	return s.name, []byte(s.header() + s.bare), nil
}

// Next implements sasl.Client.
func (s *scram) Next(challenge []byte) ([]byte, error) {
	s.step++
	switch s.step {
	case 1:
		return s.prove(string(challenge))
	case 2:
		return []byte{}, s.check(string(challenge))
	}
	return nil, errSCRAM
}

// Complete reports whether the server has proved that it knows the password: an OK alone is not enough
// (RFC 5802, section 5).
func (s *scram) Complete() error {
	if !s.proved {
		return ErrImpostor
	}
	return nil
}

// ErrImpostor says that a server has let us in, or tried to, without the proof that SCRAM demands of it.
var ErrImpostor = errors.New("the server did not prove that it knows the password: it may be another one")

var errSCRAM = errors.New("the server's SCRAM message makes no sense")

// What a server may ask for: RFC 7677, section 4, and what a client can compute in about a second.
const (
	minIterations = 4096
	maxIterations = 2_000_000
)

// prove answers "r=nonce,s=salt,i=iterations".
func (s *scram) prove(first string) ([]byte, error) {
	words := strings.Split(first, ",")
	if len(words) < 3 || !strings.HasPrefix(words[0], "r="+s.nonce) || len(words[0]) == len("r="+s.nonce) {
		return nil, errSCRAM
	}
	salt, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(words[1], "s="))
	iterations, notNumber := strconv.Atoi(strings.TrimPrefix(words[2], "i="))
	if err != nil || notNumber != nil || iterations < minIterations || iterations > maxIterations {
		return nil, errSCRAM
	}
	salted, err := pbkdf2.Key(s.hash, prepareSASL(s.password), salt, iterations, s.hash().Size())
	if err != nil {
		return nil, err
	}
	final := "c=" + base64.StdEncoding.EncodeToString([]byte(s.header())) + "," + words[0]
	message := s.bare + "," + first + "," + final
	key := s.mac(salted, "Client Key")
	stored := s.hash()
	stored.Write(key)
	proof := s.mac(stored.Sum(nil), message)
	subtle.XORBytes(proof, proof, key)
	s.signature = s.mac(s.mac(salted, "Server Key"), message)
	return []byte(final + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// check reads "v=signature". After "e=reason" the server goes on to refuse.
func (s *scram) check(final string) error {
	if strings.HasPrefix(final, "e=") {
		return nil
	}
	value, _, _ := strings.Cut(strings.TrimPrefix(final, "v="), ",")
	signature, err := base64.StdEncoding.DecodeString(value)
	if err != nil || s.signature == nil || !hmac.Equal(signature, s.signature) {
		return ErrImpostor
	}
	s.proved = true
	return nil
}

func (s *scram) mac(key []byte, text string) []byte {
	m := hmac.New(s.hash, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// escapeSCRAM renders a name (RFC 5802, section 5.1).
func escapeSCRAM(name string) string {
	return strings.NewReplacer("=", "=3D", ",", "=2C").Replace(name)
}

// prepareSASL brings a name or password into the form that both sides compute with (SASLprep, RFC 4013,
// section 2, without its prohibitions: what a server has stored is not ours to refuse).
func prepareSASL(s string) string {
	return norm.NFKC.String(strings.Map(func(r rune) rune {
		switch {
		case r > unicode.MaxASCII && unicode.Is(unicode.Zs, r):
			return ' '
		case r == 0x00AD, r == 0x1806, r >= 0x180B && r <= 0x180D, r >= 0x200B && r <= 0x200D, r == 0x2060, r == 0xFEFF, r >= 0xFE00 &&
			r <= 0xFE0F, r == 0x034F:
			return -1 // RFC 3454, table B.1
		}
		return r
	}, s))
}
