// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"rehome/internal/protocol"
	"rehome/internal/protocol/mechanism"
)

func TestMechanisms_choice(t *testing.T) {
	t.Parallel()
	token := func(context.Context, string) (string, error) { return "t", nil }
	for _, test := range []struct {
		name, capabilities string
		private            bool
		login              Credentials
		want               string // separated by blanks, or what the error says
	}{
		{"everything, TLS", "AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5 AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256", true, Credentials{}, "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN CRAM-MD5"},
		{"everything, TLS, once", "AUTH=PLAIN AUTH=SCRAM-SHA-1", true, Credentials{Once: true}, "PLAIN LOGIN SCRAM-SHA-1"},
		{"everything, no TLS", "AUTH=PLAIN AUTH=CRAM-MD5 AUTH=SCRAM-SHA-1", false, Credentials{}, "SCRAM-SHA-1 CRAM-MD5"},
		{"everything, no TLS, allowed", "AUTH=PLAIN AUTH=CRAM-MD5", false, Credentials{Clear: true}, "CRAM-MD5 PLAIN LOGIN"},
		{"old server, TLS", "", true, Credentials{}, "LOGIN"},
		{"old server, no TLS", "", false, Credentials{}, "NO [PRIVACYREQUIRED]"},
		{"LOGINDISABLED, no TLS", "LOGINDISABLED STARTTLS", false, Credentials{Clear: true}, "NO [PRIVACYREQUIRED]"},
		{"LOGINDISABLED, TLS", "LOGINDISABLED AUTH=GSSAPI AUTH=NTLM", true, Credentials{}, "it offers GSSAPI, NTLM"},
		{"SASL LOGIN only", "LOGINDISABLED AUTH=LOGIN", true, Credentials{}, "LOGIN"},
		{"identity", "AUTH=CRAM-MD5 AUTH=SCRAM-SHA-1", true, Credentials{Identity: "a"}, "SCRAM-SHA-1 PLAIN"},
		{"token", "AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER", true, Credentials{Token: token}, "OAUTHBEARER XOAUTH2"},
		{"token, no TLS", "AUTH=XOAUTH2", false, Credentials{Token: token}, "NO [PRIVACYREQUIRED]"},
		{"token, not offered", "AUTH=PLAIN", true, Credentials{Token: token}, "it offers PLAIN"},
		{"asked for", "AUTH=PLAIN AUTH=SCRAM-SHA-1", true, Credentials{Mechanism: "cram-md5"}, "CRAM-MD5"},
		{"asked for, in the clear", "", false, Credentials{Mechanism: "PLAIN"}, "NO [PRIVACYREQUIRED]"},
		{"asked for, without a token", "AUTH=XOAUTH2", true, Credentials{Mechanism: "XOAUTH2"}, "it offers XOAUTH2"},
		{"unknown", "AUTH=NTLM", true, Credentials{Mechanism: "NTLM"}, "it offers NTLM"},
		{"nothing", "LOGINDISABLED", true, Credentials{}, "it offers none"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			serverTLS, clientTLS := certificate(t)
			options := Options{Security: protocol.NoTLS}
			if test.private {
				options = Options{Security: protocol.ImplicitTLS, TLS: clientTLS}
			}
			options.Address = serve(t, func(s *script) {
				if test.private {
					s.secure(serverTLS)
				}
				s.greet(test.capabilities)
				s.silent()
			})
			names, err := dial(t, options).mechanisms(test.login)
			if got := strings.Join(names, " "); err == nil && got != test.want || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

// challenge is one step of a SASL exchange at the server.
func (s *script) challenge(text string) (answer string) {
	s.t.Helper()
	s.send("+ " + base64.StdEncoding.EncodeToString([]byte(text)))
	return s.answer(s.line())
}

func (s *script) answer(line string) string {
	s.t.Helper()
	decoded, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		s.fail("%q is not base64", line)
	}
	return string(decoded)
}

func TestLogIn_cramExampleOfTheStandard(t *testing.T) {
	t.Parallel()
	client := connect(t, "AUTH=CRAM-MD5", func(s *script) { // RFC 2195, section 2
		tag := s.expect("AUTHENTICATE CRAM-MD5")
		if got, want := s.challenge("<1896.697170952@postoffice.reston.mci.net>"), "tim b913a602c7eda7a495b4e6e7334d3890"; got != want {
			s.fail("got %q, want %q", got, want)
		}
		s.send(tag + " OK [CAPABILITY IMAP4rev1] in")
		s.silent()
	})
	if name, err := client.LogIn(within(t), Credentials{User: "tim", Password: "tanstaaftanstaaf"}); name != "CRAM-MD5" || err != nil {
		t.Errorf("%s, %v", name, err)
	}
}

func TestLogIn_refusedHashIsFollowedByThePassword(t *testing.T) {
	t.Parallel()
	client := connect(t, "AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1 AUTH=PLAIN SASL-IR", func(s *script) {
		s.send(s.expect("AUTHENTICATE SCRAM-SHA-256 .*") + " NO [AUTHENTICATIONFAILED] another kind of hash")
		s.send(s.expect("AUTHENTICATE SCRAM-SHA-1 .*") + " NO another kind of hash") // without TLS the password comes last
		s.send(s.expect("AUTHENTICATE PLAIN AGFubmEAc2VjcmV0") + " OK [CAPABILITY IMAP4rev1] in")
		s.silent()
	})
	if name, err := client.LogIn(within(t), Credentials{User: "anna", Password: "secret", Clear: true}); name != "PLAIN" || err != nil {
		t.Errorf("%s, %v", name, err)
	}
}

func TestLogIn_once(t *testing.T) {
	t.Parallel()
	client := connect(t, "AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1 AUTH=PLAIN SASL-IR", func(s *script) {
		s.send(s.expect("AUTHENTICATE SCRAM-SHA-256 .*") + " NO [AUTHENTICATIONFAILED] another kind of hash")
		s.silent()
	})
	var status *StatusError
	login := Credentials{User: "anna", Password: "secret", Clear: true, Once: true}
	if name, err := client.LogIn(within(t), login); name != "SCRAM-SHA-256" || !errors.As(err, &status) || client.Err() != nil {
		t.Errorf("%s, %v, want one refusal", name, err)
	}
}

func TestLogIn_finalRefusals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ answer, code string }{{"NO [UNAVAILABLE] later", "UNAVAILABLE"}, {"NO [CONTACTADMIN] locked", "CONTACTADMIN"}, {"BAD no", ""}} {
		client := connect(t, "AUTH=SCRAM-SHA-1 AUTH=PLAIN", func(s *script) {
			s.send(s.expect("AUTHENTICATE SCRAM-SHA-1") + " " + test.answer)
			s.silent()
		})
		var status *StatusError
		if _, err := client.LogIn(within(t), Credentials{User: "anna", Password: "secret", Clear: true}); !errors.As(err, &status) || status.Code != test.code {
			t.Errorf("%s: %v", test.answer, err)
		}
		_ = client.Close()
	}
}

