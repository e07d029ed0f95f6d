// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"rehome"
)

// Trust is what a TLS connection has to show. It is verified in every case.
type Trust struct {
	TLSMin  string   `yaml:"tls_min" enum:"1.0,1.1,1.2,1.3" doc:"The oldest accepted TLS version. Below 1.2, name the ciphers too."`
	Ciphers []string `yaml:"ciphers" example:"[TLS_RSA_WITH_AES_128_CBC_SHA]"`
	Pin     string   `yaml:"pin" example:"\"sha256/...\""`
	CAFile  string   `yaml:"ca_file" kind:"path" example:"secrets/ca.pem" doc:"Certificate authorities (PEM) to trust instead of this machine's own."`
}

// Client returns the settings for a TLS connection; the caller sets ServerName. It reads ca_file.
// Errors are of ClassOperator and wrap a *SettingsError.
func (t Trust) Client() (*tls.Config, error) {
	ciphers, err := t.cipherIDs()
	if err != nil {
		return nil, t.fault("ciphers", err)
	}
	pin, err := t.spki()
	if err != nil {
		return nil, t.fault("pin", err)
	}
	roots, err := t.roots()
	if err != nil {
		return nil, t.fault(t.CAFile, err)
	}
	client := &tls.Config{MinVersion: t.minVersion(), CipherSuites: ciphers, RootCAs: roots}
	if pin != nil {
		client.InsecureSkipVerify = true // the pin below takes the place of the chain
		client.VerifyConnection = func(state tls.ConnectionState) error { return checkPin(state, pin) }
	}
	return client, nil
}

// roots reads ca_file, nil if none is named.
func (t Trust) roots() (*x509.CertPool, error) {
	if t.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(t.CAFile)
	if err != nil {
		return nil, withoutPath(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("contains no PEM certificate")
	}
	return pool, nil
}

// checkPin compares the public key that the server has proved to own (RFC 7469 section 2.4 has the
// form of a pin).
func checkPin(state tls.ConnectionState, pin []byte) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the server presents no certificate")
	}
	sum := sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo)
	if !bytes.Equal(sum[:], pin) {
		return fmt.Errorf("the server's key is sha256/%s, not the pinned one", base64.StdEncoding.EncodeToString(sum[:]))
	}
	return nil
}

func (t Trust) fault(object string, cause error) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "read TLS settings", Object: object, Cause: &SettingsError{Cause: cause},
		Hint: "correct tls_min, ciphers, pin or ca_file of that server"}
}

// withoutPath takes the path out of an error of package os, for a sentence that names it already.
func withoutPath(err error) error {
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		return inPath.Err
	}
	return err
}

// minVersion returns tls_min as crypto/tls counts it.
func (t Trust) minVersion() uint16 {
	switch t.TLSMin {
	case "1.0":
		return tls.VersionTLS10
	case "1.1":
		return tls.VersionTLS11
	case "1.3":
		return tls.VersionTLS13
	}
	return tls.VersionTLS12
}

// cipherIDs returns the cipher suites by number, nil if none is named. The insecure ones are
// known too: an old server may have nothing better, and naming one is the operator's decision.
func (t Trust) cipherIDs() ([]uint16, error) {
	var ids []uint16
	known := cipherSuites()
	for _, name := range t.Ciphers {
		id, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("unknown cipher suite %s", name)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// spki returns the pinned SHA-256 of the server's SubjectPublicKeyInfo, nil if nothing is pinned.
func (t Trust) spki() ([]byte, error) {
	text := strings.TrimPrefix(strings.TrimPrefix(t.Pin, "sha256/"), "sha256:")
	if text == "" {
		return nil, nil
	}
	if sum, err := hex.DecodeString(strings.ReplaceAll(text, ":", "")); err == nil && len(sum) == 32 {
		return sum, nil
	}
	if sum, err := base64.StdEncoding.DecodeString(text); err == nil && len(sum) == 32 {
		return sum, nil
	}
	return nil, errors.New("is not a SHA-256 in base64 (44 characters) or hex (64 characters)")
}

func cipherSuites() map[string]uint16 {
	known := map[string]uint16{}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		known[suite.Name] = suite.ID
	}
	return known
}
