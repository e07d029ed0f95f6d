// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"testing"
)

func TestStore(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.ok(`UID STORE 1:3,7 FLAGS\.SILENT \(\\Seen \$Junk\)`)
		s.ok(`UID STORE 1:3,7 \+FLAGS\.SILENT \(\\Deleted\)`, "* 1 FETCH (UID 1 FLAGS (\\Deleted))")
		s.ok(`UID STORE 1:3,7 -FLAGS\.SILENT \(\)`)
		s.send(s.expect(`UID STORE .*`) + " NO [READ-ONLY] not here")
		s.silent()
	})
	uids := NewUIDSet(1, 2, 3, 7)
	for _, step := range []struct {
		mode  StoreMode
		flags []string
	}{{StoreReplace, []string{`\seen`, "$Junk"}}, {StoreAdd, []string{`\Deleted`}}, {StoreRemove, nil}} {
		if err := client.Store(within(t), uids, step.mode, step.flags); err != nil {
			t.Errorf("%s: %v", step.mode, err)
		}
	}
	var argument *ArgumentError
	if err := client.Store(within(t), uids, StoreAdd, []string{"a b"}); !errors.As(err, &argument) {
		t.Errorf("got %v, want an ArgumentError", err)
	}
	if err := client.Store(within(t), uids, StoreAdd, nil); !IsCode(err, "READ-ONLY") {
		t.Errorf("got %v, want NO [READ-ONLY]", err)
	}
}