func TestLogIn_impostor(t *testing.T) {
	t.Parallel()
	client := connect(t, "AUTH=SCRAM-SHA-1", func(s *script) {
		tag := s.expect("AUTHENTICATE SCRAM-SHA-1")
		s.send("+")
		_, nonce, _ := strings.Cut(s.answer(s.line()), ",r=")
		s.challenge("r=" + nonce + "x,s=QSXC,i=4096")
		s.send(tag + " OK [CAPABILITY IMAP4rev1] come in") // it has proved nothing
		s.silent()
	})
	if _, err := client.LogIn(within(t), Credentials{User: "anna", Password: "secret"}); !errors.Is(err, mechanism.ErrImpostor) || client.Err() == nil {
		t.Errorf("%v, connection %v", err, client.Err())
	}
}

func TestLogIn_preauthenticated(t *testing.T) {
	t.Parallel()
	address := serve(t, func(s *script) {
		s.send("* PREAUTH [CAPABILITY IMAP4rev1 AUTH=PLAIN] welcome, root")
		s.silent()
	})
	client := dial(t, Options{Address: address})
	if _, err := client.LogIn(within(t), Credentials{User: "anna", Password: "x", Clear: true}); !errors.Is(err, ErrPreauthenticated) || !client.Preauthenticated() {
		t.Errorf("%v, %v", err, client.Preauthenticated())
	}
}

