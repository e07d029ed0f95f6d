// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/dav"
	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/atmail8"
	"rehome/lab/corpus"
)

const (
	address  = "dora@example.test"
	password = "Correct-Horse-1,2"
)

// pair is a source with one person, a destination, and the engine between them.
type pair struct {
	source   *atmail7.Server
	src, dst *endpoint.DAV
	ledger   *ledger.Objects
	escrow   string
	options  Options
}

// newPair starts SabreDAV with the person and Radicale with the account.
func newPair(t *testing.T, person corpus.Person) *pair {
	t.Helper()
	l := lab.Open(t)
	destination, err := atmail8.Start(l, atmail8.Options{})
	if err != nil {
		t.Fatal(err)
	}
	addAccount(t, destination)
	return pairTo(t, l, person, destination.DAVPlain)
}

func addAccount(t *testing.T, destination *atmail8.Server) {
	t.Helper()
	row := fmt.Sprintf("EmailAddress,FirstName,LastName,Password\n%s,Dora,Doe,%q\n", address, password)
	if result, err := destination.ImportCSV(strings.NewReader(row)); err != nil || len(result.Rejected) > 0 {
		t.Fatalf("%+v %v", result, err)
	}
}

// pairTo starts SabreDAV with the person, and takes a destination that runs.
func pairTo(t *testing.T, l *lab.Lab, person corpus.Person, destination string) *pair {
	t.Helper()
	source, err := atmail7.Start(l, atmail7.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := corpus.SeedPerson(t.Context(), source, person); err != nil {
		t.Fatal(err)
	}
	p := &pair{
		source: source, escrow: filepath.Join(t.TempDir(), "escrow"),
		src: endpoint.NewDAV(endpoint.DAVSettings{Host: endpoint.NewHost(endpoint.HostSettings{Side: rehome.Source}), URL: source.DAV,
			AllowPlaintext: true}),
		dst: endpoint.NewDAV(endpoint.DAVSettings{Host: endpoint.NewHost(endpoint.HostSettings{Side: rehome.Destination}), URL: destination,
			AllowPlaintext: true}),
	}
	t.Cleanup(p.src.Close)
	t.Cleanup(p.dst.Close)
	p.loseLedger(t)
	return p
}

// loseLedger begins with an empty one.
func (p *pair) loseLedger(t *testing.T) {
	t.Helper()
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	p.ledger = l.Objects
}

func account() rehome.Account {
	secret := rehome.NewSecret(password)
	return rehome.Account{Address: address, SourcePassword: secret, DestinationPassword: secret}
}

func (p *pair) engine() *Engine {
	o := p.options
	o.Ledger, o.EscrowDir, o.Destination = p.ledger, p.escrow, p.dst.Open
	o.Source = func(ctx context.Context, account rehome.Account) (Reader, error) {
		session, err := p.src.Open(ctx, account)
		if err != nil {
			return nil, err
		}
		return session, nil
	}
	return New(o)
}

// passed is what slices have done and seen together.
type passed struct {
	pass.Result
	Tallies Counts
}

// pass runs slices until the pass is over.
func (p *pair) pass(t *testing.T) passed {
	t.Helper()
	var whole pass.Counts = Counts{}
	engine, started := p.engine(), time.Now()
	for range 100 {
		r, err := engine.RunSlice(t.Context(), account(), started, someTime)
		if err != nil {
			t.Fatalf("%v; hint: %s", err, rehome.HintOf(err))
		}
		whole = whole.Plus(r.Counts, r.Looked)
		if !r.More {
			return passed{r, whole.(Counts)}
		}
	}
	t.Fatal("the pass does not end")
	return passed{}
}

// someTime is enough for a pass.
var someTime = pass.Budget{Time: time.Minute, Octets: 1 << 30}

// holding is what an end has of a kind: data by UID, or by name where there is none.
func (p *pair) holding(t *testing.T, end *endpoint.DAV, kind dav.Kind) map[string][][]byte {
	t.Helper()
	session, err := end.Open(t.Context(), account())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	collections, err := session.Collections(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string][][]byte{}
	for _, c := range collections {
		var items []dav.Item
		if _, err := session.Changes(t.Context(), &c, dav.Mark{}, func(i dav.Item) error { items = append(items, i); return nil }); err != nil {
			t.Fatal(err)
		}
		err = session.Read(t.Context(), &c, items, func(o dav.Object) error {
			if o.Err != nil {
				t.Errorf("%s cannot be read: %v", o.Href, o.Err)
			}
			object, err := pim.Inspect(o.Data)
			key := object.UID
			if err != nil || key == "" {
				key = nameBelow(c.Href, o.Href)
			}
			objects[key] = append(objects[key], o.Data)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return objects
}

func wantTally(t *testing.T, what string, got, want Tally) {
	t.Helper()
	if sum := got.Copied + got.Updated + got.Adopted + got.Unchanged() + got.Failed() + got.Remaining; sum != got.Objects {
		t.Errorf("%s: %+v adds up to %d", what, got, sum)
	}
	got.Octets, got.Lasting, want.Octets, want.Lasting = 0, 0, 0, 0
	if got != want {
		t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}
