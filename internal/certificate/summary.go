// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"rehome"
	"rehome/internal/verify"
)

// Summary is what is signed of the organisation: its certificates, and the accounts that have none. Its JSON keys are stable.
type Summary struct {
	Organisation string    `json:"organisation"`
	Issued       time.Time `json:"issued_at"`
	Issuer       string    `json:"issued_by"`
	Accounts     []Entry   `json:"accounts"`
	Without      []Without `json:"without_certificate"`
	Audit        Log       `json:"audit_log"`
	Messages     int64     `json:"messages"`
	Octets       int64     `json:"octets"` // -1 when a server does not say
	Objects      int       `json:"objects"`
}

// Log is how far the audit log had come: whoever has the log can tell that nothing of it is missing up to there.
type Log struct {
	Lines  int64  `json:"lines"`
	Digest string `json:"digest"`
}

// Entry is one certificate.
type Entry struct {
	Account  string       `json:"account"`
	Level    verify.Level `json:"level"`
	Verified time.Time    `json:"verified_at"`
	Messages int64        `json:"messages"`
	Octets   int64        `json:"octets"`
	Objects  int          `json:"objects"`
	Accepted int          `json:"accepted,omitempty"` // differences that a person has accepted
	SHA256   string       `json:"sha256"`             // of the certificate as compact JSON, see digestOf
}

// Without is an account that has no certificate, with the clause that says why.
type Without struct {
	Account string `json:"account"`
	Why     string `json:"why"`
}

// NewSummary returns one without accounts.
func NewSummary(issue Issue) *Summary {
	return &Summary{
		Organisation: issue.Organisation, Issued: issue.At.UTC().Truncate(time.Second), Issuer: issue.issuer(), Accounts: []Entry{}, Without: []Without{},
	}
}

// Add counts a certificate.
func (s *Summary) Add(c *Certificate) error {
	content, err := compact(c)
	if err != nil {
		return err
	}
	e := Entry{Account: c.Account, Level: c.Level, Verified: c.Verified, Objects: c.objects(), Accepted: len(c.Accepted), SHA256: digestOf(content)}
	if c.Mail != nil {
		e.Messages, e.Octets = c.Mail.Source.Messages, c.Mail.Source.Octets
	}
	s.Accounts = append(s.Accounts, e)
	s.Objects += e.Objects
	total := verify.Totals{Messages: s.Messages, Octets: s.Octets}
	total.AddMail(e.Messages, e.Octets)
	s.Messages, s.Octets = total.Messages, total.Octets
	return nil
}

func (c *Certificate) objects() int {
	n := 0
	for _, o := range []*Objects{c.Contacts, c.Calendars} {
		if o != nil {
			n += o.Source
		}
	}
	return n
}

// Outcome implements rehome.Answer: an account without a certificate is not known to be equal.
func (s Summary) Outcome() rehome.Outcome {
	if len(s.Without) > 0 || len(s.Accounts) == 0 {
		return rehome.OutcomeDiffers
	}
	return rehome.OutcomeDone
}

// digestOf names a certificate by what is signed of it, as compact JSON.
func digestOf(content []byte) string {
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}
