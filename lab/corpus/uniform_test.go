// SPDX-License-Identifier: Apache-2.0

package corpus

import "testing"

func TestSpread_sizesFillTheWholeRange(t *testing.T) {
	t.Parallel()
	const n, smallest, largest = 300, 1 << 20, 20 << 20
	boxes := Spread(n, smallest, largest, 4)
	if got := len(boxes); got != 4 {
		t.Fatalf("got %d mailboxes, want 4", got)
	}
	var below2, above10, all int
	for _, box := range boxes {
		for _, msg := range box.Messages {
			all++
			if msg.Size < smallest || msg.Size > largest+1<<10 {
				t.Errorf("got a message of %d octets, want between %d and %d", msg.Size, smallest, largest)
			}
			if msg.Size < 2*smallest {
				below2++
			}
			if msg.Size > largest/2 {
				above10++
			}
		}
	}
	// One doubling is 23 % of the range.
	if all != n || below2 < n/6 || above10 < n/6 {
		t.Errorf("got %d messages, %d below 2 MiB and %d above 10, want %d and a sixth at either end", all, below2, above10, n)
	}
}

func TestUniform_sizesVaryByAQuarter(t *testing.T) {
	t.Parallel()
	for _, box := range Uniform(200, 10_000, 3) {
		for _, msg := range box.Messages {
			if msg.Size < 7_500 || msg.Size > 12_500 {
				t.Errorf("got a message of %d octets, want 7,500 to 12,500", msg.Size)
			}
		}
	}
}
