// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"rehome/internal/journey"
)

// Whoever looks at the workers reads since when each is there, and why one can do nothing.
func TestWriteWorkersThere(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 34, 0, 0, time.Local)
	there := journey.WorkersThere{Possible: true, Left: []journey.HeldAccount{{}}, Workers: []journey.WorkerThere{
		{Name: "one", Began: now.Add(-time.Hour), Held: 3}, {Name: "two", Began: now.Add(-2 * time.Hour), Hindered: "cannot begin: it lacks a secret"},
		{Name: "three", Began: now, Leaving: true}, {Name: "four", Silent: true},
	}}
	for want, there := range map[string]journey.WorkersThere{
		"the store is a file":                       {},
		"there is no worker; start one with":        {Possible: true},
		"one     takes accounts  11:34         3\n": there,
		"two     can do nothing  10:34         0\n": there,
		"three   leaves          12:34":             there,
		"four    silent":                            there,
		"two cannot begin: it lacks a secret\n":     there,
		"1 account left behind by a worker that is gone; the next one that is free goes on with it": there,
	} {
		var out bytes.Buffer
		if err := writeWorkersThere(&out, there, now); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s, %v", want, out.String(), err)
		}
	}
}
