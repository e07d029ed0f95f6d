// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"maps"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"rehome"
	"rehome/internal/endpoint"
)

// What has held a pass up in its first hour is not what holds it up now.
func TestHeldUp_latelyAndSinceTheBeginning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src, dst := endpoint.Server{Side: rehome.Source, Address: "a:993"}, endpoint.Server{Side: rehome.Destination, Address: "b:993"}
		spent := times{map[endpoint.Server]endpoint.Load{src: {Open: 9 * time.Hour, Awaited: 9 * time.Hour}}, 0} // by earlier work
		add := func(server endpoint.Server, awaited time.Duration) {
			spent.servers[server] = spent.servers[server].Plus(endpoint.Load{Open: 10 * time.Second, Awaited: awaited})
		}
		e := newHeldUp(func() times { return times{maps.Clone(spent.servers), spent.ledger} })
		work := func(source, destination time.Duration) {
			for range 360 { // each ten seconds somebody looks
				time.Sleep(10 * time.Second)
				add(src, source)
				add(dst, destination)
				e.now()
			}
		}
		if got := e.now(); got.Lately != nil || got.Whole != nil {
			t.Errorf("before the first second: %v", got)
		}
		work(10*time.Second, 0)
		work(0, 10*time.Second)
		got := e.now()
		if want := []endpoint.Share{{By: endpoint.ByDestination, Percent: 100}}; !reflect.DeepEqual(got.Lately, want) {
			t.Errorf("lately %v, want %v", got.Lately, want)
		}
		want := []endpoint.Share{{By: endpoint.ByDestination, Percent: 50}, {By: endpoint.BySource, Percent: 50}}
		if !reflect.DeepEqual(got.Whole, want) {
			t.Errorf("since the beginning %v, want %v", got.Whole, want)
		}
		half := func(by string) []endpoint.Share {
			return []endpoint.Share{{By: endpoint.ByOthers, Percent: 50}, {By: by, Percent: 50}}
		}
		servers := []endpoint.ServerShares{
			{Side: rehome.Source, Host: "a:993", Shares: half(endpoint.BySource)},
			{Side: rehome.Destination, Host: "b:993", Shares: []endpoint.Share{half(endpoint.ByDestination)[1], half("")[0]}},
		}
		if !reflect.DeepEqual(got.Servers, servers) {
			t.Errorf("by server %v, want %v", got.Servers, servers)
		}
	})
}
