// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
)

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestLogInPlain_withInitialResponse(t *testing.T) {
	t.Parallel()
	client := connect(t, "AUTH=PLAIN SASL-IR", func(s *script) {
		tag := s.expect(`AUTHENTICATE PLAIN ` + encode("anna\x00master\x00secret"))
		s.send(tag + " OK [CAPABILITY IMAP4rev1 UIDPLUS] welcome")
		s.silent() // the capabilities were volunteered
	})
	if err := client.LogInPlain(within(t), "anna", "master", "secret"); err != nil {
		t.Fatal(err)
	}
	if caps := client.Capabilities(); !caps.Has("UIDPLUS") || caps.Has("SASL-IR") {
		t.Errorf("capabilities %q", caps.List())
	}
}

func TestLogInPlain_withoutInitialResponse(t *testing.T) {
	t.Parallel()
	for _, challenge := range []string{"+", "+ ", "+  \r", "+ go ahead"} {
		client := connect(t, "AUTH=PLAIN", func(s *script) {
			tag := s.expect("AUTHENTICATE PLAIN")
			s.raw(challenge + "\r\n")
			s.match(encode("\x00anna\x00secret"))
			s.send(tag + " OK welcome")
			s.ok("CAPABILITY", "* CAPABILITY IMAP4rev1 AFTER")
		})
		if err := client.LogInPlain(within(t), "", "anna", "secret"); err != nil {
			t.Fatalf("%q: %v", challenge, err)
		}
		if !client.Capabilities().Has("AFTER") {
			t.Errorf("capabilities %q are those from before the login", client.Capabilities().List())
		}
	}
}

// An identity travels in AUTHENTICATE alone, so it is tried even when it is not offered.
func TestLogInPlain_identityNeedsAuthenticate(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.send(s.expect("AUTHENTICATE PLAIN") + " NO [CANNOT] unsupported mechanism")
		s.silent()
	})
	if err := client.LogInPlain(within(t), "anna", "master", "secret"); !IsCode(err, "CANNOT") {
		t.Errorf("got %v, want NO [CANNOT]", err)
	}
}

func TestLogInPlain_byLogin(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL+", func(s *script) {
		s.ok(`LOGIN "anna\*master" "a \\"b\\\\c"`, "* CAPABILITY IMAP4rev1 AFTER")
		s.silent()
	})
	if err := client.LogInPlain(within(t), "", "anna*master", `a "b\c`); err != nil {
		t.Error(err)
	}
	if !client.Capabilities().Has("AFTER") {
		t.Error("the volunteered capabilities were not taken over")
	}
}

func TestLogInPlain_loginDisabled(t *testing.T) {
	t.Parallel()
	client := connect(t, "LOGINDISABLED STARTTLS", func(s *script) { s.silent() })
	if err := client.LogInPlain(within(t), "", "anna", "secret"); !IsCode(err, "PRIVACYREQUIRED") {
		t.Errorf("got %v, want NO [PRIVACYREQUIRED]", err)
	}
}

func TestLogInPlain_NULIsRefused(t *testing.T) {
	t.Parallel()
	for _, capabilities := range []string{"AUTH=PLAIN SASL-IR", ""} {
		client := connect(t, capabilities, func(s *script) { s.silent() })
		var argument *ArgumentError
		for _, fields := range [][3]string{{"", "anna", "se\x00cret"}, {"", "anna\x00bob", "x"}, {"bob\x00", "anna", "x"}} {
			err := client.LogInPlain(within(t), fields[0], fields[1], fields[2])
			if !errors.As(err, &argument) || strings.Contains(err.Error(), "cret") {
				t.Errorf("got %v, want an ArgumentError without the secret", err)
			}
		}
		if err := client.Login(within(t), "anna", "se\x00cret"); !errors.As(err, &argument) || strings.Contains(err.Error(), "cret") {
			t.Errorf("got %v, want an ArgumentError without the secret", err)
		}
		if err := client.Err(); err != nil {
			t.Errorf("the connection ended: %v", err)
		}
	}
}

func TestLogin_literalPassword(t *testing.T) {
	t.Parallel()
	const password = "pässwörd\r\nz1 NOOP"
	t.Run("LITERAL+", func(t *testing.T) {
		t.Parallel()
		client := connect(t, "LITERAL+", func(s *script) {
			tag := s.expect(`LOGIN "anna" \{19\+\}`)
			if got := s.octets(19); got != password {
				s.fail("password %q", got)
			}
			s.match("")
			s.send(tag + " OK done")
			s.ok("CAPABILITY", "* CAPABILITY IMAP4rev1")
		})
		if err := client.Login(within(t), "anna", password); err != nil {
			t.Error(err)
		}
	})
	t.Run("synchronising", func(t *testing.T) {
		t.Parallel()
		client := connect(t, "", func(s *script) {
			tag := s.expect(`LOGIN \{3\}`)
			s.send("+ user")
			s.octets(3)
			s.match(` \{19\}`)
			s.send("+ password")
			if got := s.octets(19); got != password {
				s.fail("password %q", got)
			}
			s.match("")
			s.send("* CAPABILITY IMAP4rev1", tag+" OK done")
		})
		if err := client.Login(within(t), "ü+", password); err != nil {
			t.Error(err)
		}
	})
	t.Run("refused before the password", func(t *testing.T) {
		t.Parallel()
		client := connect(t, "", func(s *script) {
			s.send(s.expect(`LOGIN "anna" \{19\}`) + " NO [AUTHENTICATIONFAILED] no")
			s.ok("NOOP")
			s.silent()
		})
		if err := client.Login(within(t), "anna", password); !IsCode(err, "AUTHENTICATIONFAILED") {
			t.Errorf("got %v", err)
		}
		if err := client.Noop(within(t)); err != nil {
			t.Error(err)
		}
	})
}

