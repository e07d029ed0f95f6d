// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"rehome/internal/endpoint"
)

// What has held a pass up in its first hour is not what holds it up now.
func TestHeldUp_latelyAndSinceTheBeginning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var spent loads
		e := &heldUp{load: func() loads { return spent }, turned: time.Now()}
		work := func(source, destination time.Duration) {
			for range 360 { // each ten seconds somebody looks
				time.Sleep(10 * time.Second)
				spent.src.Open += 10 * time.Second
				spent.dst.Open += 10 * time.Second
				spent.src.Awaited += source
				spent.dst.Awaited += destination
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
	})
}
