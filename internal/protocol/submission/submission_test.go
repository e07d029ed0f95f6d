// SPDX-License-Identifier: Apache-2.0

package submission

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/postfix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const address, password = "anna@example.test", "p w\u00e4-1"

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestClient_againstPostfix(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	store, err := dovecot.Start(l, dovecot.Options{SASL: true, Accounts: []dovecot.Account{{Address: address, Password: password}},
		Extra: "auth_mechanisms = plain login scram-sha-256 cram-md5\n"})
	if err != nil {
		t.Fatal(err)
	}
	server, err := postfix.Start(l, postfix.Options{Domains: []string{"example.test"}, Accounts: []string{address},
		Submission: &postfix.Submission{Auth: store.SASL, LMTP: store.LMTP}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "PLAIN", "LOGIN", "SCRAM-SHA-256", "CRAM-MD5"} {
		for address, security := range map[string]protocol.Security{server.Submission: protocol.StartTLS, server.Submissions: protocol.ImplicitTLS} {
			sends(t, Options{Address: address, Security: security, TLS: l.ClientTLS("localhost"), Timeout: 20 * time.Second}, name)
		}
	}
	refuses(t, l, server)
}

func sends(t *testing.T, options Options, name string) {
	t.Helper()
	ctx := within(t)
	c, err := Dial(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if used, err := c.LogIn(ctx, Credentials{User: address, Password: password, Mechanism: name}); err != nil || !c.Secured() {
		t.Fatalf("%s %s: %v", options.Security, used, err)
	}
	reply, err := c.Send(ctx, address, address, []byte("Subject: x\r\n\r\n.\r\nend\r\n"))
	if err != nil || !strings.Contains(reply, "queued") {
		t.Errorf("%s %s: %q, %v", options.Security, name, reply, err)
	}
	var status *StatusError
	if _, err := c.Send(ctx, address, "nobody@example.test", []byte("Subject: x\r\n\r\n")); !errors.As(err, &status) || status.Enhanced != "5.1.1" ||
		status.Command != "RCPT" || status.Temporary() || !status.Has("1.1") {
		t.Errorf("nobody: %v", err)
	}
	if err := c.Quit(ctx); err != nil {
		t.Error(err)
	}
}

func refuses(t *testing.T, l *lab.Lab, server *postfix.Server) {
	t.Helper()
	ctx := within(t)
	options := Options{Address: server.Submission, Security: protocol.StartTLS, TLS: l.ClientTLS("localhost")}
	c, err := Dial(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var status *StatusError
	if _, err := c.LogIn(ctx, Credentials{User: address, Password: "guess-me"}); !errors.As(err, &status) || status.Code != 535 || !status.Has("7.8") ||
		strings.Contains(err.Error(), "guess-me") {
		t.Errorf("wrong password: %v", err)
	}
	options.TLS = nil
	if c, err := Dial(ctx, options); err == nil {
		_ = c.Close()
		t.Error("a certificate of nobody was trusted")
	}
	options.Security = protocol.NoTLS
	plain, err := Dial(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if _, err := plain.LogIn(ctx, Credentials{User: address, Password: password}); !errors.As(err, &status) || !status.Unsent {
		t.Errorf("password without TLS: %v, want it unsent", err)
	}
}

// play answers one connection in memory: the first part at once, each other one behind a line of the client's.
func play(t testing.TB, parts ...string) Options {
	t.Helper()
	return Options{Address: "mail.example.test:587", Security: protocol.NoTLS, Timeout: 10 * time.Second,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				defer theirs.Close()
				in := bufio.NewReader(theirs)
				for i, part := range parts {
					if i > 0 {
						if _, err := in.ReadString('\n'); err != nil {
							return
						}
					}
					if part == "hang up" {
						return
					}
					if _, err := io.WriteString(theirs, part); err != nil {
						return
					}
				}
				_, _ = io.Copy(io.Discard, in)
			}()
			return ours, nil
		}}
}

func TestDial_refuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		security protocol.Security
		parts    []string
		want     string
	}{
		{protocol.NoTLS, []string{"* OK IMAP ready\r\n"}, "short response"},
		{protocol.NoTLS, []string{"554 5.7.1 no service for you\r\n"}, "EHLO: 554 5.7.1 no service for you"},
		{protocol.NoTLS, []string{"421 4.7.0 too many\r\n"}, "EHLO: 421 4.7.0 too many"},
		{protocol.NoTLS, []string{"220 hi\r\n", strings.Repeat("250-X\r\n", 1<<20)}, "the server keeps talking"},
		{protocol.NoTLS, []string{"220 hi\r\n", "hang up"}, "EOF"},
		{protocol.StartTLS, []string{"220 hi\r\n", "250-x\r\n250 AUTH PLAIN\r\n"}, "STARTTLS: the server does not offer it"},
		{protocol.StartTLS, []string{"220 hi\r\n", "250-x\r\n250 STARTTLS\r\n", "454 4.7.0 no TLS\r\n"}, "STARTTLS: 454 4.7.0 no TLS"},
	} {
		options := play(t, test.parts...)
		options.Security = test.security
		if c, err := Dial(within(t), options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.60q: got %v, want %s", test.parts, err, test.want)
			if err == nil {
				_ = c.Close()
			}
		}
	}
}

