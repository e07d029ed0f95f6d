// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"rehome"
	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

// short is how long tests of silence wait.
const short = 300 * time.Millisecond

// tryConnect proves that neither a session nor a look at the host is to be had, and why.
func tryConnect(t *testing.T, settings Settings, class rehome.Class, words, hint string) {
	t.Helper()
	settings.Host = NewHost(HostSettings{Side: rehome.Destination})
	h := NewIMAP(settings)
	_, err := h.Open(within(t), anna())
	wantFault(t, err, class, "connect to the destination "+settings.Address, hint)
	wantFault(t, err, class, words, hint)
	_, ok, err := tryOpen(t, h, anna())
	wantFault(t, err, class, words, hint)
	wantFree(t, h)
	visit, err := h.Visit(within(t))
	wantFault(t, err, class, words, hint)
	if ok || visit != nil {
		t.Errorf("an extra session %v, Visit %v with an error", ok, visit)
	}
}

func TestConnect_certificates(t *testing.T) {
	t.Parallel()
	l, stranger := lab.Open(t), lab.Open(t)
	certFile, keyFile, err := l.IssueUntil(time.Now().Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	server := start(t, l, dovecot.Options{})
	expired := start(t, l, dovecot.Options{Name: "expired", CertFile: certFile, KeyFile: keyFile})
	modern := start(t, l, dovecot.Options{Name: "modern", Extra: "ssl_min_protocol = TLSv1.3"})
	pin := `set pin: "` + pinOf(t, certFile) + `"`
	upTo12 := l.ClientTLS("")
	upTo12.MaxVersion = tls.VersionTLS12
	pinned := &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(tls.ConnectionState) error {
		return errors.New("the server's key is sha256/AAAA, another one than pinned")
	}}
	for name, test := range map[string]struct {
		server      *dovecot.Server
		tls         *tls.Config
		words, hint string
	}{
		"unknown authority":   {server, stranger.ClientTLS(""), "unknown authority", "name its CA with ca_file"},
		"the machine's roots": {server, nil, "certificate", "ca_file"},
		"another name":        {server, l.ClientTLS("mail.example.test"), "not mail.example.test", "certificate is for another host name"},
		"expired":             {expired, l.ClientTLS(""), "expired", "not valid yet: renew it"},
		"its key":             {expired, l.ClientTLS(""), "expired", pin},
		"an unknown one's":    {expired, stranger.ClientTLS(""), "certificate", pin},
		"another name's":      {expired, l.ClientTLS("mail.example.test"), "certificate", pin},
		"another pin":         {server, pinned, "another one than pinned", "correct pin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for security, address := range map[protocol.Security]string{protocol.ImplicitTLS: test.server.IMAPS, protocol.StartTLS: test.server.IMAP} {
				settings := Settings{Address: address, Security: security, TLS: test.tls, Timeout: waitingTime}
				tryConnect(t, settings, rehome.ClassUntrusted, test.words, test.hint)
			}
		})
	}
	for security, address := range map[protocol.Security]string{protocol.ImplicitTLS: modern.IMAPS, protocol.StartTLS: modern.IMAP} {
		settings := Settings{Address: address, Security: security, TLS: upTo12, Timeout: waitingTime}
		tryConnect(t, settings, rehome.ClassTemporary, "", "tls_min and ciphers") // it hangs up without a word
	}
}

// pinOf returns how the settings pin the key of a certificate.
func pinOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	return "sha256/" + base64.StdEncoding.EncodeToString(sum[:])
}

// Servers that do say what they miss send an alert (RFC 8446, section 6.2), or choose what the
// client does not take.
func TestConnect_nothingInCommon(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	certFile, keyFile, err := l.Issue()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	rsa := []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
	for name, test := range map[string]struct {
		server *tls.Config
		words  string
	}{
		"version": {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "protocol version"},
		"cipher":  {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: rsa}, "handshake failure"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.server.Certificates = []tls.Certificate{certificate}
			listener, err := tls.Listen("tcp", "127.0.0.1:0", test.server)
			if err != nil {
				t.Fatal(err)
			}
			settings := Settings{Address: serveOn(t, listener, "* OK ready"), Security: protocol.ImplicitTLS, TLS: l.ClientTLS(""), Timeout: waitingTime}
			tryConnect(t, settings, rehome.ClassUntrusted, test.words, "no TLS version or cipher in common")
		})
	}
}

func TestConnect_pinThatFits(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{})
	asked := 0
	settings := plain(server.IMAPS)
	settings.Security = protocol.ImplicitTLS
	settings.TLS = &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(state tls.ConnectionState) error {
		asked += len(state.PeerCertificates)
		return nil
	}}
	wantWorks(t, must(t, NewIMAP(settings), anna()))
	if asked == 0 {
		t.Error("nobody compared the key")
	}
}

