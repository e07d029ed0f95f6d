// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"net/url"
	"testing"
	"time"

	"rehome"
	"rehome/internal/protocol/dav"
	"rehome/lab"
	"rehome/lab/atmail8"
	"rehome/lab/corpus"
	"rehome/lab/faultproxy"
)

// What a broken slice has begun is finished by the next one of the same pass. A pass that ends has left
// nothing open.
func TestRunSlice_finishesWhatABrokenOneBegan(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	destination, err := atmail8.Start(l, atmail8.Options{})
	if err != nil {
		t.Fatal(err)
	}
	addAccount(t, destination)
	target, err := url.Parse(destination.DAVPlain)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := faultproxy.New(target.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	p := pairTo(t, l, corpus.PIMPerson(address, password, 60, 60), "http://"+proxy.Addr()+"/")
	engine, started := p.engine(), time.Now()

	go func() { // in the middle of the contacts
		for proxy.Counts().RoundTrips < 40 {
			time.Sleep(time.Millisecond)
		}
		proxy.Set(faultproxy.ToServer, faultproxy.Fault{Cut: true})
	}()
	if _, err := engine.RunSlice(t.Context(), account(), started, someTime); err == nil {
		t.Fatal("every connection is cut, and the slice says nothing")
	}
	proxy.Set(faultproxy.ToServer, faultproxy.Fault{})
	result, err := engine.RunSlice(t.Context(), account(), started, someTime)
	if err != nil || result.More {
		t.Fatalf("the slice after: %+v, %v", result, err)
	}
	for _, kind := range []dav.Kind{dav.AddressBooks, dav.Calendars} {
		if got := p.holding(t, p.dst, kind); len(got) != 60 {
			t.Errorf("the destination has %d of 60 %s", len(got), kind)
		}
	}
	counts, err := p.ledger.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []rehome.Kind{rehome.KindContacts, rehome.KindCalendars} {
		if got := counts[address][kind].There; got != 60 {
			t.Errorf("the ledger has %d of 60 %s at the destination", got, kind)
		}
	}
}
