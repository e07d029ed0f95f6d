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
	"rehome/lab/postfix"
)

// greetedServers are a Dovecot with Anna's account, and a Postfix that asks it who somebody is.
func greetedServers(t *testing.T) (*lab.Lab, *dovecot.Server, *postfix.Server) {
	t.Helper()
	l := lab.Open(t)
	store, err := dovecot.Start(l, dovecot.Options{SASL: true, Accounts: []dovecot.Account{{Address: anna().Address, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	mail, err := postfix.Start(l, postfix.Options{Domains: []string{"example.test"}, Accounts: []string{anna().Address},
		Submission: &postfix.Submission{Auth: store.SASL, LMTP: store.LMTP}})
	if err != nil {
		t.Fatal(err)
	}
	return l, store, mail
}

func TestGreeted_reachAndOpen(t *testing.T) {
	t.Parallel()
	l, store, mail := greetedServers(t)
	trusted := l.ClientTLS("localhost")
	host := NewHost(HostSettings{Side: rehome.Destination})
	for name, test := range map[string]struct {
		pop3, submission string
		security         protocol.Security
		tls              *tls.Config
		class            rehome.Class
		hint             string
	}{
		"good, implicit":      {store.POP3S, mail.Submissions, protocol.ImplicitTLS, trusted, "", ""},
		"good, STARTTLS":      {store.POP3, mail.Submission, protocol.StartTLS, trusted, "", ""},
		"nothing there":       {"127.0.0.1:1", "127.0.0.1:1", protocol.NoTLS, nil, rehome.ClassTemporary, "nothing listens"},
		"unknown authority":   {store.POP3S, mail.Submissions, protocol.ImplicitTLS, nil, rehome.ClassUntrusted, "ca_file"},
		"not TLS at once":     {store.POP3, mail.Submission, protocol.ImplicitTLS, trusted, rehome.ClassUntrusted, ".tls: starttls"},
		"of another protocol": {store.IMAP, store.IMAP, protocol.NoTLS, nil, rehome.ClassUntrusted, "another protocol"},
	} {
		pop := NewPOP3(ServiceSettings{Host: host, Address: test.pop3, Security: test.security, TLS: test.tls, Timeout: 5 * time.Second})
		smtp := NewSubmission(ServiceSettings{Host: host, Address: test.submission, Security: test.security, TLS: test.tls, Timeout: 5 * time.Second})
		_, popErr := pop.Reach(within(t))
		_, smtpErr := smtp.Reach(within(t))
		for service, err := range map[string]error{"POP3": popErr, "submission": smtpErr} {
			if (test.class == "") != (err == nil) || err != nil && (rehome.ClassOf(err) != test.class || !strings.Contains(rehome.HintOf(err), test.hint)) {
				t.Errorf("%s, %s: got class %s, %v, hint %q, want %s and %q", name, service, rehome.ClassOf(err), err, rehome.HintOf(err), test.class, test.hint)
			}
		}
		if test.class == "" {
			opens(t, pop, smtp)
		}
	}
}

// opens logs in with the right and with a wrong password.
func opens(t *testing.T, pop *POP3, smtp *Submission) {
	t.Helper()
	session, err := pop.Open(within(t), anna())
	if err != nil {
		t.Fatal(err)
	}
	session.Close()
	sender, err := smtp.Open(within(t), anna())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sender.Send(within(t), anna().Address, anna().Address, []byte("Subject: x\r\n\r\n")); err != nil {
		t.Error(err)
	}
	sender.Close()
	stranger := rehome.Account{Address: "bert@example.test", DestinationPassword: rehome.NewSecret("gue-ss-me")}
	_, popErr := pop.Open(within(t), stranger)
	_, smtpErr := smtp.Open(within(t), stranger)
	for _, err := range []error{popErr, smtpErr} {
		if rehome.ClassOf(err) != rehome.ClassAuth || strings.Contains(err.Error(), "gue-ss-me") || !strings.Contains(err.Error(), "server says") {
			t.Errorf("wrong password: %s, %v", rehome.ClassOf(err), err)
		}
	}
}
