// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"maps"
	"testing"

	"rehome/internal/mapping"
	"rehome/internal/protocol/dsync"
	"rehome/internal/protocol/imap"
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

func TestAlignable(t *testing.T) {
	t.Parallel()
	status := func(validity uint32, next imap.UID, messages int64) *imap.Status {
		return &imap.Status{UIDValidity: validity, UIDNext: next, Messages: imap.CountOf(messages)}
	}
	for name, test := range map[string]struct {
		src, dst *imap.Status
		made     bool
		want     bool
	}{
		"made just now":                    {src: status(7, 9, 3), made: true, want: true},
		"listed, and nobody has used it":   {src: status(7, 9, 3), dst: status(8, 1, 0), want: true},
		"listed, and used":                 {src: status(7, 9, 3), dst: status(8, 2, 0)},
		"it has the UIDVALIDITY":           {src: status(7, 9, 3), dst: status(7, 1, 0)},
		"neither made nor listed":          {src: status(7, 9, 3)},
		"the source holds nothing":         {src: status(7, 9, 0), made: true},
		"the source does not say anything": {made: true},
	} {
		pair := mapping.Pair{Source: "A", Destination: "B"}
		s := &slice{made: map[string]bool{"B": test.made}, view: accountView{plan: mapping.Plan{Pairs: []mapping.Pair{pair}}}}
		s.view.src = map[string]imap.ListEntry{"A": {Name: "A", Status: test.src}}
		if test.dst != nil {
			s.view.dst = map[string]imap.ListEntry{"B": {Name: "B", Status: test.dst}}
		}
		if got := s.alignable(pair); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
