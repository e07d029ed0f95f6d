// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"testing"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
)

// What an operator writes into the file decides about the connection, from key to handshake.
func TestTrust_fromTheFileToTheHandshake(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	certFile, keyFile, err := l.Issue()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	pin := "sha256/" + base64.StdEncoding.EncodeToString(sum[:])
	otherPin := "sha256/" + base64.StdEncoding.EncodeToString(make([]byte, 32))
	modern := start(t, l, dovecot.Options{CertFile: certFile, KeyFile: keyFile}).IMAPS
	old := func() string {
		listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS10,
			MaxVersion: tls.VersionTLS10})
		if err != nil {
			t.Fatal(err)
		}
		return serveOn(t, listener, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready", "TAG OK [CAPABILITY IMAP4rev1] in", "TAG OK done", "* BYE out")
	}()
	for name, test := range map[string]struct {
		address string
		trust   config.Trust
		hint    string // "" for a connection that works
	}{
		"no authority":            {modern, config.Trust{}, "ca_file"},
		"its CA":                  {modern, config.Trust{CAFile: l.CAFile()}, ""},
		"its pin, no authority":   {modern, config.Trust{Pin: pin}, ""},
		"another pin":             {modern, config.Trust{Pin: otherPin}, "correct pin"},
		"another pin, good chain": {modern, config.Trust{Pin: otherPin, CAFile: l.CAFile()}, "correct pin"},
		"old TLS, not asked for":  {old, config.Trust{CAFile: l.CAFile()}, "tls_min"},
		"old TLS, asked for":      {old, config.Trust{CAFile: l.CAFile(), TLSMin: "1.0"}, ""},
		"old TLS, and a pin":      {old, config.Trust{Pin: pin, TLSMin: "1.0"}, ""},
		"old TLS, another pin":    {old, config.Trust{Pin: otherPin, TLSMin: "1.0"}, "correct pin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := test.trust.Client()
			if err != nil {
				t.Fatal(err)
			}
			h := NewIMAP(Settings{Host: NewHost(HostSettings{Side: rehome.Source}), Address: test.address, Security: protocol.ImplicitTLS, TLS: client,
				Timeout: waitingTime})
			session, err := h.Open(within(t), anna())
			if test.hint != "" {
				wantFault(t, err, rehome.ClassUntrusted, "", test.hint)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantWorks(t, session)
			session.Close()
		})
	}
}
