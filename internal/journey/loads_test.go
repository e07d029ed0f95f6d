// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"reflect"
	"testing"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/people"
)

// What the work was held up by is the sum of what all processes have noted, of the last minutes and of the day.
func TestStatus_whatHoldsItUp(t *testing.T) {
	t.Parallel()
	m, store := storeIn(t)
	m.noteSpeed(t.Context(), store, conductor.NewProgress())() // of a process that has used no server
	src := endpoint.Server{Side: rehome.Source, Service: "imap", Address: "a:993"}
	dst := endpoint.Server{Side: rehome.Destination, Service: "dav", Address: "b:443"}
	ctx := t.Context()
	noted := func(ago time.Duration, t times) {
		if err := store.Loads.Add(ctx, time.Now().Add(-ago), t.loadsOf()...); err != nil {
			panic(err)
		}
	}
	noted(time.Hour, times{map[endpoint.Server]endpoint.Load{src: {Open: 90 * time.Second, Awaited: 90 * time.Second}}, 0})
	noted(0, times{map[endpoint.Server]endpoint.Load{dst: {Open: 6 * time.Second, Awaited: 6 * time.Second}}, time.Second})
	noted(0, times{map[endpoint.Server]endpoint.Load{dst: {Open: 8 * time.Second}, {Address: "nobody's"}: {Open: time.Hour}}, 5 * time.Second})
	status, err := m.Status(t.Context(), people.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	is := func(by string, percent int) endpoint.Share { return endpoint.Share{By: by, Percent: percent} }
	destination := endpoint.ServerShares{Side: rehome.Destination, Service: "dav", Host: "b:443",
		Shares: []endpoint.Share{is(endpoint.ByOthers, 57), is(endpoint.ByDestination, 43)}}
	want := []HeldUpSpan{
		{10, []endpoint.Share{is(endpoint.ByDestination, 86), is(endpoint.ByLedger, 14)}, []endpoint.ServerShares{destination}},
		{24 * 60, []endpoint.Share{is(endpoint.BySource, 94), is(endpoint.ByDestination, 6)}, []endpoint.ServerShares{
			{Side: rehome.Source, Service: "imap", Host: "a:993", Shares: []endpoint.Share{is(endpoint.BySource, 100)}}, destination,
		}},
	}
	if !reflect.DeepEqual(status.HeldUp, want) {
		t.Errorf("got  %v\nwant %v", status.HeldUp, want)
	}
}
