// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"rehome"
	"rehome/internal/vault"

	"github.com/smallstep/pkcs7"
)

// Signer signs profiles, so that a device shows them as verified. A nil one leaves them as they are.
type Signer struct {
	pair  tls.Certificate
	chain []*x509.Certificate // without the signer's own
}

// LoadSigner reads a PEM file with a certificate, the chain above it, and its private key. Others must not be able to read it.
func LoadSigner(path string) (*Signer, error) {
	fault := func(cause error, hint string) error {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "read the signer of profiles", Object: path, Cause: cause, Hint: hint}
	}
	if err := vault.CheckPrivate(path); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fault(err, "name the file in clients.profile_signer")
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fault(errors.New("it holds no certificate with its private key in PEM form"),
			"write the certificate, the certificates above it and its key into one file")
	}
	signer := &Signer{pair: pair}
	for _, der := range pair.Certificate[1:] {
		parent, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fault(fmt.Errorf("a certificate of the chain: %w", err), "get the chain from your certificate authority again")
		}
		signer.chain = append(signer.chain, parent)
	}
	return signer, nil
}

// Sign returns a profile as CMS signed data (RFC 5652) in DER: SHA-256, the content and the whole chain inside.
func (s *Signer) Sign(profile []byte) ([]byte, error) {
	if s == nil {
		return profile, nil
	}
	data, err := pkcs7.NewSignedData(profile)
	if err != nil {
		return nil, err
	}
	data.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := data.AddSignerChain(s.pair.Leaf, s.pair.PrivateKey, s.chain, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, fmt.Errorf("sign a profile: %w", err)
	}
	return data.Finish()
}
