// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"rehome"
	"rehome/internal/certificate"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/report"
	"rehome/internal/vault"
	"rehome/internal/verify"
)

// The names of what stands in a folder of certificates beside them.
const (
	summaryName   = "summary"
	publicKeyName = "signing-key.pem"
)

// Certified is what the issue of certificates has made.
type Certified struct {
	*certificate.Summary
	Folder string `json:"folder"`
	Key    string `json:"public_key"`
}

// CertificatesDefault is where certificates go unless somebody says otherwise.
func (m *Move) CertificatesDefault() string {
	return filepath.Join(m.settings.Folder(), "certificates")
}

// Certify writes a certificate for each account that was equal at its last verification, as JSON and as a page, and a summary
// that lists them all: always of all accounts, so that summary and certificates agree. It contacts no server. Accounts that
// have none are named with the reason; a certificate of theirs from an earlier time is removed, because it is not true any more.
func (m *Move) Certify(ctx context.Context, folder string) (Certified, error) {
	answers, err := m.verified(ctx, people.Choice{})
	if err != nil {
		return Certified{}, err
	}
	key, err := m.signingKey()
	if err != nil {
		return Certified{}, err
	}
	issue := certificate.Issue{Organisation: m.settings.Organisation, Version: m.version, At: time.Now()}
	c := Certified{Summary: certificate.NewSummary(issue), Folder: folder, Key: key.Public().String()}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return Certified{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "make the folder", Object: folder, Cause: err}
	}
	for _, found := range answers {
		if err := c.certify(issue, key, found); err != nil {
			return Certified{}, err
		}
	}
	if c.Audit, err = m.auditEnd(ctx, ledger.AuditLine{Action: actionCertified, Object: folder,
		After: rehome.Text("{n certificate}").With(rehome.Values{"n": len(c.Accounts)})}); err != nil {
		return Certified{}, err
	}
	file, err := c.Sign(key)
	if err != nil {
		return Certified{}, err
	}
	if err := c.write(summaryName, key, file); err != nil {
		return Certified{}, err
	}
	return c, vault.WriteFile(filepath.Join(folder, publicKeyName), key.Public().PEM())
}

// certify makes the certificate of one account, or notes why there is none.
func (c *Certified) certify(issue certificate.Issue, key certificate.Key, found verify.Account) error {
	name := rehome.FileName(found.Account)
	made, why := certificate.New(issue, found)
	if why != nil {
		c.Without = append(c.Without, certificate.Without{Account: found.Account, Why: why.Error()})
		return c.remove(name)
	}
	file, err := made.Sign(key)
	if err != nil {
		return err
	}
	if err := c.Add(made); err != nil {
		return err
	}
	return c.write(name, key, file)
}

// write writes both forms of a signed file.
func (c *Certified) write(name string, key certificate.Key, file []byte) error {
	page, err := certificate.Page(key, file)
	if err != nil {
		return &rehome.Fault{Class: rehome.ClassBug, Op: "write the page of", Object: name, Cause: err}
	}
	path := filepath.Join(c.Folder, name)
	return vault.WriteFiles(map[string][]byte{path + ".json": file, path + ".html": page})
}

// remove removes both forms of a certificate that is not true any more.
func (c *Certified) remove(name string) error {
	for _, extension := range []string{".json", ".html"} {
		path := filepath.Join(c.Folder, name+extension)
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return &rehome.Fault{Class: rehome.ClassOperator, Op: "remove", Object: path, Cause: err, Hint: "remove it by hand: it is not true any more"}
		}
	}
	return nil
}

// CertificateKey returns the public key that certificates of this move are signed with.
func (m *Move) CertificateKey() (certificate.PublicKey, error) {
	key, err := m.signingKey()
	if err != nil {
		return nil, err
	}
	return key.Public(), nil
}

// signingKey is kept beside the identity that opens it.
func (m *Move) signingKey() (certificate.Key, error) {
	identity, err := vault.LoadIdentity(m.settings.Secrets.Identity)
	if err != nil {
		return certificate.Key{}, err
	}
	return certificate.OpenKey(m.signingKeyFile(), identity)
}

func (m *Move) signingKeyFile() string {
	return filepath.Join(filepath.Dir(m.settings.Secrets.Identity), "signing-key.age")
}

// verified returns what the last verification of the chosen accounts has said, with what was accepted set apart.
func (m *Move) verified(ctx context.Context, choice people.Choice) ([]verify.Account, error) {
	store, err := m.store(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := store.Accounts.All(ctx)
	if err != nil {
		return nil, err
	}
	if accounts, err = among(accounts, choice); err != nil {
		return nil, err
	}
	last, err := lastVerified(ctx, store)
	if err != nil {
		return nil, err
	}
	acceptances, err := accepted(ctx, store)
	if err != nil {
		return nil, err
	}
	logins, err := loginsOf(ctx, store)
	if err != nil {
		return nil, err
	}
	all := make([]verify.Account, len(accounts))
	for i, a := range accounts {
		answer, err := report.Answer(a, last[a.Address])
		if err != nil {
			return nil, err
		}
		all[i] = answer.Accept(acceptances[a.Address])
		all[i].Logins = logins[a.Address]
	}
	return all, nil
}
