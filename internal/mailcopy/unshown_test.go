// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"rehome"
	"rehome/internal/mailcopy"
)

// hiding leaves the third message of a mailbox that holds three out of every listing, as long as it is told to.
func hiding(t *testing.T, server string, also func(string) string) (address string, hides *atomic.Bool) {
	hides = new(atomic.Bool)
	return disguise(t, server, func(line string) string {
		if line = also(line); !hides.Load() {
			return line
		}
		if strings.HasPrefix(line, "* 3 FETCH (UID") && !strings.HasSuffix(line, "}\r\n") {
			return ""
		}
		return strings.NewReplacer("UID ALL 1:3", "UID ALL 1:2", "SEARCH 2 3 4", "SEARCH 2 3").Replace(line)
	}), hides
}

func asItIs(line string) string { return line }

// A source that was renumbered, and does not show one of its messages: that has not vanished, and its copy is taken over
// when it is shown again.
func TestUnshown_renumbered(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions = rehome.DeletionsMirror
	var renumbered atomic.Bool
	var hides *atomic.Bool
	p.srcVia, hides = hiding(t, p.src.IMAP, func(line string) string {
		if renumbered.Load() {
			return strings.Replace(line, "UIDVALIDITY 1", "UIDVALIDITY 2", 1)
		}
		return line
	})
	p.fill(p.src, "INBOX", letters(3, 500, "a")...)
	p.sync()
	renumbered.Store(true)
	hides.Store(true)
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Adopted: 2})
	wantFinding(t, r, "former_unknown")
	if wantFinding(t, r, "messages_unlisted"); r.Census.Unknown != 1 || r.Census.Complete() {
		t.Errorf("%+v, want one that is not known", r.Census)
	}
	hides.Store(false)
	wantTally(t, p.sync(), mailcopy.Tally{Adopted: 1})
	p.wantCount(p.dst, "INBOX", 3)
	p.quiet(mailcopy.Tally{})
}

// The destination was put back, and does not show one of its messages: that is neither lost nor deleted.
func TestUnshown_restored(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	var hides *atomic.Bool
	p.dstVia, hides = hiding(t, p.dst.IMAP, asItIs)
	p.fill(p.src, "INBOX", letters(3, 500, "a")...)
	p.sync()
	putBack := p.backUp(p.dst)
	p.fill(p.src, "INBOX", letters(2, 500, "b")...)
	p.sync()
	p.quiet(mailcopy.Tally{})
	putBack()
	hides.Store(true)
	if r, err := p.trySync(p.engine()); rehome.ClassOf(err) != rehome.ClassTemporary || r.Tally.Copied+r.Tally.Held > 0 {
		t.Errorf("%+v, error %v; want nothing done, and a temporary fault", r.Tally, err)
	}
	hides.Store(false)
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 2})
	p.wantCount(p.dst, "INBOX", 5)
}

// The destination's user has deleted a mailbox, and the source, which tells no UIDNEXT that is true, does not show the mail
// that has come in the place of another.
func TestUnshown_dropped(t *testing.T) {
	t.Parallel()
	source := atmailSource()
	source.Extra = plainCloud().Extra
	p := newPair(t, source, cloudDestination())
	var hides *atomic.Bool
	p.srcVia, hides = hiding(t, p.src.IMAP, uidNextStandsStill)
	p.fill(p.src, "INBOX.Work", letters(3, 500, "a")...)
	p.sync()
	p.delete(p.dst, "Work")
	wantTally(t, p.sync(), mailcopy.Tally{Deserted: 3})
	p.expunge(p.src, "INBOX.Work", "1")
	p.fill(p.src, "INBOX.Work", letters(1, 500, "b")...)
	hides.Store(true)
	r := p.sync()
	if wantFinding(t, r, "messages_unlisted"); r.Census.Unknown != 1 || r.Census.Complete() {
		t.Errorf("%+v, want one that is not known", r.Census)
	}
	p.wantMailboxes(p.dst, "INBOX", "Sent")
	hides.Store(false)
	if r := p.sync(); r.Tally.Copied != 1 {
		t.Errorf("%+v, want the new one copied", r.Tally)
	}
}

// The listing of what has come leaves the newest message out, and its date has come with the opening: the copy has it.
func TestUnshown_newestOfWhichTheDateIsTold(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.srcVia = disguise(t, p.src.IMAP, func(line string) string {
		if strings.Contains(line, "FETCH (UID 3 FLAGS") && strings.Contains(line, "INTERNALDATE") {
			return ""
		}
		return line
	})
	mails := letters(3, 500, "a")
	p.fill(p.src, "INBOX", mails[:1]...)
	p.sync()
	p.fill(p.src, "INBOX", mails[1:]...)
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 2, Flagged: 1})
	p.wantSame("INBOX", "INBOX")
}
