// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/config"
	"rehome/internal/endpoint"
	"rehome/internal/protocol"
)

// reachedWithin bounds a look at a server while somebody waits for the next question.
const reachedWithin = 10 * time.Second

// Reached looks at the one server that a section of the settings names, such as "source.imap", without logging in: what answers
// there, in a sentence, or why nothing does. A section without a server is neither.
func Reached(ctx context.Context, settings *config.Config, section string) (sentence string, err error) {
	ctx, cancel := context.WithTimeout(ctx, reachedWithin)
	defer cancel()
	m := New(settings, "", nil)
	side, src := rehome.Source, settings.Source
	dst := settings.Destination
	switch section {
	case "destination.imap", "destination.sieve", "destination.dav":
		side = rehome.Destination
	}
	host := m.hosts(nil).of(side)
	switch section {
	case "source.database.dsn":
		return reachedDatabase(ctx, src.Database.DSN)
	case "source.imap":
		return reachedIMAP(ctx, src.IMAP, host)
	case "destination.imap":
		return reachedIMAP(ctx, dst.IMAP, host)
	case "source.sieve":
		return reachedSieve(ctx, src.Sieve, host)
	case "destination.sieve":
		return reachedSieve(ctx, dst.Sieve, host)
	case "source.dav":
		return m.reachedDAV(ctx, src.DAV.DAV, host)
	case "destination.dav":
		return m.reachedDAV(ctx, dst.DAV.DAV, host)
	case "source.pop3":
		return reachedGreeting(ctx, greeted{"POP3", "+OK", src.POP3.Address, src.POP3.TLS, src.POP3.Trust})
	case "source.submission":
		return reachedGreeting(ctx, greeted{"SMTP", "220", src.Submission.Address, src.Submission.TLS, src.Submission.Trust})
	case "destination.submission":
		return reachedGreeting(ctx, greeted{"SMTP", "220", dst.Submission.Address, dst.Submission.TLS, dst.Submission.Trust})
	case "source.webmail":
		return reachedPage(ctx, src.Webmail)
	case "destination.webmail":
		return reachedPage(ctx, dst.Webmail)
	}
	return "", nil
}

func reachedIMAP(ctx context.Context, settings config.IMAP, host *endpoint.Host) (string, error) {
	trust, err := settings.Client()
	if err != nil {
		return "", err
	}
	list := checkup.NewList("")
	err = checkup.Visit(ctx, list, endpoint.NewIMAP(endpoint.Settings{
		Host: host, Address: settings.Address, Security: settings.TLS, TLS: trust, Timeout: reachedWithin,
	}))
	if advice := checkup.Join(list).Advice; err == nil && len(advice) > 0 {
		return advice[0].Sentence, nil
	}
	return "", err
}

func reachedSieve(ctx context.Context, settings config.Sieve, host *endpoint.Host) (string, error) {
	trust, err := settings.Client()
	if err != nil {
		return "", err
	}
	offers, err := endpoint.NewSieve(endpoint.ServiceSettings{
		Host: host, Address: settings.Address, Security: settings.TLS, TLS: trust, Timeout: reachedWithin,
	}).Reach(ctx)
	return offers.Implementation + " answers at " + settings.Address, err
}

func (m *Move) reachedDAV(ctx context.Context, settings config.DAV, host *endpoint.Host) (string, error) {
	options, err := m.davSettings(host, settings)
	if err != nil {
		return "", err
	}
	options.Timeout = reachedWithin
	end := endpoint.NewDAV(options)
	defer end.Close()
	_, err = end.Reach(ctx)
	return "a server answers at " + settings.URL, err
}

// reachedDatabase only connects: the password is not known yet.
func reachedDatabase(ctx context.Context, dsn string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Query().Has("socket") {
		return "", nil
	}
	port := u.Port()
	if port == "" {
		port = "3306"
	}
	address := net.JoinHostPort(u.Hostname(), port)
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", &rehome.Fault{Class: rehome.ClassTemporary, Op: "connect to the database at", Object: address, Cause: err,
			Hint: "many databases listen on their own machine only: run rehome there, or use its socket"}
	}
	defer connection.Close()
	return "something listens at " + address, nil
}

// greeted is a server that speaks first, and with what its first line begins.
type greeted struct {
	protocol, begins, address string
	security                  protocol.Security
	trust                     config.Trust
}

// reachedGreeting waits for a server's first line.
func reachedGreeting(ctx context.Context, s greeted) (string, error) {
	fault := func(cause error, hint string) error {
		return &rehome.Fault{Class: rehome.ClassTemporary, Op: "reach the " + s.protocol + " server at", Object: s.address, Cause: cause, Hint: hint}
	}
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return "", fault(err, "check host and port, and that a firewall lets this machine through")
	}
	defer connection.Close()
	if deadline, set := ctx.Deadline(); set {
		_ = connection.SetDeadline(deadline) // of a connection that was just opened
	}
	if s.security == protocol.ImplicitTLS {
		trust, err := s.trust.Client()
		if err != nil {
			return "", err
		}
		trust = trust.Clone()
		trust.ServerName, _, _ = net.SplitHostPort(s.address)
		connection = tls.Client(connection, trust)
	}
	line, err := bufio.NewReader(io.LimitReader(connection, maxGreeting)).ReadString('\n')
	switch {
	case err != nil:
		return "", fault(err, "check that the port and tls belong together: 465 and 995 begin with TLS, 587 and 110 do not")
	case !strings.HasPrefix(line, s.begins):
		return "", fault(fmt.Errorf("it answers %q", strings.TrimSpace(line)), "this port speaks another protocol than "+s.protocol)
	}
	return "a server for " + s.protocol + " answers at " + s.address, nil
}

// maxGreeting bounds the first line of a server.
const maxGreeting = 4 << 10

// reachedPage asks for a page as a browser would; that it demands a login is an answer too.
func reachedPage(ctx context.Context, address string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", &rehome.Fault{Class: rehome.ClassTemporary, Op: "open the page", Object: address, Cause: err,
			Hint: "open it in a browser: people will be sent there"}
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest && response.StatusCode != http.StatusUnauthorized {
		return "", &rehome.Fault{Class: rehome.ClassTemporary, Op: "open the page", Object: address, Cause: errors.New(response.Status),
			Hint: "open it in a browser: people will be sent there"}
	}
	return "a page answers at " + address, nil
}
