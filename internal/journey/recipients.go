// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/recipients"
)

// The files of recipients, in the folder of exports.
const (
	censusFile  = "recipients.csv"          // where a person writes decisions
	answersFile = "recipients-answers.json" // what the mail hosts have answered
)

// Census looks who received mail and writes recipients.csv, in which a person says what becomes of
// the addresses that nobody has on the books. Decisions that stand there are kept.
func (m *Move) Census(ctx context.Context, options recipients.CensusOptions) (recipients.Census, error) {
	if err := options.Check(); err != nil {
		return recipients.Census{}, err
	}
	p, book, err := m.book(ctx)
	if err != nil {
		return recipients.Census{}, err
	}
	headers := func(ctx context.Context, newest int, see func(recipients.Sighting)) (int, []rehome.Finding, error) {
		host, err := m.end(ctx, rehome.Source, m.hosts(nil))
		if err != nil {
			return 0, nil, err
		}
		return recipients.ReadHeaders(ctx, host, p.Moving, newest, see)
	}
	return recipients.TakeCensus(ctx, m.censusFile(), book, options, headers)
}

func (m *Move) censusFile() string { return filepath.Join(m.settings.Accounts.Output, censusFile) }

// CheckRecipients asks the destination's mail hosts for every address on the books and of the census.
// Answers of an earlier run that were final are used again, unless again says to ask anew: a host that
// asks to wait is asked for the rest by the next run. told hears progress.
func (m *Move) CheckRecipients(ctx context.Context, again bool, told func(string)) (recipients.Parity, error) {
	_, book, err := m.book(ctx)
	if err != nil {
		return recipients.Parity{}, err
	}
	seen, err := recipients.ReadSheet(m.censusFile())
	if err != nil {
		return recipients.Parity{}, err
	}
	parity, err := m.compare(ctx, recipients.Wants(book, seen), again, told)
	if err != nil {
		return parity, err
	}
	return parity, m.look(ctx, recipientsLook(parity))
}

// CheckAliases is CheckRecipients for the aliases alone, those that are not understood among them.
func (m *Move) CheckAliases(ctx context.Context, again bool, told func(string)) (recipients.Parity, error) {
	_, book, err := m.book(ctx)
	if err != nil {
		return recipients.Parity{}, err
	}
	seen, err := recipients.ReadSheet(m.censusFile())
	if err != nil {
		return recipients.Parity{}, err
	}
	wants := slices.DeleteFunc(recipients.Wants(book, seen), func(w recipients.Want) bool { return !book.Lookup(w.Address).IsAlias() })
	return m.compare(ctx, wants, again, told)
}

func (m *Move) compare(ctx context.Context, wants []recipients.Want, again bool, told func(string)) (recipients.Parity, error) {
	probe, err := m.probe(told)
	if err != nil {
		return recipients.Parity{}, err
	}
	hosts, err := m.mailHosts(ctx)
	if err != nil {
		return recipients.Parity{}, err
	}
	return recipients.Check(ctx, probe, hosts, wants, filepath.Join(m.settings.Accounts.Output, answersFile), again)
}

// mailHosts are all addresses of the destination's mail hosts.
func (m *Move) mailHosts(ctx context.Context) ([]recipients.Host, error) {
	names := m.settings.Destination.MX.Addresses
	if len(names) == 0 {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "find the mail host", Object: "destination.mx.addresses",
			Cause: errors.New("is not set"), Hint: "name host and port of each new MX in the configuration"}
	}
	return recipients.Resolve(ctx, names, net.DefaultResolver.LookupNetIP)
}

// probe translates the settings of the destination's mail hosts; the host is for the caller to name.
func (m *Move) probe(told func(string)) (recipients.Probe, error) {
	settings := m.settings.Destination.MX
	trust, err := settings.Client()
	if err != nil {
		return recipients.Probe{}, err
	}
	name, err := os.Hostname()
	if err != nil && settings.Name == "" {
		return recipients.Probe{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "this machine's name", Cause: err,
			Hint: "set destination.mx.name"}
	}
	return recipients.Probe{
		Name: cmp.Or(settings.Name, name), Sender: settings.Sender, TLS: trust, Timeout: settings.Timeout,
		StartTLS: settings.TLS == config.MXStartTLS, Plain: settings.TLS == config.MXNone, Pause: settings.Pause,
		PerConnection: settings.PerConnection, Refusals: settings.Refusals, Later: settings.Later, Rounds: settings.Rounds, Told: told,
	}, nil
}
