// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"rehome"
	"rehome/internal/protocol/dav"
)

// DAVSession is one account's contacts and calendars at one end. Its methods are those of dav.Client
// within the limits of the host, which are paid the octets of objects, and may be called from several goroutines; a callback must make no
// request to the same host. Errors are the client's own, see Fault. The caller closes it.
type DAVSession struct {
	account string
	client  *dav.Client
	host    *DAV
	log     connectionLog
	homes   map[dav.Kind]*dav.Home

	troubles map[dav.Kind]error // why nobody knows where those of a kind are; the other kind is open nevertheless

	mu   sync.Mutex
	told map[dav.Kind]dav.Capabilities // what homes can do, as far as somebody has asked
}

// discover finds both homes, by a remembered principal where there is one. A kind that the server does not offer has none.
func (s *DAVSession) discover(ctx context.Context, account rehome.Account, remembered string) error {
	var missing error
	search := dav.Search{Principal: remembered, Domain: account.Domain(), Account: loginAt(s.host.side, account), Resolver: s.host.settings.Resolver}
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		if lookUp := s.host.settings.UserURL; lookUp != nil {
			search.UserURL = func(ctx context.Context) (string, error) { return lookUp(ctx, account, kind) }
		}
		var home *dav.Home
		err := s.ask(ctx, "discover "+string(kind), func() (err error) {
			home, err = s.client.Find(ctx, kind, search)
			return err
		})
		var offered *dav.NotOfferedError
		if errors.As(err, &offered) && davFault(err, "", "").Class == rehome.ClassPermanent {
			missing = err
			continue
		}
		if err != nil && (ctx.Err() != nil || rehome.ClassOf(Fault(err, "", "")) != rehome.ClassTemporary) {
			return err
		}
		if err != nil {
			s.troubles[kind], missing = err, err
			continue
		}
		if err := s.host.isTheirs(home, account); err != nil {
			return err
		}
		s.homes[kind] = home
	}
	if len(s.homes) == 0 {
		return missing
	}
	return nil
}

// ask takes a place in the queue for the host and runs a request, again where the host has put it off.
func (s *DAVSession) ask(ctx context.Context, what string, request func() error) error {
	return s.host.requests.do(ctx, s.paced(ctx, what, request))
}

// askOnce is ask for what must not be repeated.
func (s *DAVSession) askOnce(ctx context.Context, what string, request func() error) error {
	return s.host.requests.once(ctx, s.paced(ctx, what, request))
}

// paced calls Pace, and returns a request that calls it again before it begins, and does not begin when nobody waits for it any more.
func (s *DAVSession) paced(ctx context.Context, what string, request func() error) func() error {
	pace := s.host.settings.Pace
	if pace == nil {
		return request
	}
	pace(what)
	return func() error {
		pace(what + inTurn)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return request()
	}
}

// Principal returns the href of the principal that the server names as the account's, for OpenAt at another time; "" if it names none,
// or not the same one for both kinds. asked says that it was found by the whole way from the URL in the settings.
func (s *DAVSession) Principal() (href string, asked bool) {
	asked = true
	for _, home := range s.homes {
		if !home.Named || href != "" && href != home.Principal {
			return "", asked
		}
		href, asked = home.Principal, asked && home.How != dav.HowRemembered
	}
	return href, asked
}

// Home returns where the account's collections of a kind are, nil when the server offers none. Its default is complete when
// Collections has been called, and its capabilities are not told, see Capabilities.
func (s *DAVSession) Home(kind dav.Kind) *dav.Home { return s.homes[kind] }

// Collections lists those of a kind; none when the server offers no such kind. Where the server failed when it was
// asked for the kind, that is the error.
func (s *DAVSession) Collections(ctx context.Context, kind dav.Kind) (all []dav.Collection, err error) {
	if s.homes[kind] == nil {
		return nil, s.troubles[kind]
	}
	err = s.ask(ctx, "list "+string(kind), func() (err error) {
		all, err = s.client.Collections(ctx, s.homes[kind])
		return err
	})
	return all, cmp.Or(err, s.findDefault(ctx, kind))
}

// findDefault completes a home by its default, where another place than the principal knows it: as a rule it has just been listed.
func (s *DAVSession) findDefault(ctx context.Context, kind dav.Kind) error {
	home := s.homes[kind]
	if home.Default != "" || home.Inbox == "" {
		return nil
	}
	if told, listed := s.client.ListedDefault(home); listed {
		if told != "" {
			home.Default = told
		}
		return nil
	}
	return s.ask(ctx, "default of "+string(kind), func() (err error) {
		home.Default, err = s.client.DefaultOf(ctx, home)
		return err
	})
}

