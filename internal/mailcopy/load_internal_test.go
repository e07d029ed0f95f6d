// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"

	"rehome/internal/ledger"
)

// Who comes too late to help with a load changes nothing of it: its job may be reading what it has become.
func TestLoad_whoComesTooLateChangesNothing(t *testing.T) {
	t.Parallel()
	open := func() *load {
		l := &load{job: &mailboxJob{row: &ledger.Mailbox{}}, groups: [][]batch{{{{uid: 1}}}, {{{uid: 2}}}}}
		l.own = &lane{load: l}
		return l
	}
	late := open()
	late.end()
	if n := late.join(nil, nil); n != nil || late.rivals.shared {
		t.Errorf("a load that has ended: lane %v, shared %t; want neither", n, late.rivals.shared)
	}
	inTime := open()
	if n := inTime.join(nil, nil); n == nil || !inTime.rivals.shared {
		t.Errorf("a load at work: lane %v, shared %t; want both", n, inTime.rivals.shared)
	}
}
