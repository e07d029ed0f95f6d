// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"rehome/internal/protocol"
)

func TestDial_greetings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, greeting, want string }{
		{"ready", "* OK [CAPABILITY IMAP4rev1 X] Dovecot ready.\r\n", ""},
		{"empty line before", "\r\n* OK [CAPABILITY IMAP4rev1] ready\r\n", ""},
		{"preauth", "* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n", ""},
		{"bye", "* BYE [UNAVAILABLE] too many connections\r\n", "connect: BYE [UNAVAILABLE] too many connections"},
		{"no", "* NO come back later\r\n", "connect: NO come back later"},
		{"another protocol", "220 mail.example.test ESMTP\r\n", `cannot make sense of the server's answer: it begins with "220 mail.example.test"`},
		{"POP3", "+OK ready\r\n", `cannot make sense of the server's answer: it begins with "+OK ready"`},
		{"tagged", "r1 OK ready\r\n", `cannot make sense of the server's answer: not an IMAP greeting: "r1 OK ready"`},
		{"data", "* 5 EXISTS\r\n", `cannot make sense of the server's answer: not an IMAP greeting: "EXISTS"`},
		{"continuation", "+ go on\x1b[31m\r\n", `cannot make sense of the server's answer: not an IMAP greeting: "go on [31m"`},
		{"nothing", "", "EOF"},
		{"cut", "* OK rea", "unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			address := serve(t, func(s *script) {
				s.raw(test.greeting)
				if test.want == "" {
					s.silent()
				}
			})
			client, err := Dial(within(t), Options{Address: address, Security: protocol.NoTLS})
			if test.want != "" {
				if err == nil || err.Error() != test.want {
					t.Errorf("Dial: %v, want %s", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, secured := client.TLS(); secured {
				t.Error("TLS out of nowhere")
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDial_asksForCapabilitiesThatWereNotAnnounced(t *testing.T) {
	t.Parallel()
	address := serve(t, func(s *script) {
		s.send("* OK ready")
		s.ok("CAPABILITY", "* CAPABILITY imap4rev1 Idle APPENDLIMIT=35651584")
	})
	client := dial(t, Options{Address: address})
	caps := client.Capabilities()
	if limit, ok := caps.AppendLimit(); !caps.Has("IDLE") || caps.Has("UIDPLUS") || !ok || limit != 35651584 {
		t.Errorf("capabilities %q, limit %d, %v", caps.List(), limit, ok)
	}
	if got := client.Greeting(); got != "ready" {
		t.Errorf("Greeting() = %q", got)
	}
}

func TestCapabilities_appendLimit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		word  string
		limit int64
		ok    bool
	}{
		{"APPENDLIMIT=5", 5, true}, {"appendlimit=0", 0, true}, {"APPENDLIMIT", 0, false}, {"APPENDLIMIT=", 0, false},
		{"APPENDLIMIT=-1", -1, false}, {"APPENDLIMIT=x", 0, false}, {"X", 0, false},
	} {
		if limit, ok := newCapabilities([]string{test.word}).AppendLimit(); ok != test.ok || ok && limit != test.limit {
			t.Errorf("%s: %d, %v, want %d, %v", test.word, limit, ok, test.limit, test.ok)
		}
	}
}

func TestDial_refusedCapabilityCommand(t *testing.T) {
	t.Parallel()
	address := serve(t, func(s *script) {
		s.send("* OK ready")
		s.send(s.expect("CAPABILITY") + " NO not now")
		s.silent()
	})
	if _, err := Dial(within(t), Options{Address: address, Security: protocol.NoTLS}); !IsStatus(err, "NO") {
		t.Errorf("Dial: %v, want NO", err)
	}
}

func TestDial_nobodyListens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	var network *net.OpError
	if _, err := Dial(within(t), Options{Address: address, Security: protocol.NoTLS}); !errors.As(err, &network) {
		t.Errorf("Dial: %v, want a net.OpError", err)
	}
}

func TestDial_silentServer(t *testing.T) {
	t.Parallel()
	for _, security := range []protocol.Security{protocol.NoTLS, protocol.StartTLS, protocol.ImplicitTLS} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			address := serve(t, func(s *script) { s.hungUp() })
			_, err := Dial(within(t), Options{Address: address, Security: security, Timeout: 50 * time.Millisecond})
			if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Dial: %v, want a missed deadline", err)
			}
		})
	}
}

func TestDial_cancelledContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	address := serve(t, func(s *script) {
		cancel()
		s.hungUp()
	})
	if _, err := Dial(ctx, Options{Address: address, Security: protocol.NoTLS}); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial: %v, want %v", err, context.Canceled)
	}
}

func TestDial_ownDialer(t *testing.T) {
	t.Parallel()
	address := serve(t, func(s *script) { s.greet(""); s.silent() })
	asked := ""
	client := dial(t, Options{Address: "mail.example.test:143", Dial: func(ctx context.Context, network, wanted string) (net.Conn, error) {
		asked = network + " " + wanted
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}})
	if want := "tcp mail.example.test:143"; asked != want || client.Err() != nil {
		t.Errorf("dialled %q, want %q; %v", asked, want, client.Err())
	}
}

