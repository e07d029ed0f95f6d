// SPDX-License-Identifier: Apache-2.0

// Package postfix runs a real Postfix in a lab as the mail host of a destination: it takes or
// refuses recipients by its maps, and delivers nothing; or, asked for it, as the server to which people's programs
// send, which has a Dovecot check who they are and delivers to it.
//
// Start with the accounts and aliases that it shall know, ask it over SMTP, look at Log. It stands on
// an address of its own, with its own queue, and takes mail from everybody for its domains only.
// Postfix's master has to be root, and so has the caller.
package postfix

import (
	"cmp"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"rehome/lab"
)

// Options says what to start.
type Options struct {
	Name     string            // folder and log names, its own in the lab; default "postfix"
	Domains  []string          // that it is the mail host of
	Accounts []string          // mailboxes
	Virtual  string            // the text of a virtual(5) table, as an export writes it
	Settings map[string]string // of main.cf, for instance limits
	TLS      bool              // offers STARTTLS, certificate from the lab's authority for "localhost" and Hosts
	Hosts    []string          // names and addresses in its certificate
	SMTP     string            // host:port at which it listens; empty: a free one of the lab
	LMTP     string            // host:port that takes the mail of the domains; empty: it is thrown away, or goes to Submission's

	Submission *Submission // also a server for people's programs; nil for none
}

// Submission is what a server for people's programs stands on.
type Submission struct {
	Auth string // host:port of a Dovecot's auth service, which knows the passwords
	LMTP string // host:port that takes the mail of the domains
}

// Server is a running Postfix.
type Server struct {
	SMTP string // host:port

	Submission, Submissions string // with STARTTLS, and with TLS from the first octet; empty unless asked for

	log string
}

// Start runs a Postfix in the lab. The lab's Close stops it.
func Start(l *lab.Lab, options Options) (*Server, error) {
	options.Name = cmp.Or(options.Name, "postfix")
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("start %s: Postfix starts as root only", options.Name)
	}
	if err := lab.NeedFile("/usr/lib/postfix/sbin/master", "postfix"); err != nil {
		return nil, err
	}
	address := options.SMTP
	if address == "" {
		var err error
		if address, err = l.Addr(); err != nil {
			return nil, err
		}
	}
	dir := filepath.Join(l.Dir(), options.Name)
	s := &Server{SMTP: address, log: filepath.Join(dir, "mail.log")}
	if options.Submission != nil {
		options.TLS, options.LMTP = true, cmp.Or(options.LMTP, options.Submission.LMTP)
		var err error
		for _, addr := range []*string{&s.Submission, &s.Submissions} {
			if *addr, err = l.Addr(); err != nil {
				return nil, err
			}
		}
	}
	if err := s.write(l, dir, options); err != nil {
		return nil, fmt.Errorf("set up %s: %w", options.Name, err)
	}
	// Makes the folders of the queue with the owners that Postfix wants.
	check := lab.Program{Name: options.Name + "-check", Command: "postfix", Package: "postfix", Args: []string{"-c", filepath.Join(dir, "etc"), "check"}}
	if err := l.Run(check, nil); err != nil {
		return nil, err
	}
	_, err := l.Start(lab.Program{
		Name: options.Name, Command: "/usr/lib/postfix/sbin/master", Package: "postfix",
		Args: []string{"-c", filepath.Join(dir, "etc"), "-d"}, Ready: s.addresses(),
	})
	return s, err
}

// addresses are all at which it answers.
func (s *Server) addresses() []string {
	if s.Submission == "" {
		return []string{s.SMTP}
	}
	return []string{s.SMTP, s.Submission, s.Submissions}
}

// Log waits for a text in Postfix's log, which is written a moment after a client has its answer, and
// returns the whole log. Its error says that the text did not come in ten seconds.
func (s *Server) Log(want string) (string, error) {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(s.log)
		if err == nil && strings.Contains(string(text), want) {
			return string(text), nil
		}
		if time.Now().After(end) {
			return string(text), cmp.Or(err, fmt.Errorf("no %q in the log of Postfix", want))
		}
	}
}

func (s *Server) write(l *lab.Lab, dir string, options Options) error {
	for _, sub := range []string{"etc", "queue", "data"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	settings, err := s.settings(l, dir, options)
	if err != nil {
		return err
	}
	mailboxes := ""
	for _, account := range options.Accounts {
		mailboxes += account + " x\n"
	}
	files := map[string]string{
		"main.cf": settings, "mailboxes": mailboxes, "virtual": options.Virtual,
		"master.cf": s.services(),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, "etc", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return give(filepath.Join(dir, "data"))
}

func (s *Server) settings(l *lab.Lab, dir string, options Options) (string, error) {
	text := fmt.Sprintf(settings, dir, strings.Join(options.Domains, " "))
	if options.TLS {
		cert, key, err := l.Issue(options.Hosts...)
		if err != nil {
			return "", err
		}
		text += fmt.Sprintf("smtpd_tls_security_level = may\nsmtpd_tls_cert_file = %s\nsmtpd_tls_key_file = %s\n", cert, key)
	}
	if options.Submission != nil {
		text += fmt.Sprintf(submissionSettings, options.Submission.Auth)
	}
	if options.LMTP != "" {
		text += "virtual_transport = lmtp:inet:" + options.LMTP + "\n"
	} else {
		text += "virtual_transport = discard:\n"
	}
	for key, value := range options.Settings {
		text += key + " = " + value + "\n"
	}
	return text, nil
}

// services are the programs that the master runs.
func (s *Server) services() string {
	text := fmt.Sprintf(services, s.SMTP)
	if s.Submission != "" {
		text += fmt.Sprintf(submissionServices, s.Submission, s.Submissions)
	}
	return text
}

// give hands a folder to the user that Debian's package makes for Postfix.
func give(dir string) error {
	owner, err := user.Lookup("postfix")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(owner.Uid)
	if err != nil {
		return err
	}
	return os.Chown(dir, uid, -1)
}

// settings keep everything in the lab's folder. texthash is a table as plain text; anvil counts
// clients on loopback too, which it would let off otherwise.
const settings = `compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/mail.log
maillog_file_prefixes = %[1]s
myhostname = mx.lab.test
mydestination =
mynetworks =
smtpd_client_event_limit_exceptions =
virtual_mailbox_domains = %[2]s
virtual_mailbox_maps = texthash:%[1]s/etc/mailboxes
virtual_alias_maps = texthash:%[1]s/etc/virtual
default_transport = discard:
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = reject_unauth_destination
notify_classes =
`

const services = `%s inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
lmtp unix - - n - - lmtp
`

// submissionSettings let those in whom a Dovecot knows. Only with TLS, as everywhere today.
const submissionSettings = `smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:%s
smtpd_tls_auth_only = yes
`

const submissionServices = `%s inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes -o smtpd_tls_security_level=encrypt
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject -o smtpd_recipient_restrictions=
%s inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes -o smtpd_tls_wrappermode=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject -o smtpd_recipient_restrictions=
`