func TestSend_nobodyKnowsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	envelope := []string{"220 hi\r\n", "250 x\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "", ""}
	for _, test := range []struct {
		last      string
		uncertain bool
	}{{"hang up", true}, {"554 5.6.0 no\r\n", false}, {"452 4.3.1 full\r\n", false}, {"?\r\n", true}} {
		c, err := Dial(within(t), play(t, append(envelope, test.last)...))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Send(within(t), address, address, []byte("Subject: x\r\n\r\n"))
		var uncertain *UncertainError
		if errors.As(err, &uncertain) != test.uncertain || err == nil || isStatus(err) == test.uncertain {
			t.Errorf("%q: %v", test.last, err)
		}
		_ = c.Close()
	}
}

func TestLogIn_echoedSecretIsMasked(t *testing.T) {
	t.Parallel()
	options := play(t, "220 hi\r\n", "250-x\r\n250 AUTH PLAIN\r\n", "535 5.7.8 no AGEAczNjcmV0 s3cret\r\n")
	options.Mask = func(words string) string {
		return strings.NewReplacer("s3cret", "***", "AGEAczNjcmV0", "***").Replace(words)
	}
	c, err := Dial(within(t), options)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.LogIn(within(t), Credentials{User: "a", Password: "s3cret", Clear: true})
	if err == nil || err.Error() != "AUTH: 535 5.7.8 no *** ***" {
		t.Errorf("got %v", err)
	}
}

func TestClient_cancelled(t *testing.T) {
	t.Parallel()
	c, err := Dial(within(t), play(t, "220 hi\r\n", "250 x\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Send(ctx, address, address, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

func FuzzClient(f *testing.F) {
	f.Add("220 x\r\n250-x\r\n250 AUTH PLAIN\r\n235 2.7.0 in\r\n250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 queued\r\n221 bye\r\n")
	f.Add("220 x\r\n250-x\r\n250 AUTH SCRAM-SHA-256\r\n334 cj0=\r\n535 5.7.8 no\r\n500 x\r\n")
	f.Add("220-x\r\n220\r\n250\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		options := Options{Address: "x:587", Security: protocol.NoTLS,
			Dial: func(context.Context, string, string) (net.Conn, error) {
				return garbage{in: strings.NewReader(text)}, nil
			}}
		c, err := Dial(t.Context(), options)
		if err != nil {
			return
		}
		_, _ = c.LogIn(t.Context(), Credentials{User: "a", Password: "b", Clear: true})
		if _, err := c.Send(t.Context(), address, address, []byte("Subject: x\r\n\r\n")); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
		_ = c.Quit(t.Context())
	})
}

// garbage is a connection on which everything was said before.
type garbage struct {
	net.Conn
	in io.Reader
}

func (g garbage) Read(p []byte) (int, error)     { return g.in.Read(p) }
func (garbage) Write(p []byte) (int, error)      { return len(p), nil }
func (garbage) Close() error                     { return nil }
func (garbage) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv6loopback, Port: 1} }
func (garbage) SetDeadline(time.Time) error      { return nil }
func (garbage) SetReadDeadline(time.Time) error  { return nil }
func (garbage) SetWriteDeadline(time.Time) error { return nil }

// What is noted before the end of a message was noted before any server could take it; without the note there is no end.
func TestSendNoting_comesBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for _, failing := range []error{nil, errors.New("disk full")} {
		ours, theirs := net.Pipe()
		heard := make(chan string, 1)
		go func() {
			defer theirs.Close()
			in, all := bufio.NewReader(theirs), ""
			answers := []string{"250 x\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "", "", "", "250 queued\r\n"}
			_, _ = io.WriteString(theirs, "220 hi\r\n") // the client says what is wrong
			for _, answer := range answers {
				line, err := in.ReadString('\n')
				if err != nil {
					break
				}
				all += line
				_, _ = io.WriteString(theirs, answer)
			}
			heard <- all
		}()
		c, err := Dial(within(t), Options{Address: "x:587", Security: protocol.NoTLS, Timeout: 10 * time.Second,
			Dial: func(context.Context, string, string) (net.Conn, error) { return ours, nil }})
		if err != nil {
			t.Fatal(err)
		}
		noted := false
		reply, err := c.SendNoting(within(t), address, address, []byte("Subject: x\r\n\r\nx\r\n"), func() error {
			noted = true
			select {
			case all := <-heard:
				t.Errorf("the server has heard everything: %q", all)
			default:
			}
			return failing
		})
		_ = c.Close()
		all, fine := <-heard, failing == nil
		if !noted || !errors.Is(err, failing) || strings.Contains(all, "\r\n.\r\n") != fine || (reply == "queued") != fine {
			t.Errorf("%v: got %q, %v, and the server heard %q", failing, reply, err, all)
		}
	}
}