func TestDial_implicitTLS(t *testing.T) {
	t.Parallel()
	serverConfig, clientConfig := certificate(t)
	address := serve(t, func(s *script) {
		s.secure(serverConfig)
		s.greet("")
		s.ok("NOOP")
	})
	client := dial(t, Options{Address: address, Security: protocol.ImplicitTLS, TLS: clientConfig})
	if err := client.Noop(within(t)); err != nil {
		t.Error(err)
	}
	if state, ok := client.TLS(); !ok || state.Version < tls.VersionTLS12 {
		t.Errorf("TLS() = %+v, %v", state, ok)
	}
	if clientConfig.ServerName != "" {
		t.Error("the caller's configuration was changed")
	}
}

func TestDial_certificateOfNobodyIsRefused(t *testing.T) {
	t.Parallel()
	serverConfig, _ := certificate(t)
	for _, security := range []protocol.Security{protocol.ImplicitTLS, protocol.StartTLS} {
		address := serve(t, func(s *script) {
			if security == protocol.StartTLS {
				s.greet("STARTTLS")
				s.ok("STARTTLS")
			}
			if err := tls.Server(s.conn, serverConfig).Handshake(); err == nil {
				s.fail("the client trusts anybody")
			}
		})
		var unknown x509.UnknownAuthorityError
		if _, err := Dial(within(t), Options{Address: address, Security: security}); !errors.As(err, &unknown) {
			t.Errorf("%s: %v, want an unknown authority", security, err)
		}
	}
}

func TestDial_startTLS(t *testing.T) {
	t.Parallel()
	serverConfig, clientConfig := certificate(t)
	address := serve(t, func(s *script) {
		s.greet("STARTTLS LOGINDISABLED LITERAL+")
		s.send("* OK still here", "* CAPABILITY IMAP4rev1 X-INJECTED")
		s.ok("STARTTLS")
		s.secure(serverConfig)
		s.ok("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN") // what was said in clear text counts no more
		s.ok("NOOP")
	})
	client := dial(t, Options{Address: address, Security: protocol.StartTLS, TLS: clientConfig})
	if err := client.Noop(within(t)); err != nil {
		t.Error(err)
	}
	if _, ok := client.TLS(); !ok {
		t.Error("no TLS")
	}
	if got, want := strings.Join(client.Capabilities().List(), " "), "AUTH=PLAIN IMAP4REV1"; got != want {
		t.Errorf("capabilities %q, want %q", got, want)
	}
	if got := client.Greeting(); got != "ready" {
		t.Errorf("Greeting() = %q", got)
	}
}

// There is no way from STARTTLS back to clear text.
func TestDial_startTLSThatDoesNotHappen(t *testing.T) {
	t.Parallel()
	_, clientConfig := certificate(t)
	for _, test := range []struct {
		name string
		play func(*script)
		want string
	}{
		{"refused", func(s *script) { s.greet(""); s.send(s.expect("STARTTLS") + " NO not here") }, "STARTTLS: NO not here"},
		{"unknown", func(s *script) { s.greet(""); s.send(s.expect("STARTTLS") + " BAD what") }, "STARTTLS: BAD what"},
		{"farewell", func(s *script) { s.greet(""); s.expect("STARTTLS"); s.send("* BYE going down") }, "STARTTLS: BYE going down"},
		{"cut", func(s *script) { s.greet(""); s.expect("STARTTLS"); _ = s.conn.Close() }, "EOF"},
		{"preauth", func(s *script) { s.send("* PREAUTH hello") }, "STARTTLS: NO the server starts in the authenticated state, where TLS cannot begin"},
		{
			"response injection", func(s *script) {
				s.greet("")
				tag := s.expect("STARTTLS")
				s.raw(tag + " OK begin\r\n* OK [CAPABILITY IMAP4rev1 X-INJECTED] in clear text\r\n")
			}, "cannot make sense of the server's answer: octets behind the answer to STARTTLS that are not encrypted",
		},
		{"answer to something else", func(s *script) { s.greet(""); s.expect("STARTTLS"); s.send("z1 OK begin") }, "STARTTLS: OK begin"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			address := serve(t, func(s *script) {
				test.play(s)
				s.silent() // above all no password
			})
			_, err := Dial(within(t), Options{Address: address, Security: protocol.StartTLS, TLS: clientConfig})
			if err == nil || err.Error() != test.want {
				t.Errorf("Dial: %v, want %s", err, test.want)
			}
		})
	}
}

func TestDial_startTLSInjectionInAnotherPacket(t *testing.T) {
	t.Parallel()
	_, clientConfig := certificate(t)
	address := serve(t, func(s *script) {
		s.greet("")
		s.ok("STARTTLS")
		_, _ = io.CopyN(io.Discard, s.in, 1) // the handshake has begun
		_, _ = io.WriteString(s.conn, "* OK [CAPABILITY IMAP4rev1] in clear text\r\n")
	})
	var record tls.RecordHeaderError
	if _, err := Dial(within(t), Options{Address: address, Security: protocol.StartTLS, TLS: clientConfig}); !errors.As(err, &record) {
		t.Errorf("Dial: %v, want a tls.RecordHeaderError", err)
	}
}

func TestDial_addressWithoutPort(t *testing.T) {
	t.Parallel()
	address := serve(t, func(s *script) { s.hungUp() })
	_, err := Dial(within(t), Options{Address: "127.0.0.1", Security: protocol.ImplicitTLS, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}})
	var bad *net.AddrError
	if !errors.As(err, &bad) {
		t.Errorf("Dial: %v, want a net.AddrError", err)
	}
}
