// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"testing"

	"rehome"
	"rehome/internal/endpoint"
)

// full has no room for one more connection.
type full struct{}

func (*full) Reserve(context.Context, rehome.Account) (*endpoint.Place, error) { return nil, nil }
func (*full) TryReserve(rehome.Account) *endpoint.Place                        { return nil }

// Nobody logs in at one end before there is room at the other.
func TestOpenExtra_roomAtBothEndsFirst(t *testing.T) {
	t.Parallel()
	roomy := func() *endpoint.IMAP {
		return endpoint.NewIMAP(endpoint.Settings{Address: "127.0.0.1:1"}) // a log-in would be an error
	}
	for name, options := range map[string]Options{
		"source full":      {Source: &full{}, Destination: roomy()},
		"destination full": {Source: roomy(), Destination: &full{}},
	} {
		s := &slice{engine: New(options), account: rehome.Account{Address: "anna@example.test"}}
		if pair, err := s.openExtra(t.Context()); pair != nil || err != nil {
			t.Errorf("%s: got %v, %v", name, pair, err)
		}
		if source, is := options.Source.(*endpoint.IMAP); is {
			place := source.TryReserve(s.account)
			if place == nil {
				t.Fatalf("%s: the place at the source is lost", name)
			}
			place.Free()
		}
	}
}