func TestAuthenticate_refusalKeepsTheConnection(t *testing.T) {
	t.Parallel()
	client := connect(t, "AUTH=PLAIN SASL-IR", func(s *script) {
		tag := s.expect(`AUTHENTICATE PLAIN \S+`)
		s.send(tag + " NO [AUTHENTICATIONFAILED] Authentication failed.")
		s.ok(`AUTHENTICATE PLAIN \S+`, "* CAPABILITY IMAP4rev1")
	})
	err := client.LogInPlain(within(t), "", "anna", "wrong")
	if got, want := errorText(err), "AUTHENTICATE PLAIN: NO [AUTHENTICATIONFAILED] Authentication failed."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := client.LogInPlain(within(t), "", "anna", "right"); err != nil {
		t.Error(err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// dialogue is a mechanism that answers each challenge by the next reply.
type dialogue struct {
	initial []byte
	seen    []string
	replies []string
}

func (d *dialogue) Start() (string, []byte, error) { return "X-TALK", d.initial, nil }

var errEnough = errors.New("enough")

func (d *dialogue) Next(challenge []byte) ([]byte, error) {
	d.seen = append(d.seen, string(challenge))
	if len(d.replies) == 0 {
		return nil, errEnough
	}
	reply := d.replies[0]
	d.replies = d.replies[1:]
	return []byte(reply), nil
}

func TestAuthenticate_severalSteps(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a long challenge, as GSSAPI has. ", 100)
	client := connect(t, "SASL-IR", func(s *script) {
		s.ok("NOOP", "+ nobody waits for this one")
		tag := s.expect("AUTHENTICATE X-TALK")
		s.send("* OK just saying", "+ "+encode(long))
		s.match(encode("one"))
		s.send("+")
		s.match("") // an empty answer
		s.send(tag + " OK [CAPABILITY IMAP4rev1] done")
	})
	if err := client.Noop(within(t)); err != nil {
		t.Fatal(err)
	}
	mechanism := &dialogue{replies: []string{"one", ""}}
	if err := client.Authenticate(within(t), mechanism); err != nil {
		t.Fatal(err)
	}
	if len(mechanism.seen) != 2 || mechanism.seen[0] != long || mechanism.seen[1] != "" {
		t.Errorf("challenges %.80q", mechanism.seen)
	}
}

func TestAuthenticate_emptyInitialResponse(t *testing.T) {
	t.Parallel()
	client := connect(t, "SASL-IR", func(s *script) {
		s.ok("AUTHENTICATE X-TALK =", "* CAPABILITY IMAP4rev1")
	})
	if err := client.Authenticate(within(t), &dialogue{initial: []byte{}}); err != nil {
		t.Error(err)
	}
}

func TestAuthenticate_exchangeThatCannotGoOnEndsTheConnection(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, challenge string
		want            error
	}{
		{"the mechanism gives up", encode("x"), errEnough},
		{"not base64", "%%%", errNotBase64},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "", func(s *script) {
				s.expect("AUTHENTICATE X-TALK")
				s.send("+ " + test.challenge)
				s.silent()
			})
			if err := client.Authenticate(within(t), &dialogue{}); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestAuthenticate_failingStartSendsNothing(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) { s.silent() })
	if err := client.Authenticate(within(t), failingStart{}); !errors.Is(err, errEnough) {
		t.Errorf("got %v, want %v", err, errEnough)
	}
}

type failingStart struct{ sasl.Client }

func (failingStart) Start() (string, []byte, error) { return "", nil, errEnough }

func TestAuthenticate_cancelledContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client := connect(t, "", func(s *script) {
		s.expect("AUTHENTICATE PLAIN")
		cancel()
		s.silent()
	})
	if err := client.Authenticate(ctx, sasl.NewPlainClient("", "anna", "secret")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestAuthenticate_lostConnection(t *testing.T) {
	t.Parallel()
	client := connect(t, "AUTH=PLAIN", func(s *script) {
		s.expect("AUTHENTICATE PLAIN")
		s.send("* BYE [INUSE] too many logins")
	})
	err := client.LogInPlain(within(t), "", "anna", "secret")
	var lost *ConnectionError
	if !errors.As(err, &lost) || !IsCode(err, "INUSE") {
		t.Errorf("got %v, want a ConnectionError with the farewell", err)
	}
}
