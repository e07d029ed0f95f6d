// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const certificateLife = 365 * 24 * time.Hour

// CAFile returns the path of the authority's certificate in PEM form, for clients.
func (r *Lab) CAFile() string { return filepath.Join(r.dir, "ca.pem") }

// ClientTLS returns a configuration that trusts this lab's authority and nothing else.
// name is the server name to check; it may be empty where the dialer fills it in.
func (r *Lab) ClientTLS(name string) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(r.caCert)
	return &tls.Config{RootCAs: roots, ServerName: name, MinVersion: tls.VersionTLS12}
}

// Issue makes a server certificate for the names, and for localhost, 127.0.0.1 and the lab's
// host. It returns the paths of the PEM files; only the caller can read the key file.
func (r *Lab) Issue(names ...string) (certFile, keyFile string, err error) {
	return r.IssueUntil(time.Now().Add(certificateLife), names...)
}

// IssueUntil is Issue with an end of validity, for tests of a certificate that has run out.
func (r *Lab) IssueUntil(end time.Time, names ...string) (certFile, keyFile string, err error) {
	hosts := []net.IP{net.IPv4(127, 0, 0, 1), r.host.AsSlice()}
	template, err := newCertificate("lab server", end)
	if err != nil {
		return "", "", err
	}
	template.DNSNames, template.IPAddresses = []string{"localhost"}, hosts
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("issue a certificate: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, r.caCert, key.Public(), r.caKey)
	if err != nil {
		return "", "", fmt.Errorf("issue a certificate: %w", err)
	}
	base := filepath.Join(r.dir, "server-"+template.SerialNumber.Text(36))
	certFile = base + ".pem"
	keyFile = base + ".key"
	if err := writePEM(certFile, "CERTIFICATE", der, 0o644); err != nil {
		return "", "", err
	}
	return certFile, keyFile, writeKey(keyFile, key)
}

func (r *Lab) createAuthority() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the lab's authority: %w", err)
	}
	template, err := newCertificate("lab authority", time.Now().Add(certificateLife))
	if err != nil {
		return err
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make the lab's authority: %w", err)
	}
	if r.caCert, err = x509.ParseCertificate(der); err != nil {
		return fmt.Errorf("make the lab's authority: %w", err)
	}
	r.caKey = key
	return writePEM(r.CAFile(), "CERTIFICATE", der, 0o644)
}

func newCertificate(subject string, end time.Time) (*x509.Certificate, error) {
	// RFC 5280 section 4.1.2.2: at most 20 octets, positive.
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("issue a certificate: %w", err)
	}
	start := time.Now().Add(-time.Hour)
	if end.Before(start) {
		start = end.Add(-time.Hour)
	}
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: subject}, NotBefore: start, NotAfter: end}, nil
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("write a key: %w", err)
	}
	return writePEM(path, "PRIVATE KEY", der, 0o600)
}

func writePEM(path, kind string, der []byte, mode os.FileMode) error {
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
		return fmt.Errorf("write a certificate: %w", err)
	}
	return nil
}
