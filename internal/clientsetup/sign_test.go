// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority issues certificates for tests.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func newKey(t testing.TB, kind string) crypto.Signer {
	t.Helper()
	if kind == "RSA" {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue makes a certificate; above is nil for a root.
func issue(t testing.TB, above *authority, kind, name string, hosts ...string) *authority {
	t.Helper()
	key := newKey(t, kind)
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: hosts, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(48 * time.Hour), BasicConstraintsValid: true, IsCA: len(hosts) == 0,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageEmailProtection},
	}
	parent, signer := template, key
	if above != nil {
		parent, signer = above.certificate, above.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{certificate: certificate, key: key}
}

func pemOf(t testing.TB, key crypto.Signer, chain ...*authority) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, one := range chain {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: one.certificate.Raw})
	}
	if key != nil {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		_ = pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	return b.Bytes()
}

// put writes a file for its owner only and returns its name.
func put(t testing.TB, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// openssl accepts the signature by the root alone: the certificate in between is inside.
func TestSign_verifiedByOpenssl(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"RSA", "ECDSA"} {
		root := issue(t, nil, kind, "root")
		middle := issue(t, root, kind, "middle")
		leaf := issue(t, middle, kind, "leaf", "profiles.example.com")
		signer, err := LoadSigner(put(t, pemOf(t, leaf.key, leaf, middle)))
		if err != nil {
			t.Fatal(err)
		}
		profile := taken(t)(sampleService(t, "example.com").Profile(odd()[0]))
		signed, err := signer.Sign(profile)
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"cms", "-verify", "-inform", "DER", "-binary", "-CAfile", put(t, pemOf(t, nil, root))}
		if got := runs(t, signed, "openssl", args...); got != string(profile) {
			t.Errorf("%s: openssl found another profile inside", kind)
		}
	}
}

func TestLoadSigner_refuses(t *testing.T) {
	t.Parallel()
	leaf := issue(t, nil, "ECDSA", "leaf", "profiles.example.com")
	open := put(t, pemOf(t, leaf.key, leaf))
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		put(t, pemOf(t, nil, leaf)): "no certificate with its private key",
		put(t, []byte("hello")):     "no certificate with its private key",
		open:                        "other than its owner",
		"nowhere.pem":               "no such file",
	} {
		if _, err := LoadSigner(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
