// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"fmt"
	"math"
	"math/rand/v2"
	"mime"
	"slices"
)

// messageSize is log-normal with a median of 9 KB; the few really big ones are laid in by hand.
func messageSize(rng *rand.Rand) int64 {
	size := 9216 * math.Exp(0.6*rng.NormFloat64())
	return int64(min(max(size, 700), 300<<10))
}

func shapeFor(rng *rand.Rand) shape {
	switch n := rng.IntN(10); {
	case n < 5:
		return shapePlain
	case n < 8:
		return shapeAlternative
	default:
		return shapeMixed
	}
}

func newID(rng *rand.Rand) string { return fmt.Sprintf("%016X.%06X", rng.Uint64(), rng.Uint32()>>8) }

func encodeSubject(s string) string { return mime.QEncoding.Encode("utf-8", s) }

// flagsFor throws the dice for system flags and keywords, in the order in which a server lists them.
func flagsFor(rng *rand.Rand, r role) []string {
	var flags []string
	maybe := func(percent int, flag string) {
		if rng.IntN(100) < percent {
			flags = append(flags, flag)
		}
	}
	switch r {
	case roleDrafts:
		flags = append(flags, `\Draft`, `\Seen`)
	case roleSent:
		flags = append(flags, `\Seen`)
		maybe(10, `\Answered`)
	case roleSpam:
		maybe(20, `\Seen`)
		maybe(80, "$Junk")
	case roleTrash:
		maybe(70, `\Seen`)
		maybe(30, `\Deleted`)
	case roleIn, roleArchive:
		maybe(80, `\Seen`)
		maybe(20, `\Answered`)
		maybe(5, `\Flagged`)
		maybe(2, `\Deleted`)
		maybe(6, "$Forwarded")
		maybe(10, "NonJunk")
		maybe(3, "$Label1")
		maybe(2, "project-alpha")
		maybe(1, "Follow.up/2")
	}
	return flags
}

// scatter puts the extra messages among those that are there, each dated like its neighbour.
func scatter(rng *rand.Rand, m *Mailbox, extra ...Message) {
	for _, msg := range extra {
		at := rng.IntN(len(m.Messages) + 1)
		if msg.InternalDate.IsZero() {
			msg.InternalDate = m.Messages[max(0, at-1)].InternalDate
		}
		m.Messages = slices.Insert(m.Messages, at, msg)
	}
}

// number gives out UIDs, with the gaps that deleted messages leave.
func number(rng *rand.Rand, m *Mailbox) {
	uid := uint32(1 + rng.IntN(50))
	for i := range m.Messages {
		m.Messages[i].UID = uid
		uid++
		if rng.IntN(8) == 0 {
			uid += uint32(rng.IntN(60))
		}
	}
	m.UIDNext = uid
}
