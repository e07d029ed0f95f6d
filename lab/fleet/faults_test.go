// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"testing"
	"time"

	"rehome/lab"
)

// Workers die, are stopped and woken up, and lose the store, one fault of each kind: all accounts are through once, no batch is there twice,
// no more connections are open at once than are allowed, and who died or was away has left undone at most a slice for each connection that
// it had.
func TestFleet_workersThatDie(t *testing.T) {
	t.Parallel()
	f, err := Stage(lab.Open(t), Options{Accounts: 24, Workers: 3, Connections: 6, Lease: 4 * time.Second, Dir: t.TempDir(), Lines: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	r, err := f.Suffer(t.Context(), Hurt, 5, 1, func(what string) { t.Log(what) })
	if err != nil || r.Killed != 1 || r.Lost == 0 || r.Cut == 0 {
		t.Errorf("%s; %v, wanted one of them to be killed, and others to lose their accounts", r, err)
	}
}
