// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"time"

	"rehome/internal/mapping"
)

// Each connection costs a log-in at both ends, where it often starts a process, and is one less for everybody else.
// So an account opens as many as its work is worth, and not as many as it has mailboxes.

// A long line is one whose round trips cost more than the servers' own work. There every allowed
// connection helps; on a short one a few keep both servers busy, and more only disturb other users.
const (
	longLine   = 15 * time.Millisecond
	shortCrews = 4 // connections on a short line
	lineCrews  = 2 // on a short line where one mailbox after the other is brought: one looks at the next one meanwhile
)

// What the work of one connection is estimated to take, beside the line.
const (
	perMailbox      = 5 * time.Millisecond
	perMessage      = 400 * time.Microsecond
	octetsPerSecond = 60e6     // on a short line; a long one has a sixth of it for each connection
	usualOctets     = 64 << 10 // of a message, where the source tells no size
	mostWriters     = 1000     // of one mailbox: more than anybody allows
	tripsPerMailbox = 3
)

// What a connection has to have to do before another one is worth its log-in.
const (
	worthShort = 500 * time.Millisecond
	worthTrips = 6 // of a long line
)

// work is what is to be done, as far as the listings tell.
type work struct {
	mailboxes int
	writers   int // that find something to do, beyond one for each mailbox
	messages  int64
	octets    int64
	unknown   bool // of a mailbox is not told how much there is
	inTurn    bool // one mailbox after the other is brought, see line
}

// workOf adds up what jobs will have to copy. With part, each so many messages of a mailbox are something to do for another writer.
func (v accountView) workOf(jobs [][]mapping.Pair, part int) (w work) {
	w.mailboxes = len(jobs)
	for _, job := range jobs {
		for _, pair := range job {
			status := v.src[pair.Source].Status
			if status == nil {
				w.unknown = true
				continue
			}
			held, told := status.Messages.Told()
			row := v.rows[pair.Source]
			lacking := max(0, held-int64(row.Done.Minus(row.Gone).Len()))
			w.unknown = w.unknown || !told
			w.messages += lacking
			if part > 0 {
				w.writers += int(min(lacking/int64(part), mostWriters))
			}
			switch {
			case held == 0:
			case status.Size < 0:
				w.octets += lacking * usualOctets
			default:
				w.octets += int64(float64(status.Size) * float64(lacking) / float64(held))
			}
		}
	}
	return w
}

// crew is how many connections the work is worth on a line whose round trips take lag: one at least, at most as many as
// can have something to do, and most. worth is what another connection has to have to do; 0 is what is usual for the line.
func (w work) crew(lag, worth time.Duration, most int) int {
	speed, each := octetsPerSecond, perMailbox
	usual := worthShort
	if lag >= longLine {
		speed, each, usual = speed/6, each+tripsPerMailbox*lag, worthTrips*lag
	} else if w.inTurn {
		most = min(most, lineCrews)
	} else {
		most = min(most, shortCrews)
	}
	if worth == 0 {
		worth = usual
	}
	most = max(1, min(most, w.mailboxes+w.writers))
	if w.unknown {
		return most
	}
	takes := float64(w.mailboxes)*float64(each) + float64(w.messages)*float64(perMessage) + float64(w.octets)/speed*float64(time.Second)
	return int(min(float64(most), 1+takes/float64(worth)))
}
