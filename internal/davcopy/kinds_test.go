// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"strings"
	"sync"
	"testing"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/lab/corpus"
)

// Contacts whose server lets them wait do not keep calendars waiting.
func TestRunSlice_kindsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 3, 3))
	events := make(chan struct{})
	var first sync.Once
	settings := p.dst.Settings()
	settings.Pace = func(request string) {
		switch {
		case !strings.HasPrefix(request, "put "):
		case strings.HasSuffix(request, ".ics"):
			first.Do(func() { close(events) })
		default:
			select {
			case <-events:
			case <-time.After(time.Minute):
				t.Error("no event is written before the contacts are")
			}
		}
	}
	p.dst = endpoint.NewDAV(settings)
	t.Cleanup(p.dst.Close)
	got := p.pass(t)
	wantTally(t, "contacts", got.Tallies[rehome.KindContacts], Tally{Objects: 3, Copied: 3})
	wantTally(t, "calendars", got.Tallies[rehome.KindCalendars], Tally{Objects: 3, Copied: 3})
}
