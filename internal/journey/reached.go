// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/config"
	"rehome/internal/endpoint"
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
	if strings.HasPrefix(section, "destination.") {
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
		return reachedPOP3(ctx, src.POP3, host)
	case "destination.pop3":
		return reachedPOP3(ctx, dst.POP3, host)
	case "source.submission":
		return reachedSubmission(ctx, src.Submission, host)
	case "destination.submission":
		return reachedSubmission(ctx, dst.Submission, host)
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
	return "a server answers at " + settings.URL, end.Reach(ctx)
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

// reachedPOP3 and reachedSubmission set up TLS as people's programs do, and see which log-ins are offered.
func reachedPOP3(ctx context.Context, settings config.POP3, host *endpoint.Host) (string, error) {
	trust, err := settings.Client()
	if err != nil {
		return "", err
	}
	return checkup.POP3Offers(ctx, settings.Address, settings.TLS, endpoint.NewPOP3(endpoint.ServiceSettings{
		Host: host, Address: settings.Address, Security: settings.TLS, TLS: trust, Timeout: reachedWithin}))
}

func reachedSubmission(ctx context.Context, settings config.Submission, host *endpoint.Host) (string, error) {
	trust, err := settings.Client()
	if err != nil {
		return "", err
	}
	return checkup.SubmissionOffers(ctx, settings.Address, settings.TLS, endpoint.NewSubmission(endpoint.ServiceSettings{
		Host: host, Address: settings.Address, Security: settings.TLS, TLS: trust, Timeout: reachedWithin}))
}

// reachedPage asks for a page as a browser would; that it demands a login is an answer too.
func reachedPage(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, reachedWithin)
	defer cancel()
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
