// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"maps"
	"testing"

	"rehome/internal/protocol/dsync"
)

func TestByName(t *testing.T) {
	t.Parallel()
	node := func(guid byte, name ...string) dsync.Node {
		return dsync.Node{Name: name, Exists: true, GUID: dsync.GUID{guid}}
	}
	parent := node(0, "Work")
	parent.GUID = dsync.GUID{}
	gone := node(7, "Gone")
	gone.Exists = false
	got := byName([]dsync.Node{
		node(1, "INBOX"), parent, node(2, "Work", "2024"), gone,
		node(3, "a_b"), node(4, "a_b"), node(5, "a_b"), // one of them has that name, the server has escaped something in the others'
		node(6, "z"),
	}, "/")
	if want := map[string]dsync.GUID{"INBOX": {1}, "Work/2024": {2}, "z": {6}}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
