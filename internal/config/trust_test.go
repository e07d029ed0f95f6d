// SPDX-License-Identifier: Apache-2.0

package config

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome"
)

func TestTrust_formsOfOnePin(t *testing.T) {
	t.Parallel()
	inBase64, err1 := Trust{Pin: "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}.spki()
	inHex, err2 := Trust{Pin: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}.spki()
	if err1 != nil || err2 != nil || len(inHex) != 32 || !slices.Equal(inBase64, inHex) {
		t.Errorf("got %x, %v and %x, %v, want the same 32 octets", inBase64, err1, inHex, err2)
	}
}

// tlsServer starts a server with a certificate that no public authority has signed.
func tlsServer(t *testing.T, config *tls.Config) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = config
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are the point
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// connect makes a TLS connection as the settings say.
func connect(t *testing.T, server *httptest.Server, trust Trust) error {
	t.Helper()
	client, err := trust.Client()
	if err != nil {
		t.Fatal(err)
	}
	client.ServerName = "example.com" // one of the names in the certificate
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), client)
	if err != nil {
		return err
	}
	return conn.Close()
}

func TestTrust_decidesWhomToTrust(t *testing.T) {
	t.Parallel()
	server := tlsServer(t, &tls.Config{})
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(caFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)
	pin := "sha256/" + base64.StdEncoding.EncodeToString(sum[:])
	for name, test := range map[string]struct {
		trust Trust
		fails string
	}{
		"unknown authority":          {Trust{}, "unknown authority"},
		"authority named":            {Trust{CAFile: caFile}, ""},
		"pinned":                     {Trust{Pin: pin}, ""},
		"other pin":                  {Trust{Pin: strings.Repeat("00", 32)}, "the server's key is " + pin},
		"other pin, right authority": {Trust{Pin: strings.Repeat("00", 32), CAFile: caFile}, "not the pinned one"},
	} {
		err := connect(t, server, test.trust)
		if test.fails == "" && err != nil || test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)) {
			t.Errorf("%s: got %v, want %q", name, err, test.fails)
		}
	}
}

// A server of the age of TLS 1.0 is reached only with tls_min and its cipher suite named.
func TestTrust_oldServer(t *testing.T) {
	t.Parallel()
	const suite = "TLS_RSA_WITH_AES_128_CBC_SHA"
	server := tlsServer(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}})
	sum := sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)
	pin := base64.StdEncoding.EncodeToString(sum[:])
	for name, test := range map[string]struct {
		trust Trust
		works bool
	}{
		"defaults":           {Trust{Pin: pin, TLSMin: "1.2"}, false},
		"version alone":      {Trust{Pin: pin, TLSMin: "1.0"}, false},
		"cipher alone":       {Trust{Pin: pin, TLSMin: "1.2", Ciphers: []string{suite}}, false},
		"version and cipher": {Trust{Pin: pin, TLSMin: "1.0", Ciphers: []string{suite}}, true},
	} {
		if err := connect(t, server, test.trust); (err == nil) != test.works {
			t.Errorf("%s: got %v, want it to work: %v", name, err, test.works)
		}
	}
}

func TestTrust_unusableFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{empty: "contains no PEM certificate", filepath.Join(dir, "none.pem"): "no such file"} {
		_, err := Trust{CAFile: file}.Client()
		var settings *SettingsError
		if !errors.As(err, &settings) || rehome.ClassOf(err) != rehome.ClassOperator || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an operator's error with %q", err, want)
		}
	}
}
