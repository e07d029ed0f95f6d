// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"rehome"
)

// Load is how the time of connections to a host was spent, summed over all of them.
type Load struct {
	Open    time.Duration // from the log-in until the end; of contacts and calendars, the time of requests
	Awaited time.Duration // of that, waiting for the server's answers, or for it to take what is sent
	OnWay   time.Duration // of Awaited, what the line needs at least: a round trip for each turn
	Paced   time.Duration // waiting because the settings allow no more octets a second
	Queued  time.Duration // waiting for a place, because the settings allow no more connections
	Eased   time.Duration // waiting for a place, because the server has asked to go slower
	Turns   int64         // answers that were awaited

	// Unmeasured is how often something else was done with the host, of which nothing of this is known.
	Unmeasured int64
}

// Plus returns the sum of two loads.
func (l Load) Plus(m Load) Load {
	return Load{l.Open + m.Open, l.Awaited + m.Awaited, l.OnWay + m.OnWay, l.Paced + m.Paced, l.Queued + m.Queued, l.Eased + m.Eased,
		l.Turns + m.Turns, l.Unmeasured + m.Unmeasured}
}

// Minus returns what has come since an earlier load of the same host.
func (l Load) Minus(m Load) Load {
	return Load{l.Open - m.Open, l.Awaited - m.Awaited, l.OnWay - m.OnWay, l.Paced - m.Paced, l.Queued - m.Queued, l.Eased - m.Eased,
		l.Turns - m.Turns, l.Unmeasured - m.Unmeasured}
}

// held is for how long the work was held up by the server, beside what the line needs.
func (l Load) held() time.Duration { return l.Awaited - l.OnWay + l.Eased }

// Share is a part of the time for which work was held up.
type Share struct {
	By      string `json:"by"` // one of the words below
	Percent int    `json:"percent"`
}

// What holds work up.
const (
	BySource      = "source"
	ByDestination = "destination"
	ByLine        = "round trips"              // to either end
	ByLimit       = "own limit"                // limits.bytes_per_second
	ByPlaces      = "own limit on connections" // the others of limits
	ByLedger      = "ledger"
	ByUs          = "this machine" // neither end was waited for, nor the ledger
)

// Shares says what held work between two hosts up, the most first, in whole per cent that make a hundred. The ledger is for how long it
// was waited for meanwhile. Nothing is said of less than a second, nor where a host was not measured; what is below one per cent is
// left out.
func Shares(source, destination Load, ledger time.Duration) []Share {
	both := source.Plus(destination)
	if both.Unmeasured > 0 {
		return nil
	}
	// While one end is waited for, the connections of the other may stand idle, or be waited for as well: at least so much is left.
	// Somebody may wait for the ledger while a server answers: at most so much of it is the ledger.
	ours := max(0, both.Open/2-both.Awaited-both.Paced-both.Queued-both.Eased)
	ledger = min(max(0, ledger), ours)
	return percent(map[string]time.Duration{
		BySource: source.held(), ByDestination: destination.held(), ByLine: both.OnWay, ByLimit: both.Paced, ByPlaces: both.Queued,
		ByLedger: ledger, ByUs: ours - ledger,
	})
}

// percent turns times into shares.
func percent(times map[string]time.Duration) (shares []Share) {
	var all time.Duration
	for _, t := range times { // one below zero is the error of a round trip that was measured anew
		all += max(0, t)
	}
	if all < time.Second {
		return nil
	}
	left := 100
	most := func(a, b string) int { return cmp.Or(cmp.Compare(times[b], times[a]), cmp.Compare(a, b)) }
	for _, by := range slices.SortedFunc(maps.Keys(times), most) {
		if n := min(left, int((100*times[by]+all/2)/all)); n > 0 {
			shares = append(shares, Share{by, n})
			left -= n
		}
	}
	shares[0].Percent += left // what was rounded away
	return shares
}

// ServerShares is what the work with one server was held up by.
type ServerShares struct {
	Side    rehome.Side `json:"side"`
	Service string      `json:"service"` // imap, dav, ...
	Host    string      `json:"host"`    // as in the settings, with its port
	Shares  []Share     `json:"shares"`  // the most first
}

// ByOthers is what is left of the time of a server's connections: the other end or this machine were waited for.
const ByOthers = "not by it"

// SharesOf says of each server what its time was spent with, of those that were used for a second or longer and measured.
func SharesOf(servers map[Server]Load) []ServerShares {
	all := []ServerShares{}
	for server, load := range servers {
		if load.Unmeasured > 0 {
			continue
		}
		by := BySource
		if server.Side == rehome.Destination {
			by = ByDestination
		}
		shares := percent(map[string]time.Duration{
			by: load.held(), ByLine: load.OnWay, ByLimit: load.Paced, ByPlaces: load.Queued, ByOthers: max(0, load.Open-load.Awaited-load.Paced),
		})
		if shares != nil {
			all = append(all, ServerShares{server.Side, server.Service, server.Address, shares})
		}
	}
	slices.SortFunc(all, func(a, b ServerShares) int {
		return cmp.Or(-cmp.Compare(a.Side, b.Side), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Service, b.Service)) // the source first
	})
	return all
}
