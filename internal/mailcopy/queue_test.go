// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"rehome/lab/dovecot"
)

// halfway is an observer that lets no more mailboxes be made, once the first is there, until something was copied.
type halfway struct {
	t      *testing.T
	copied chan struct{}
	once   sync.Once
}

func (*halfway) Looked(string, int64, int64) {}
func (*halfway) Present(string, int64)       {}

func (h *halfway) Made(_ string, made, _ int) {
	if made != 1 {
		return
	}
	select {
	case <-h.copied:
	case <-time.After(5 * time.Minute):
		h.t.Error("one mailbox is there, and nothing is copied into it until the others are")
	}
}

func (h *halfway) Copied(string, int, int64) { h.once.Do(func() { close(h.copied) }) }

// A server may take a minute to make thousands of mailboxes: what is there is copied meanwhile.
func TestQueue_copiesWhileMailboxesAreMade(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"})
	const boxes = 60
	for n := range boxes {
		name := fmt.Sprintf("INBOX.Box%02d", n)
		p.fill(p.src, name, letters(1, 500, name)...)
	}
	p.observer = &halfway{t: t, copied: make(chan struct{})}
	if r := p.sync(); r.Tally.Copied != boxes {
		t.Errorf("copied %d of %d", r.Tally.Copied, boxes)
	}
}
