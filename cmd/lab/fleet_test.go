// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"rehome/lab/fleet"
)

// What is measured needs accounts that are left.
func TestFleet_tooFewAccounts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		accounts, looks, faults int
		copies, planned         time.Duration
		day                     float64
		enough                  bool
	}{
		{accounts: 1000, looks: 20_000},
		{accounts: 1000, looks: 1000},
		{accounts: 1000, looks: 999, enough: true},
		{accounts: 1000, looks: 700, copies: time.Second},
		{accounts: 1000, looks: 700, planned: time.Second},
		{accounts: 1000, looks: 500, planned: time.Second, enough: true},
		{accounts: 14_800, day: 1},
		{accounts: 14_801, day: 1, enough: true},
		{accounts: 250, looks: 20_000, faults: 25, enough: true},
	} {
		o := fleetOptions{Options: fleet.Options{Accounts: test.accounts, Connections: 400}, looks: test.looks, faults: test.faults,
			copies: test.copies, planned: test.planned, day: test.day}
		if err := o.enough(); err == nil != test.enough {
			t.Errorf("%+v: %v", test, err)
		}
	}
	o := fleetOptions{Options: fleet.Options{Accounts: 10, Connections: 4}, looks: 20}
	if err := o.run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "raise --accounts above 20") {
		t.Errorf("%v, wanted to be told how many", err)
	}
}
