// SPDX-License-Identifier: Apache-2.0

package worker

import (
	"slices"
	"testing"
)

// A worker that finds nothing asks more rarely, and at once again when it has had something to do, or has found something.
func TestVain_asksMoreRarely(t *testing.T) {
	t.Parallel()
	var v vain
	var asked []int
	for beat := range 40 {
		starved := beat != 30
		if v.ask(starved) {
			asked = append(asked, beat)
			v.asked(beat == 22)
		}
	}
	if want := []int{0, 2, 6, 14, 22, 23, 25, 29, 31, 33, 37}; !slices.Equal(asked, want) {
		t.Errorf("asked at %v, want %v", asked, want)
	}
}
