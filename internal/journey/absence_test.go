// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// A worker that has lost the store joins again, more and more rarely, and says each error once. What lasts ends it.
func TestAbsence_ends(t *testing.T) {
	t.Parallel()
	var away absence
	refused, slow := errors.New("connection refused"), errors.New("timeout")
	now := time.Unix(1_000_000, 0)
	if _, _, over := away.after(slow, true, now.Add(-time.Hour)); over != nil {
		t.Fatal(over)
	}
	said, longest := 0, time.Duration(0)
	began := now
	for joined := true; ; joined = false {
		err := refused
		if said > 0 {
			err = slow
		}
		say, pause, over := away.after(err, joined, now)
		if over != nil {
			if !errors.Is(over, slow) || now.Sub(began) < longestAbsence || now.Sub(began) > longestAbsence+longestJoinPause {
				t.Errorf("%v after %v", over, now.Sub(began))
			}
			break
		}
		if say != "" {
			said++
			if !strings.Contains(say, err.Error()) {
				t.Errorf("said %q of %v", say, err)
			}
		}
		longest = max(longest, pause)
		now = now.Add(pause)
	}
	if said != 2 || longest != longestJoinPause {
		t.Errorf("said %d times, waited for %v at most; want twice, and %v", said, longest, longestJoinPause)
	}
	if _, pause, over := away.after(refused, true, now); over != nil || pause != firstJoinPause {
		t.Errorf("%v, %v after it has joined again, want to begin anew", pause, over)
	}
}
