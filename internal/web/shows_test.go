// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"rehome/internal/journey"
	"rehome/internal/ledger"
)

// What is still to be copied falls by what each step has carried, and ends at what is left now.
func TestChart_endsAtWhatIsLeft(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	speeds := []ledger.Speed{{At: now.Add(-30 * time.Minute), Messages: 60}, {At: now.Add(-29 * time.Minute), Messages: 30}}
	for _, ago := range []time.Duration{0, 2 * time.Hour} { // in the step that is under way, and in none
		var c chart
		text := chartOf(journey.Throughput{Step: time.Minute, Speeds: speeds}, now.Add(ago-29*time.Minute+time.Second), 3*time.Hour, 5)
		if err := json.Unmarshal([]byte(text), &c); err != nil || c.Left[0] != 95 || c.Left[len(c.Left)-1] != 5 {
			t.Errorf("%v: left %v, %v", ago, c.Left, err)
		}
	}
	var c chart
	text := chartOf(journey.Throughput{Step: time.Minute, Speeds: speeds}, now, time.Hour, 5)
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	if want := []int64{95, 95, 95, 95, 35, 5, 5}; !slices.Equal(c.Left, want) || len(c.At) != len(want) || len(c.Messages) != len(want) {
		t.Errorf("left %v at %v, want %v", c.Left, c.At, want)
	}
}
