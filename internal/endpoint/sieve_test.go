// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
)

// A port where nothing answers is another matter than a server that cannot be trusted or understood: the
// rules of the one become files, the other is a mistake in the settings.
func TestSieve_reach(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server, err := dovecot.Start(l, dovecot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	host := NewHost(HostSettings{Side: rehome.Destination})
	trusted := l.ClientTLS("localhost")
	for name, test := range map[string]struct {
		address  string
		security protocol.Security
		tls      *tls.Config
		class    rehome.Class
		hint     string
	}{
		"good":              {server.Sieve, protocol.StartTLS, trusted, "", ""},
		"nothing there":     {"127.0.0.1:1", protocol.NoTLS, nil, rehome.ClassTemporary, "usually it is port 4190"},
		"unknown authority": {server.Sieve, protocol.StartTLS, nil, rehome.ClassUntrusted, "ca_file"},
		"not TLS at once":   {server.Sieve, protocol.ImplicitTLS, trusted, rehome.ClassUntrusted, "starttls"},
		"not a ManageSieve": {server.IMAP, protocol.NoTLS, nil, rehome.ClassUntrusted, "sieve.address"},
		"another greeting":  {server.LMTP, protocol.NoTLS, nil, rehome.ClassUntrusted, "sieve.address"},
	} {
		end := NewSieve(ServiceSettings{Host: host, Address: test.address, Security: test.security, TLS: test.tls, Timeout: 5 * time.Second})
		caps, err := end.Reach(t.Context())
		if test.class == "" {
			if err != nil || len(caps.Sieve) == 0 {
				t.Errorf("%s: got %v %v", name, caps, err)
			}
			continue
		}
		if rehome.ClassOf(err) != test.class || !strings.Contains(rehome.HintOf(err), test.hint) {
			t.Errorf("%s: got class %s, %v, hint %q, want %s and %q", name, rehome.ClassOf(err), err, rehome.HintOf(err), test.class, test.hint)
		}
	}
}

// A server that is too busy for a log-in has not refused the password: it is said, waited for, and tried again.
func TestSieve_tryLater(t *testing.T) {
	t.Parallel()
	address := serve(t, "\"SASL\" \"PLAIN\"\r\nOK", "NO (TRYLATER) \"busy with "+masterPassword+"\"")
	said := make(chan string, 1)
	host := NewHost(HostSettings{Side: rehome.Destination, Slowed: func(sentence string) { said <- sentence }})
	h := NewSieve(ServiceSettings{
		Host: host, Login: Login{MasterUser: "mover", MasterPassword: rehome.NewSecret(masterPassword)},
		Address: address, Security: protocol.NoTLS, Timeout: waitingTime,
	})
	_, err := h.Open(within(t), anna())
	wantFault(t, err, rehome.ClassTemporary, "log in for rules at the destination", "")
	if len(said) == 0 {
		t.Fatal("nothing was said")
	}
	if got := <-said; !strings.Contains(got, `the destination asks to slow down ("busy with ***")`) {
		t.Errorf("said %q", got)
	}
	if got := h.gate.taken(); got != 0 {
		t.Errorf("%d places are taken, want none", got)
	}
	if err := h.lockout.settled(); err != nil {
		t.Errorf("counted as a refusal: %v", err)
	}
}
