// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"math/rand/v2"
	"testing"

	"rehome/internal/mailcopy"
)

// Whatever has become of an account's messages: the numbers add up, and a pass is complete exactly when
// nothing is missing but what the destination's users have taken away.
func TestSyncedMail_addsUp(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(17, 19))
	some := func() int64 { return int64(chance.IntN(2) * chance.IntN(100)) }
	var synced Synced
	for range 5000 {
		now := mailcopy.Census{
			There: some(), Failed: some(), Deserted: some(), Waiting: some(), Left: some(), Stuck: some(), Unknown: some(), Untold: some(),
			Uncounted: int(some()), Barred: int(some()), BrokenOff: int(some()),
		}
		copied := int(min(some(), now.There))
		m := newSyncedMail(mailcopy.Tally{Copied: copied}, now.There-int64(copied), now)
		if sum := m.There + m.Failed + m.Deserted + m.Waiting + m.Remaining + m.Unknown; sum != m.Messages {
			t.Fatalf("%+v: %d messages, and they add up to %d", now, m.Messages, sum)
		}
		if sum := int64(m.Copied+m.Adopted) + m.Unchanged; sum != m.There {
			t.Fatalf("%+v: %d there, and they add up to %d", now, m.There, sum)
		}
		one := Synced{Accounts: []SyncedAccount{{Mail: m}}}
		missing := m.Failed + m.Waiting + m.Remaining + m.Unknown + int64(m.Uncounted+m.Barred+m.BrokenOff)
		if one.complete() != (missing == 0) {
			t.Fatalf("%+v: complete %v, with %d missing", now, one.complete(), missing)
		}
		if mendable := now.Left+now.Unknown+int64(now.Uncounted+now.BrokenOff) > 0; one.mendable() != mendable {
			t.Fatalf("%+v: mendable %v, want %v", now, one.mendable(), mendable)
		}
		synced.Accounts = append(synced.Accounts, SyncedAccount{Mail: m})
	}
	total := synced.Total()
	if sum := total.There + total.Failed + total.Deserted + total.Waiting + total.Remaining + total.Unknown; sum != total.Messages || sum == 0 {
		t.Errorf("in all %d messages, and they add up to %d", total.Messages, sum)
	}
}
