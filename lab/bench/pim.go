// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/corpus"
	"rehome/lab/faultproxy"
)

// pimWork is one account with contacts and events.
type pimWork struct {
	key, title       string
	contacts, events int
	again            bool          // measured is the second pass
	trip             time.Duration // round trip of the line on which it is in the table
}

func pimWorks() []pimWork {
	return []pimWork{
		{key: "pim", title: "2,000 contacts and 3,000 events", contacts: 2000, events: 3000},
		{key: "pim-idle", title: "nothing to do: 2,000 contacts and 3,000 events", contacts: 2000, events: 3000, again: true},
		{key: "pim-few", title: "400 contacts and 600 events", contacts: 400, events: 600, trip: 80 * time.Millisecond},
		{key: "pim-few-idle", title: "nothing to do: 40 contacts and 60 events", contacts: 40, events: 60, again: true, trip: 80 * time.Millisecond},
	}
}

// pimPatience is for tools that write one object after the other.
const pimPatience = 20 * time.Minute

// pimRow is contacts and events from SabreDAV 1.8 to one kind of server.
func pimRow(work pimWork, kind pimDestinationKind, trip time.Duration) Row {
	row := Row{
		Key: fmt.Sprintf("%s/%s/plain/%dms", work.key, kind.key, trip.Milliseconds()), Work: work.title, Destination: kind.title,
		Line: fmt.Sprintf("plain, %d ms", trip.Milliseconds()), Again: work.again, standard: trip == work.trip, patience: pimPatience,
	}
	row.open = func(ctx context.Context, dir string, options Options) (scene, error) {
		return openPIM(ctx, dir, options, work, kind, trip)
	}
	return row
}

// pimScene is a SabreDAV 1.8 with one account that is full, and a destination with accounts that are
// empty. Both have a mail server beside them, because the real ones do; nothing is in it.
type pimScene struct {
	work    pimWork
	options Options
	lab     *lab.Lab
	person  corpus.Person
	src     *atmail7.Server
	dst     pimDestination
	url     [2]string            // through the proxies where there are any
	proxies [2]*faultproxy.Proxy // nil without a delay, unless round trips are counted
	fresh   int                  // accounts at the destination used so far
}

func openPIM(ctx context.Context, dir string, options Options, work pimWork, kind pimDestinationKind, trip time.Duration) (_ *pimScene, err error) {
	s := &pimScene{work: work, options: options}
	s.person = corpus.PIMPerson(sourceNames("s", 1)[0], password, options.scaled(work.contacts, 1), options.scaled(work.events, 1))
	if s.lab, err = lab.New(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.lab.Close())
		}
	}()
	if s.src, err = atmail7.Start(s.lab, atmail7.Options{}); err != nil {
		return nil, err
	}
	if err := corpus.SeedPerson(ctx, s.src, s.person); err != nil {
		return nil, err
	}
	var accounts []string
	for set := range s.options.sets() {
		accounts = append(accounts, destinationName(set, 0))
	}
	if s.dst, err = kind.start(s.lab, accounts); err != nil {
		return nil, err
	}
	return s, s.openLines(trip)
}

// openLines puts the delay between client and servers, and something that counts round trips.
func (s *pimScene) openLines(trip time.Duration) error {
	for side, base := range []string{s.src.DAV, s.dst.dav()} {
		s.url[side] = base
		if trip == 0 && !s.work.again {
			continue
		}
		parsed, err := url.Parse(base)
		if err != nil {
			return err
		}
		proxy, err := faultproxy.New(parsed.Host)
		if err != nil {
			return err
		}
		if err := s.lab.OnClose(proxy.Close); err != nil {
			return err
		}
		proxy.Set(faultproxy.ToServer, faultproxy.Fault{Delay: trip / 2})
		proxy.Set(faultproxy.ToClient, faultproxy.Fault{Delay: trip / 2})
		s.proxies[side], s.url[side] = proxy, "http://"+proxy.Addr()+parsed.Path
	}
	return nil
}

func (s *pimScene) load() Load {
	load := Load{Accounts: 1}
	for _, c := range append(s.person.AddressBooks, s.person.Calendars...) {
		load.Items += len(c.Resources)
		for _, r := range c.Resources {
			load.Octets += int64(len(r.Data))
		}
	}
	return load
}

func (s *pimScene) servers() [2][]int { return [2][]int{s.src.Groups(), s.dst.groups()} }

func (s *pimScene) counts() (c counts, err error) {
	for side, proxy := range s.proxies {
		if proxy == nil {
			return counts{}, nil
		}
		c.trips[side] = proxy.Counts().RoundTrips
	}
	c.counted = true
	return c, nil
}

func (s *pimScene) close() error { return s.lab.Close() }

// freshAccount is one at the destination that nobody has written into.
func (s *pimScene) freshAccount() (string, error) {
	if s.fresh >= s.options.sets() {
		return "", errors.New("no empty account is left at the destination")
	}
	s.fresh++
	return destinationName(s.fresh-1, 0), nil
}

func (s *pimScene) contenders() []contender {
	var all []contender
	if !s.work.again {
		all = rawPIMProbes(s)
	}
	var tools []pimTool
	for _, b := range s.options.builds() {
		tools = append(tools, rehomePIMTool{build: b})
	}
	for _, tool := range append(tools, vdirsyncerTool{}) {
		var c contender = &pimContender{scene: s, tool: tool}
		if s.work.again {
			c = &again{contender: c}
		}
		all = append(all, c)
	}
	return all
}

// pimTool is a program that copies contacts and events between two DAV servers.
type pimTool interface {
	name() string
	// programs writes the settings for a move into dir. It returns what has to be run once and is not
	// measured, and what is measured and can be run again.
	programs(s *pimScene, dir string, m move) (once, each []program, err error)
	note() string
}

// pimContender runs a tool.
type pimContender struct {
	scene *pimScene
	tool  pimTool
}

func (c *pimContender) name() string { return c.tool.name() }

func (c *pimContender) prepare(ctx context.Context, dir string) (*trial, error) {
	s := c.scene
	account, err := s.freshAccount()
	if err != nil {
		return nil, err
	}
	m := move{src: s.person.Address, dst: account}
	once, each, err := c.tool.programs(s, dir, m)
	if err != nil {
		return nil, err
	}
	if _, err := run(ctx, once, 1); err != nil {
		return nil, err
	}
	return &trial{
		start: func(ctx context.Context) (usage, error) { return run(ctx, each, 1) },
		check: func(ctx context.Context) error { return s.check(ctx, m.dst) },
		part:  1, note: c.tool.note(),
	}, nil
}
