// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"errors"
	"testing"

	"rehome/internal/protocol/imap"
)

// The message at which a source broke off is the first that never came, in whatever order the others did.
func TestFlow_broke(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		came []imap.UID
		cut  bool
		want imap.UID // 0: none is to blame
	}{
		{"in order", []imap.UID{1, 2}, false, 3},
		{"nothing came", nil, false, 1},
		{"the last came first", []imap.UID{4}, false, 1},
		{"cut in a body", []imap.UID{1, 4, 3}, true, 3},
		{"all came", []imap.UID{4, 3, 2, 1}, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := &flow{transfers: []*transfer{{batch: batch{{uid: 1}, {uid: 2}}}, {batch: batch{{uid: 3}, {uid: 4}}}}}
			for _, uid := range test.came {
				f.began(uid)
			}
			err := errors.New("the connection is over")
			if test.cut {
				err = &imap.BodyError{Err: err}
			}
			var broke *readError
			if errors.As(f.broke(err), &broke); (broke == nil) != (test.want == 0) || broke != nil && broke.uid != test.want {
				t.Errorf("%v is to blame, want UID %d", broke, test.want)
			}
		})
	}
}
