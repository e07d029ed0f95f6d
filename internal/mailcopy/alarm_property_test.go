// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"math/rand/v2"
	"testing"
)

func TestFindAlarms(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		losses   []loss
		atSource int64
		want     int
	}{
		"nothing":                         {nil, 0, 0},
		"nothing lost, nothing there":     {[]loss{{of: 100}}, 0, 0},
		"a few of a few":                  {[]loss{{mailbox: "a", lost: 20, of: 20}, {of: 100}}, 100, 0},
		"21 of 21":                        {[]loss{{mailbox: "a", lost: 21, of: 21}, {of: 100}}, 100, 1},
		"half of many":                    {[]loss{{mailbox: "a", lost: 500, of: 1000}}, 500, 0},
		"more than half of many":          {[]loss{{mailbox: "a", lost: 501, of: 1000}, {of: 1000}}, 1499, 1},
		"mailbox and account":             {[]loss{{mailbox: "a", lost: 501, of: 1000}}, 499, 2},
		"filed away":                      {[]loss{{mailbox: "a", lost: 501, moved: 200, of: 1000}}, 1000, 0},
		"trash emptied":                   {[]loss{{mailbox: "Trash", lost: 1000, of: 1000, often: true}, {of: 10}}, 10, 0},
		"all of a small account":          {[]loss{{mailbox: "a", lost: 3, of: 3}}, 0, 1},
		"many small mailboxes at a time":  {[]loss{{lost: 15, of: 15}, {lost: 15, of: 15}, {of: 20}}, 20, 1},
		"all of an account, and of trash": {[]loss{{mailbox: "Trash", lost: 100, of: 100, often: true}}, 0, 2},
	} {
		if got := findAlarms(test.losses, test.atSource); len(got) != test.want {
			t.Errorf("%s: %+v, want %d", name, got, test.want)
		}
	}
}

// More loss never makes an alarm go away.
func TestFindAlarms_monotonic(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(19, 23))
	for range 5000 {
		of := 1 + chance.IntN(200)
		lost := chance.IntN(of + 1)
		few := findAlarms([]loss{{mailbox: "a", lost: lost, of: of}}, 10)
		more := findAlarms([]loss{{mailbox: "a", lost: min(lost+1, of), of: of}}, 10)
		if len(more) < len(few) {
			t.Fatalf("%d of %d alarms, one more does not", lost, of)
		}
	}
}