func TestLogIn_token(t *testing.T) {
	t.Parallel()
	const failure = `{"status":"401","schemes":"bearer"}`
	for _, test := range []struct{ name, capabilities, first, second, acknowledge string }{
		{"XOAUTH2", "AUTH=XOAUTH2", "user=anna\x01auth=Bearer old\x01\x01", "user=anna\x01auth=Bearer new\x01\x01", ""},
		{"OAUTHBEARER", "AUTH=OAUTHBEARER AUTH=XOAUTH2", "n,a=anna,\x01auth=Bearer old\x01\x01", "n,a=anna,\x01auth=Bearer new\x01\x01", "\x01"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "SASL-IR "+test.capabilities, func(s *script) {
				groups := s.match(`(\S+) AUTHENTICATE ` + test.name + ` (\S+)`)
				if got := s.answer(groups[2]); got != test.first {
					s.fail("got %q, want %q", got, test.first)
				}
				if got := s.challenge(failure); got != test.acknowledge {
					s.fail("got %q, want %q", got, test.acknowledge)
				}
				s.send(groups[1] + " NO [AUTHENTICATIONFAILED] expired")
				groups = s.match(`(\S+) AUTHENTICATE ` + test.name + ` (\S+)`)
				if got := s.answer(groups[2]); got != test.second {
					s.fail("got %q, want %q", got, test.second)
				}
				s.send(groups[1] + " OK [CAPABILITY IMAP4rev1] in")
				s.silent()
			})
			var refused []string
			name, err := client.LogIn(within(t), Credentials{User: "anna", Clear: true, Token: func(_ context.Context, before string) (string, error) {
				refused = append(refused, before)
				return map[string]string{"": "old", "old": "new"}[before], nil
			}})
			if name != test.name || err != nil || strings.Join(refused, " ") != " old" {
				t.Errorf("%s, %v, asked for %q", name, err, refused)
			}
		})
	}
}

func TestLogIn_tokenThatStaysIsAskedForTwice(t *testing.T) {
	t.Parallel()
	client := connect(t, "AUTH=XOAUTH2 SASL-IR", func(s *script) {
		s.send(s.expect("AUTHENTICATE XOAUTH2 .*") + " NO [AUTHENTICATIONFAILED] no")
		s.silent()
	})
	asked := 0
	_, err := client.LogIn(within(t), Credentials{User: "anna", Clear: true, Token: func(context.Context, string) (string, error) { asked++; return "same", nil }})
	if !IsCode(err, "AUTHENTICATIONFAILED") || asked != 2 {
		t.Errorf("%v, asked %d times", err, asked)
	}
	if _, err := client.LogIn(within(t), Credentials{User: "a\x01auth=Bearer x", Clear: true, Token: func(context.Context, string) (string, error) { return "t", nil }}); err == nil {
		t.Error("a name with a control character is sent")
	}
	broken := errors.New("no token")
	if _, err := client.LogIn(within(t), Credentials{Clear: true, Token: func(context.Context, string) (string, error) { return "", broken }}); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestProxyAuth(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.ok(`LOGIN "admin" "x"`)
		s.ok("CAPABILITY", "* CAPABILITY IMAP4rev1")
		s.ok(`PROXYAUTH "anna \\"b\\""`)
		s.ok("CAPABILITY", "* CAPABILITY IMAP4rev1 UIDPLUS")
		s.send(s.expect("PROXYAUTH .*") + " NO not allowed")
		s.silent()
	})
	if err := errors.Join(client.LogInPlain(within(t), "", "admin", "x"), client.ProxyAuth(within(t), `anna "b"`)); err != nil || !client.Capabilities().Has("UIDPLUS") {
		t.Errorf("%v, %q", err, client.Capabilities().List())
	}
	if err := client.ProxyAuth(within(t), "otto"); !IsStatus(err, "NO") {
		t.Errorf("got %v, want NO", err)
	}
}
