// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
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

// Whoever watches workers outlives a server of the store that starts again, as the workers do, says that it is gone, and does not take what
// nobody has answered for the end of the pass.
func TestFollowRun_storeStartsAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("no such socket")
		working := WorkersSynced{Accounts: 3, Finished: 1, Working: 2, Workers: []string{"one"}}
		over := WorkersSynced{Accounts: 3, Finished: 3, Workers: []string{"one"}}
		began := time.Now()
		look := func() (WorkersSynced, error) {
			switch passed := time.Since(began); {
			case passed < 2*time.Second, passed > time.Minute && passed < 10*time.Minute:
				return WorkersSynced{}, gone
			case passed < 11*time.Minute:
				return working, nil
			}
			return over, nil
		}
		var said []string
		synced, err := followRun(t.Context(), look, func(s WorkersSynced) {
			said = append(said, map[bool]string{true: "lost", false: "there"}[strings.Contains(s.Lost, gone.Error())])
		})
		if err != nil || synced.Finished != 3 || synced.Lost != "" || !slices.Equal(said, []string{"lost", "there", "lost", "there"}) {
			t.Errorf("%+v, %v, told %q", synced, err, said)
		}
	})
}

// What lasts is an error, and a command that is stopped meanwhile leaves the pass to the workers.
func TestFollowRun_storeStaysAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("no such socket")
		look := func() (WorkersSynced, error) { return WorkersSynced{}, gone }
		quiet := func(WorkersSynced) {}
		began := time.Now()
		if _, err := followRun(t.Context(), look, quiet); !errors.Is(err, gone) || time.Since(began) < longestAbsence {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if synced, err := followRun(ctx, look, quiet); err != nil || !synced.Interrupted {
			t.Errorf("%+v, %v, want it to be interrupted", synced, err)
		}
	})
}