func TestConnect_wrongPort(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server := start(t, l, dovecot.Options{})
	closed, err := l.Addr()
	if err != nil {
		t.Fatal(err)
	}
	const untrusted, temporary = rehome.ClassUntrusted, rehome.ClassTemporary
	for name, test := range map[string]struct {
		security    protocol.Security
		address     string
		class       rehome.Class
		words, hint string
	}{
		"TLS to a plain port": {protocol.ImplicitTLS, server.IMAP, untrusted, "does not look like a TLS handshake",
			"speaks IMAP without TLS at first: set tls: starttls"},
		"in the clear to a TLS port": {protocol.NoTLS, server.IMAPS, temporary, "no answer in time", "this port uses implicit TLS: set tls: implicit"},
		"STARTTLS to a TLS port":     {protocol.StartTLS, server.IMAPS, temporary, "no answer in time", "this port uses implicit TLS: set tls: implicit"},
		"TLS to a POP3 port":         {protocol.ImplicitTLS, server.POP3, untrusted, "does not look like a TLS handshake", "this is a POP3 port"},
		"TLS to an LMTP port":        {protocol.ImplicitTLS, server.LMTP, untrusted, "does not look like a TLS handshake", "a port for sending mail"},
		"POP3":                       {protocol.NoTLS, server.POP3, untrusted, "+OK", "does not speak IMAP"},
		"POP3 with TLS":              {protocol.ImplicitTLS, server.POP3S, untrusted, "+OK", "does not speak IMAP"},
		"LMTP":                       {protocol.StartTLS, server.LMTP, untrusted, "220 ", "does not speak IMAP"},
		"ManageSieve":                {protocol.NoTLS, server.Sieve, untrusted, "IMPLEMENTATION", "does not speak IMAP"},
		"nobody listens":             {protocol.ImplicitTLS, closed, temporary, closed + ": connection refused", "nothing listens on this port"},
		"no STARTTLS (BAD)": {protocol.StartTLS, serve(t, "* OK ready", "TAG BAD what"), untrusted, `server says "what"`,
			"does not offer STARTTLS"},
		"no STARTTLS (NO)":     {protocol.StartTLS, serve(t, "* OK ready", "TAG NO not here"), untrusted, "not here", "does not offer STARTTLS"},
		"greeted as logged in": {protocol.StartTLS, serve(t, "* PREAUTH hello"), untrusted, "TLS cannot begin", "does not offer STARTTLS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := Settings{Address: test.address, Security: test.security, TLS: l.ClientTLS(""), Timeout: waitingTime}
			if test.class == temporary {
				settings.Timeout = short
			}
			tryConnect(t, settings, test.class, test.words, test.hint)
		})
	}
}

func TestConnect_hostInTrouble(t *testing.T) {
	t.Parallel()
	server := start(t, lab.Open(t), dovecot.Options{})
	silent, reset := proxy(t, server.IMAP), proxy(t, server.IMAP)
	silent.Set(faultproxy.ToClient, faultproxy.Fault{Stall: true})
	reset.Set(faultproxy.ToClient, faultproxy.Fault{Cut: true, End: faultproxy.RST})
	const turned, limits = "rejects this machine", "lower the connection limits"
	for name, test := range map[string]struct {
		address     string
		class       rehome.Class
		words, hint string
	}{
		"silent":               {silent.Addr(), rehome.ClassTemporary, "no answer in time", "the host does not answer"},
		"reset":                {reset.Addr(), rehome.ClassTemporary, "", "the host closed the connection at once"},
		"hangs up":             {serve(t, ""), rehome.ClassTemporary, "EOF", "the host closed the connection at once"},
		"farewell":             {serve(t, "* BYE going down"), rehome.ClassTemporary, `server says "going down"`, turned},
		"unavailable":          {serve(t, "* BYE [UNAVAILABLE] no storage"), rehome.ClassTemporary, "no storage", turned},
		"not allowed":          {serve(t, "* BYE [CONTACTADMIN] your address is blocked"), rehome.ClassAuth, "blocked", turned},
		"no":                   {serve(t, "* NO come back later"), rehome.ClassTemporary, "come back later", turned},
		"limit":                {serve(t, "* BYE [LIMIT] too many"), rehome.ClassThrottled, "too many", limits},
		"limit in words":       {serve(t, "* BYE Maximum number of connections from user+IP exceeded"), rehome.ClassThrottled, "Maximum", limits},
		"refuses CAPABILITY":   {serve(t, "* OK ready", "TAG NO not now"), rehome.ClassTemporary, "not now", turned},
		"farewell to STARTTLS": {serve(t, "* OK [CAPABILITY IMAP4rev1] ready", "* BYE going down"), rehome.ClassTemporary, "going down", turned},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := plain(test.address)
			if name == "silent" {
				settings.Timeout = short
			}
			if name == "farewell to STARTTLS" {
				settings.Security = protocol.StartTLS
			}
			tryConnect(t, settings, test.class, test.words, test.hint)
		})
	}
}

func TestConnect_nameOfNobody(t *testing.T) {
	t.Parallel()
	settings := plain("imap.example.invalid:993")
	// The resolver's answer, without asking anybody: tests run where there is no DNS.
	settings.Dial = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "imap.example.invalid", IsNotFound: true}}
	}
	tryConnect(t, settings, rehome.ClassTemporary, "no such host", "cannot be resolved")
	settings.Dial = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("network is unreachable")}
	}
	tryConnect(t, settings, rehome.ClassTemporary, "unreachable", "check that the host is up")
}
