// SPDX-License-Identifier: Apache-2.0

// Package davical runs DAViCal 1.1.12 in a lab, with a PostgreSQL cluster of its own and
// scheduling on: it delivers invitations to the collections of its own users and mails the others.
//
// What it does when an event with attendees is written, unless the object says otherwise: a user of
// this server finds it in his inbox and in his calendar, at once; to anybody else nothing is sent.
// When the organizer's copy is deleted, everybody else gets a mail with a cancellation; with a user of
// this server among the attendees it answers 500, and the organizer's copy is gone nevertheless. No
// header of a PUT changes that, only SCHEDULE-AGENT on each attendee, or the server's own switch
// (Options.Quiet). An attendee's DELETE heeds "Schedule-Reply: F" (RFC 6638 section 8.1).
//
// Start, then connect to URL; Mail tells what left by mail, Delivered what came into inboxes.
package davical

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"rehome/lab"
	"rehome/lab/mailsink"
)

//go:embed router.php
var routerPHP []byte

const (
	share = "/usr/share/davical"
	awl   = "/usr/share/awl"
)

// Account is one user.
type Account struct{ Address, Password string }

// Options says what to start.
type Options struct {
	Name     string // folder and log names, its own in the lab; default "davical"
	Accounts []Account
	Quiet    bool // enable_auto_schedule is off: nothing is delivered or mailed
}

// Server is a running DAViCal.
type Server struct {
	URL  string // of caldav.php, with a slash at the end; discovery begins here
	Base string // of the web server, for well-known addresses
	Mail *mailsink.Sink

	lab     *lab.Lab
	options Options
	sockets string // the folder of the database's socket
}

// Start runs a server in the lab. Each account has a calendar, an address book, an inbox and an
// outbox, as DAViCal makes them. The lab's Close stops it.
func Start(l *lab.Lab, opts Options) (*Server, error) {
	opts.Name = cmp.Or(opts.Name, "davical")
	s := &Server{lab: l, options: opts}
	for path, debian := range map[string]string{share + "/htdocs/caldav.php": "davical", awl + "/inc/AwlQuery.php": "libawl-php", psql: "postgresql"} {
		if err := lab.NeedFile(path, debian); err != nil {
			return nil, err
		}
	}
	var err error
	if s.Mail, err = mailsink.Start(l, opts.Name+"-mail"); err != nil {
		return nil, err
	}
	if err := s.startDatabase(); err != nil {
		return nil, fmt.Errorf("start the database of %s: %w", opts.Name, err)
	}
	if err := s.startWeb(); err != nil {
		return nil, fmt.Errorf("start %s: %w", opts.Name, err)
	}
	return s, nil
}

// Calendar returns the URL of an account's default calendar.
func (s *Server) Calendar(address string) string {
	return s.URL + url.PathEscape(address) + "/calendar/"
}

// Book returns the URL of an account's default address book.
func (s *Server) Book(address string) string {
	return s.URL + url.PathEscape(address) + "/addresses/"
}

// Delivered returns how many invitations, answers and cancellations lie in the inboxes of all users.
func (s *Server) Delivered(ctx context.Context) (int, error) {
	var count int
	text, err := s.query(ctx, "SELECT COUNT(*) FROM caldav_data WHERE dav_name LIKE '/%/.in/%'")
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(text, &count)
	return count, err
}

// config is DAViCal's own. It is read by PHP, which needs no quoting for what the lab gives.
const config = `<?php
$c->pg_connect[] = 'host=%[1]s dbname=davical user=davical';
$c->domain_name = $_SERVER['SERVER_NAME'];
$c->system_name = 'lab';
$c->admin_email = 'admin@example.test';
$c->enable_auto_schedule = %[2]t;
$c->iMIP = (object) array('send_email' => true);
$c->readonly_webdav_collections = false;
$c->carddav_max_resource_size = 100000000;
`

// startWeb runs PHP. DAViCal looks for /etc/davical/config.php first, and for ../config/config.php
// where it must not look there; open_basedir keeps it from the system's.
func (s *Server) startWeb() error {
	dir, err := s.lab.OwnedDir(s.options.Name)
	if err != nil {
		return err
	}
	for _, sub := range []string{"config", "htdocs"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Symlink(share+"/htdocs/always.php", filepath.Join(dir, "htdocs", "always.php"))); err != nil {
		return err
	}
	router := filepath.Join(dir, "router.php")
	for path, content := range map[string][]byte{
		router: routerPHP, filepath.Join(dir, "config", "config.php"): fmt.Appendf(nil, config, s.sockets, !s.options.Quiet),
	} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	addr, err := s.lab.Addr()
	if err != nil {
		return err
	}
	process, err := s.lab.Start(lab.Program{
		Name: s.options.Name, Command: "php", Package: "php-cli", AsOwner: true,
		Args: []string{
			"-d", "opcache.enable_cli=1", "-d", "memory_limit=512M", "-d", "post_max_size=0", "-d", "sendmail_path=" + s.Mail.Sendmail + " -t -i",
			"-d", "open_basedir=" + share + ":" + awl + ":" + dir, "-d", "include_path=" + share + "/inc:" + awl + "/inc",
			"-S", addr, router,
		},
		Env:   []string{"PHP_CLI_SERVER_WORKERS=4", "LAB_HTDOCS=" + filepath.Join(dir, "htdocs")},
		Ready: []string{addr},
	})
	if err != nil {
		return err
	}
	s.Base = "http://" + addr + "/"
	s.URL = s.Base + "caldav.php/"
	if err := s.checkWeb(); err != nil {
		return fmt.Errorf("%w (it needs php-pgsql and php-xml); its last words:\n%s", err, process.LogTail())
	}
	return nil
}

// checkWeb makes sure that the scripts reach the database: only then do they ask for a log-in.
func (s *Server) checkWeb() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "PROPFIND", s.URL, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("it answers %s instead of asking for a login", answer.Status)
	}
	return nil
}
