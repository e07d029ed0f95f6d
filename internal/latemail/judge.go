// SPDX-License-Identifier: Apache-2.0

package latemail

import (
	"slices"
	"time"

	"rehome/internal/ledger"
)

// Verdict says how things stand after the switch.
type Verdict struct {
	Quiet   bool      `json:"quiet"`             // nothing has arrived for long enough, and all that had is brought
	Since   time.Time `json:"since"`             // of the last arrival, or of the switch
	Until   time.Time `json:"quiet_at"`          // when it will have been quiet for long enough, if nothing more comes
	Due     []string  `json:"due,omitempty"`     // accounts that a pass has to visit
	Unseen  []string  `json:"unseen,omitempty"`  // accounts that were not looked at since Until, and are not due
	Trouble []string  `json:"trouble,omitempty"` // accounts whose last look failed
}

// Judge decides whether it has been quiet. All accounts that moved have to be named: one without a row was never looked at. Quiet
// is proved by a look that began after the time was over, however long nobody looked before: what had come would be there.
func Judge(accounts []string, rows []ledger.LateAccount, switched time.Time, quiet time.Duration) Verdict {
	known := map[string]ledger.LateAccount{}
	v := Verdict{Since: switched.UTC()}
	for _, r := range rows {
		known[r.Address] = r
	}
	for _, address := range accounts {
		if arrived := known[address].Arrived; arrived.After(v.Since) {
			v.Since = arrived
		}
	}
	v.Until = v.Since.Add(quiet)
	for _, address := range accounts {
		r := known[address]
		switch {
		case !r.Due.IsZero():
			v.Due = append(v.Due, address)
		case r.Looked.Before(v.Until):
			v.Unseen = append(v.Unseen, address)
		}
		if r.Trouble != "" {
			v.Trouble = append(v.Trouble, address)
		}
	}
	slices.Sort(v.Due)
	slices.Sort(v.Unseen)
	slices.Sort(v.Trouble)
	v.Quiet = len(v.Due) == 0 && len(v.Unseen) == 0 && len(v.Trouble) == 0
	return v
}
