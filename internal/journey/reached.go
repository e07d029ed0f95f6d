// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"net"
	"net/url"
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
	offers, err := endpoint.NewSieve(endpoint.SieveSettings{
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
