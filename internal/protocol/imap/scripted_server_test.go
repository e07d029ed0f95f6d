// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rehome/internal/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a script waits for its client, and a test for a result that must come.
const patience = 20 * time.Second

// script is the server's side of one connection. Its methods are called in the order of the
// conversation; one that meets something else fails the test and ends the connection.
type script struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

// serve accepts one connection over TCP and plays the script, then hangs up. The test ends only when
// the script has.
func serve(t testing.TB, play func(*script)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return // the test never dialled
		}
		defer func() { _ = conn.Close() }()
		play(newScript(t, conn))
	})
	t.Cleanup(func() {
		_ = listener.Close()
		done.Wait()
	})
	return listener.Addr().String()
}

func newScript(t testing.TB, conn net.Conn) *script {
	s := &script{t: t, conn: conn, in: bufio.NewReader(conn)}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		s.fail("set a deadline: %v", err)
	}
	return s
}

// fail ends the script but not the test's own goroutine.
func (s *script) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("server: "+format, args...)
	_ = s.conn.Close()
	runtime.Goexit()
}

// send answers with lines; each gets its line end.
func (s *script) send(lines ...string) {
	s.t.Helper()
	s.raw(strings.Join(lines, "\r\n") + "\r\n")
}

// sendAs sends lines in which "%" stands for a tag.
func (s *script) sendAs(tag string, lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		s.send(strings.ReplaceAll(line, "%", tag))
	}
}

// raw answers with octets.
func (s *script) raw(octets string) {
	s.t.Helper()
	if _, err := io.WriteString(s.conn, octets); err != nil {
		s.fail("send %.60q: %v", octets, err)
	}
}

// line reads one line without its end, which must be CRLF.
func (s *script) line() string {
	s.t.Helper()
	line, err := s.in.ReadString('\n')
	if err != nil || !strings.HasSuffix(line, "\r\n") {
		s.fail("read a line: %.200q, %v", line, err)
	}
	return strings.TrimSuffix(line, "\r\n")
}

// expect reads a line that is a tag and the pattern, a regular expression, and returns the tag.
func (s *script) expect(pattern string) (tag string) {
	s.t.Helper()
	return s.match(`(\S+) ` + pattern)[1]
}

// match reads a line that has the form of the pattern as a whole and returns its groups.
func (s *script) match(pattern string) []string {
	s.t.Helper()
	line := s.line()
	groups := regexp.MustCompile("^(?:" + pattern + ")$").FindStringSubmatch(line)
	if groups == nil {
		s.fail("got line %.300q, want %q", line, pattern)
	}
	return groups
}

// octets reads a literal.
func (s *script) octets(n int) string {
	s.t.Helper()
	data := make([]byte, n)
	if _, err := io.ReadFull(s.in, data); err != nil {
		s.fail("read %d octets: %v", n, err)
	}
	return string(data)
}

// ok expects a command and completes it, with untagged lines before.
func (s *script) ok(pattern string, untagged ...string) {
	s.t.Helper()
	tag := s.expect(pattern)
	s.send(append(untagged, tag+" OK done")...)
}

// hungUp reads to the end of the connection and returns what still came.
func (s *script) hungUp() string {
	rest, _ := io.ReadAll(s.in) // a reset is as good an end as any
	return string(rest)
}

// silent asserts that the client sends nothing more before it hangs up.
func (s *script) silent() {
	s.t.Helper()
	if rest := s.hungUp(); rest != "" {
		s.fail("got %.300q, want nothing", rest)
	}
}

// greet sends the greeting of a server with capabilities.
func (s *script) greet(capabilities string) {
	s.t.Helper()
	s.send("* OK [CAPABILITY IMAP4rev1 " + capabilities + "] ready")
}

// connect dials a server that greets with capabilities and plays the script. The client is closed at
// the end of the test.
func connect(t testing.TB, capabilities string, play func(*script)) *Client {
	t.Helper()
	return connectWith(t, Options{}, capabilities, play)
}

func connectWith(t testing.TB, options Options, capabilities string, play func(*script)) *Client {
	t.Helper()
	options.Address = serve(t, func(s *script) {
		s.greet(capabilities)
		play(s)
	})
	return dial(t, options)
}

func dial(t testing.TB, options Options) *Client {
	t.Helper()
	if options.Security == "" {
		options.Security = protocol.NoTLS
	}
	client, err := Dial(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// within returns a context that ends a test's call which would hang.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	return ctx
}

// certificate makes a certificate for 127.0.0.1 and a client configuration that trusts it alone.
func certificate(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "scripted"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// secure goes on under TLS.
func (s *script) secure(config *tls.Config) {
	s.t.Helper()
	conn := tls.Server(s.conn, config)
	if err := conn.Handshake(); err != nil {
		s.fail("TLS: %v", err)
	}
	s.conn, s.in = conn, bufio.NewReader(conn)
}
