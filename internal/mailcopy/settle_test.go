// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
)

func TestVerdict_property(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	rapid.Check(t, func(t *rapid.T) {
		settle := time.Duration(rapid.Int64Range(1, int64(10*time.Minute)).Draw(t, "settle"))
		var open []ledger.Intent
		messages := 0
		for range rapid.IntRange(0, 5).Draw(t, "intents") {
			var intent ledger.Intent
			if rapid.Bool().Draw(t, "orphan") {
				intent.Alive = now.Add(-time.Duration(rapid.Int64Range(int64(-time.Hour), int64(time.Hour)).Draw(t, "age")))
			}
			for i := range rapid.IntRange(1, 3).Draw(t, "messages") {
				intent.Items = append(intent.Items, ledger.Item{UID: imap.UID(i + 1)})
			}
			if quiet := now.Sub(intent.Alive); intent.Alive.IsZero() || quiet < settle {
				messages += len(intent.Items)
			}
			open = append(open, intent)
		}
		void, wait := verdict(open, now, settle)
		for _, intent := range void {
			if intent.Alive.IsZero() || now.Sub(intent.Alive) < settle {
				t.Fatalf("void after %v, settle is %v", now.Sub(intent.Alive), settle)
			}
		}
		if wait.Messages != messages {
			t.Fatalf("%d messages wait, want %d", wait.Messages, messages)
		}
		if len(void) == len(open) {
			if wait != (pass.Wait{}) {
				t.Fatalf("nothing is open, and %+v", wait)
			}
			return
		}
		if !wait.Look.After(now) || wait.Look.After(wait.Until) || wait.Until.After(now.Add(settle)) {
			t.Fatalf("look at %v, until %v, now %v, settle %v", wait.Look, wait.Until, now, settle)
		}
	})
}

// Looks become rarer and end when the time is over.
func TestVerdict_fewLooks(t *testing.T) {
	t.Parallel()
	begun := time.Unix(1_000_000, 0)
	now := begun.Add(time.Second)
	looks := 0
	for {
		looks++
		void, wait := verdict([]ledger.Intent{{Alive: begun, Items: make([]ledger.Item, 1)}}, now, DefaultSettle)
		if len(void) == 1 {
			break
		}
		now = wait.Look
	}
	if took := now.Sub(begun); took != DefaultSettle || looks > 8 {
		t.Errorf("%d looks in %v, want at most 8 in %v", looks, took, DefaultSettle)
	}
}
