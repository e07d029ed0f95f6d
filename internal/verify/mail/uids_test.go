// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"strings"
	"testing"

	"rehome/internal/protocol/imap"
)

func TestUIDFault_namesTheGravest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		src, dst numbered
		moved    int
		want     string // "" for no difference
	}{
		"equal":                       {numbered{7, 10, 9}, numbered{7, 10, 9}, 0, ""},
		"the destination is ahead":    {numbered{7, 10, 9}, numbered{7, 12, 9}, 0, ""},
		"never used":                  {numbered{7, 1, 0}, numbered{8, 1, 0}, 0, ""},
		"used and empty":              {numbered{7, 5, 0}, numbered{8, 1, 0}, 0, "UIDVALIDITY 7 at the source and 8"},
		"another incarnation":         {numbered{7, 10, 9}, numbered{8, 10, 9}, 3, "UIDVALIDITY 7 at the source and 8"},
		"no UIDVALIDITY":              {numbered{0, 10, 9}, numbered{8, 10, 9}, 0, "unknown"},
		"other UIDs":                  {numbered{7, 10, 9}, numbered{7, 10, 9}, 2, "2 messages with another UID"},
		"UIDs that are given again":   {numbered{7, 12, 9}, numbered{7, 10, 9}, 0, "assigns UID 10 next at the destination and 12"},
		"the source tells no next":    {numbered{7, 0, 9}, numbered{7, 9, 8}, 0, "assigns UID 9 next at the destination and 10"},
		"the destination tells none":  {numbered{7, 10, 9}, numbered{7, 0, 9}, 0, "unknown"},
		"the source tells no next, 2": {numbered{7, 0, 9}, numbered{7, 10, 9}, 0, ""},
	} {
		_, _, got := uidFault(test.src, test.dst, test.moved, 4)
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestRenumbered_letsTwinsChangePlaces(t *testing.T) {
	t.Parallel()
	message := func(uid imap.UID, digest byte) *record {
		r := &record{uid: uid, size: 10, date: 5, octets: 10}
		r.digest[0] = digest
		return r
	}
	same := []pair{
		{message(1, 1), message(1, 1)},
		{message(2, 2), message(4, 2)}, {message(4, 2), message(2, 2)}, // the same message twice
		{message(5, 3), message(6, 3)}, {message(6, 4), message(7, 4)},
	}
	if got := renumbered(same); got != 2 {
		t.Errorf("%d messages have another UID, want 2", got)
	}
}