// Capabilities tells what the home of a kind can do; it is asked once. There has to be one.
func (s *DAVSession) Capabilities(ctx context.Context, kind dav.Kind) (told dav.Capabilities, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if told, known := s.told[kind]; known {
		return told, nil
	}
	err = s.ask(ctx, "capabilities of "+string(kind), func() (err error) {
		told, err = s.client.CapabilitiesOf(ctx, s.homes[kind])
		return err
	})
	if err == nil {
		s.told[kind] = told
	}
	return told, err
}

// Changes is that of dav.Client.
func (s *DAVSession) Changes(ctx context.Context, c *dav.Collection, since dav.Mark, each func(dav.Item) error) (listing dav.Listing, err error) {
	err = s.askOnce(ctx, "changes "+c.Href, func() error {
		listing, err = s.client.Changes(ctx, c, since, each)
		return err
	})
	return listing, err
}

// Read reads the items by the way that suits the server, as dav.Client.MultiGet does.
func (s *DAVSession) Read(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error {
	return s.askOnce(ctx, "read "+c.Href, func() error {
		return s.client.MultiGet(ctx, c, items, func(o dav.Object) error {
			if err := s.host.pay(ctx, len(o.Data)); err != nil {
				return err
			}
			return each(o)
		})
	})
}

// ETags is that of dav.Client.
func (s *DAVSession) ETags(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Item) error) error {
	return s.askOnce(ctx, "etags "+c.Href, func() error { return s.client.ETags(ctx, c, items, each) })
}

// WithUID is that of dav.Client.
func (s *DAVSession) WithUID(ctx context.Context, c *dav.Collection, component, uid string, each func(dav.Item) error) error {
	return s.askOnce(ctx, "uid "+c.Href+" "+component+" "+uid, func() error { return s.client.WithUID(ctx, c, component, uid, each) })
}

// fetchAtOnce is how many objects one of the requests side by side is about.
const (
	fetchAtOnce = 25
	fetchLanes  = 4
	fetchAlone  = 1 << 20 // octets of an object that is read by itself, for the sake of memory
)

// Fetch is that of dav.Client: it reads the items for a proof, in another way than Read, the small ones side by side.
func (s *DAVSession) Fetch(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error {
	var mu sync.Mutex
	one := func(o dav.Object) error {
		if err := s.host.pay(ctx, len(o.Data)); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		return each(o)
	}
	small := slices.DeleteFunc(slices.Clone(items), func(i dav.Item) bool { return i.Size >= fetchAlone })
	large := slices.DeleteFunc(slices.Clone(items), func(i dav.Item) bool { return i.Size < fetchAlone })
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(fetchLanes)
	for some := range slices.Chunk(small, fetchAtOnce) {
		group.Go(func() error {
			return rehome.Guarded(s.account, func() error {
				return s.askOnce(groupCtx, "fetch "+some[0].Href, func() error { return s.client.Fetch(groupCtx, c, some, one) })
			})
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return s.askOnce(ctx, "fetch "+c.Href, func() error { return s.client.Fetch(ctx, c, large, one) })
}

// Get is that of dav.Client.
func (s *DAVSession) Get(ctx context.Context, href string, kind dav.Kind) (object dav.Object, err error) {
	err = s.ask(ctx, "get "+href, func() error {
		object, err = s.client.Get(ctx, href, kind)
		return err
	})
	return object, cmp.Or(err, s.host.pay(ctx, len(object.Data)))
}

// Put is that of dav.Client.
func (s *DAVSession) Put(ctx context.Context, href string, upload dav.Upload) (stored dav.Stored, err error) {
	if err := s.host.pay(ctx, len(upload.Data)); err != nil {
		return stored, err
	}
	err = s.ask(ctx, "put "+href, func() error {
		stored, err = s.client.Put(ctx, href, upload)
		return err
	})
	return stored, err
}

// Delete is that of dav.Client.
func (s *DAVSession) Delete(ctx context.Context, href, etag string) error {
	return s.ask(ctx, "delete "+href, func() error { return s.client.Delete(ctx, href, etag) })
}

// MakeCollection is that of dav.Client.
func (s *DAVSession) MakeCollection(ctx context.Context, href string, want dav.NewCollection) error {
	return s.ask(ctx, "make "+href, func() error { return s.client.MakeCollection(ctx, href, want) })
}

// Collection is that of dav.Client.
func (s *DAVSession) Collection(ctx context.Context, href string, kind dav.Kind) (c *dav.Collection, err error) {
	err = s.ask(ctx, "look at "+href, func() error {
		c, err = s.client.Collection(ctx, href, kind)
		return err
	})
	return c, err
}

// SetProperty is that of dav.Client.
func (s *DAVSession) SetProperty(ctx context.Context, href string, kind dav.Kind, property dav.Property, value string) error {
	return s.ask(ctx, "set at "+href, func() error { return s.client.SetProperty(ctx, href, kind, property, value) })
}

// Close ends the session.
func (s *DAVSession) Close() {
	s.client.Close()
	s.log.closed(nil)
}
