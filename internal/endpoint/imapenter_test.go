// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"rehome"
	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/dovecot"
)

// withTokens returns settings whose tokens are token-1, token-2 and so on.
func withTokens(address string) (settings Settings, asked *atomic.Int32) {
	asked = &atomic.Int32{}
	settings = plain(address)
	settings.Token = func(_ context.Context, login string) (rehome.Secret, error) {
		return rehome.NewSecret(fmt.Sprintf("token-%d-of-%s", asked.Add(1), login)), nil
	}
	return settings, asked
}

func TestOpen_tokenIsKeptUntilItIsRefused(t *testing.T) {
	t.Parallel()
	const greeting = "* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] ready"
	settings, asked := withTokens(serve(t, greeting, "TAG NO [AUTHENTICATIONFAILED] expired", "TAG OK [CAPABILITY IMAP4rev1] in", "* BYE out"))
	h := NewIMAP(settings)
	withoutPassword := rehome.Account{Address: "anna@example.test"}
	for _, want := range []int32{2, 3} { // the second log-in begins with what the first one ended with
		session, err := h.Open(within(t), withoutPassword)
		if err != nil {
			t.Fatal(err)
		}
		session.Close()
		if got := asked.Load(); got != want {
			t.Errorf("asked %d times, want %d", got, want)
		}
	}
	settings, asked = withTokens(serve(t, greeting, "TAG OK [CAPABILITY IMAP4rev1] in", "* BYE out"))
	h = NewIMAP(settings)
	for range 3 {
		must(t, h, withoutPassword)
	}
	if got := asked.Load(); got != 1 {
		t.Errorf("asked %d times, want once for the account", got)
	}
}

func TestOpen_tokenRefusedOrMissing(t *testing.T) {
	t.Parallel()
	refusing := serve(t, "* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] ready", "TAG NO LINE", "TAG NO LINE")
	settings, _ := withTokens(refusing)
	long := strings.Repeat("0123456789", 100)
	settings.Token = func(context.Context, string) (rehome.Secret, error) { return rehome.NewSecret(long), nil }
	_, err := NewIMAP(settings).Open(within(t), anna())
	wantFault(t, err, rehome.ClassAuth, "***", "run the command of token")
	for _, form := range []string{long[:20], "MDEyMzQ1Njc4OTAx"} { // the echo is longer than what is kept of it
		if strings.Contains(err.Error(), form) {
			t.Errorf("a part of the token is in %v", err)
		}
	}
	settings.Token = func(context.Context, string) (rehome.Secret, error) { return rehome.Secret{}, nil }
	_, err = NewIMAP(settings).Open(within(t), anna())
	wantFault(t, err, rehome.ClassOperator, "it is empty", "run the command of token")
	broken := &rehome.Fault{Class: rehome.ClassOperator, Op: "read secret", Cause: errors.New("no such program")}
	settings.Token = func(context.Context, string) (rehome.Secret, error) { return rehome.Secret{}, broken }
	if _, err = NewIMAP(settings).Open(within(t), anna()); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestOpen_masterByProxyAuth(t *testing.T) {
	t.Parallel()
	const greeting = "* OK [CAPABILITY IMAP4rev1] ready"
	for answer, check := range map[string]func(*Session, error){
		"TAG OK [CAPABILITY IMAP4rev1 X-AS-THE-USER] done": func(s *Session, err error) {
			if err != nil || !s.Capabilities().Has("X-AS-THE-USER") {
				t.Errorf("got %v", err)
			}
		},
		"TAG NO LINE": func(_ *Session, err error) {
			wantFault(t, err, rehome.ClassAuth, `PROXYAUTH "anna@example.test"`, "check source.imap.master_user and master_password")
		},
	} {
		settings := plain(serve(t, greeting, "TAG OK [CAPABILITY IMAP4rev1] admin", answer, "* BYE out"))
		settings.MasterUser, settings.MasterPassword, settings.MasterStyle = "admin", rehome.NewSecret(masterPassword), MasterProxyAuth
		session, err := NewIMAP(settings).Open(within(t), anna())
		check(session, err)
		if err == nil {
			session.Close()
		}
	}
}

func TestOpen_mechanism(t *testing.T) {
	t.Parallel()
	const greeting = "* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-1 AUTH=PLAIN SASL-IR] ready"
	h := NewIMAP(plain(serve(t, greeting, "TAG NO [AUTHENTICATIONFAILED] not for this hash", "TAG OK [CAPABILITY IMAP4rev1] in", "* BYE out")))
	if must(t, h, anna()); h.mechanism() != "PLAIN" {
		t.Errorf("the next log-in uses %q, want PLAIN at once", h.mechanism())
	}
	settings := plain(serve(t, greeting, "TAG NO LINE"))
	settings.Mechanism = "cram-md5"
	_, err := NewIMAP(settings).Open(within(t), anna())
	wantFault(t, err, rehome.ClassAuth, "AUTHENTICATE CRAM-MD5", "roster")

	settings = plain(serve(t, "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=GSSAPI STARTTLS] ready"))
	settings.Mechanism = "xoauth2"
	_, err = NewIMAP(settings).Open(within(t), anna())
	wantFault(t, err, rehome.ClassAuth, "no password may be sent", "no unencrypted password") // LOGINDISABLED says so, whatever was named
}

func TestOpen_noWayToLogIn(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server := start(t, l, dovecot.Options{})
	settings := plain(server.IMAPS)
	settings.Security, settings.TLS, settings.Mechanism = protocol.ImplicitTLS, l.ClientTLS(""), "xoauth2"
	_, err := NewIMAP(settings).Open(within(t), anna())
	wantFault(t, err, rehome.ClassAuth, "it offers LOGIN, PLAIN", "set another mechanism")
}

func TestOpen_serverThatKnowsUsAlready(t *testing.T) {
	t.Parallel()
	_, err := NewIMAP(plain(serve(t, "* PREAUTH [CAPABILITY IMAP4rev1] hello root"))).Open(within(t), anna())
	wantFault(t, err, rehome.ClassUntrusted, "PREAUTH", "check address and port")
}

func TestOpen_compression(t *testing.T) {
	t.Parallel()
	const zlib = "protocol imap {\n  mail_plugins = quota imap_quota zlib imap_zlib\n}\n"
	for extra, able := range map[string]bool{zlib: true, "": false} {
		settings := plain(start(t, lab.Open(t), dovecot.Options{Extra: extra}).IMAP)
		settings.Compress = true
		session := must(t, NewIMAP(settings), anna())
		wantWorks(t, session)
		var unsupported *imap.UnsupportedError
		switch err := session.Compress(within(t)); { // once more
		case able && err == nil, able && errors.As(err, &unsupported), !able && !errors.As(err, &unsupported):
			t.Errorf("server can compress: %v; a second COMPRESS: %v", able, err)
		}
	}
}
