// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/wave"
)

// Whoever starts a wave whose brake its last accounts pull reads so, and what lifts it, although nobody was left alone.
func TestWriteStarted_brake(t *testing.T) {
	t.Parallel()
	held := []journey.HeldWave{{Wave: "staff", Reason: "was stopped by its brake: 3 of 9 accounts failed",
		NextStep: `see why (run "rehome wave resume staff")`}}
	f := &frame{}
	for place, started := range map[string]journey.WaveStarted{
		"here":    {Wave: "staff", Begun: true, Synced: &journey.Synced{Held: held, Accounts: []journey.SyncedAccount{{Account: "a@x.test"}}}},
		"workers": {Wave: "staff", Begun: true, Workers: &journey.WorkersSynced{Accounts: 9, Finished: 9, Held: held}},
	} {
		var out bytes.Buffer
		if err := f.writeStarted(&out, started); err != nil {
			t.Fatal(err)
		}
		want := "wave staff was stopped by its brake: 3 of 9 accounts failed\n  -> see why (run \"rehome wave resume staff\")\n"
		if !strings.Contains(out.String(), want) || !strings.Contains(out.String(), "; wave staff was stopped; follow the next step above\n") {
			t.Errorf("%s:\n%s", place, out.String())
		}
	}
}

// Whoever looks at a wave that stands reads why, and what lifts it.
func TestWriteWaves(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 30, 1, 0, 0, 0, time.Local)
	waves := journey.Waves{Rest: 7, Waves: []journey.Wave{
		{Name: "staff", State: ledger.WaveBraked, Since: since, Priority: 5, Accounts: 1200, Copied: 40, Octets: 3e9, Brake: wave.DefaultLimits(),
			Reason: "3 of 43 accounts failed in the last 15 minutes, which is more than 1 %", NextStep: "see to it",
			Through: []wave.Closed{{Code: "not_copied", Reason: "1160 accounts are not complete", NextStep: `"rehome status" says why`}}},
		{Name: "night", State: ledger.WaveRunning, Hours: []string{"22:00-06:00"}, Opens: time.Now().Add(49 * time.Hour),
			Closes: time.Now().Add(57 * time.Hour), Through: []wave.Closed{{}}},
		{Name: "pilot", State: ledger.WaveRunning, Open: true, Accounts: 1, Copied: 1, Equal: 1},
	}}
	var out bytes.Buffer
	if err := writeWaves(&out, waves, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"staff  braked", "night  waits until ", "pilot  through", "1,200",
		"wave staff was stopped by its brake since 30 Nov 01:00: 3 of 43 accounts failed in the last 15 minutes, which is more than 1 %\n" +
			"  -> see to it; then run \"rehome wave resume staff\"\n", "7 accounts that move are in no wave"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	out.Reset()
	waves.Waves = waves.Waves[:1]
	if err := writeWaves(&out, waves, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  hours: always\n", "  brake: refused=0.5% failed=1% differs=0.5% answer=10s span=15m\n",
		"  not through: 1160 accounts are not complete -> \"rehome status\" says why\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}
