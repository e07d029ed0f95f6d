// SPDX-License-Identifier: Apache-2.0

package scout

import (
	"rehome/internal/checkup"
	"rehome/internal/clientcheck"
)

// choose proposes one server for each service: the first that works; else the first that answers although its certificate is not
// trusted, which a setting may mend; else the first that somebody has published. A guess that does not work is no proposal.
func choose(all []candidate) []Proposal {
	proposals := []Proposal{}
	for _, service := range []clientcheck.Service{clientcheck.IMAP, clientcheck.POP3, clientcheck.Submission, clientcheck.Sieve, clientcheck.DAV,
		clientcheck.Webmail} {
		best, rank := candidate{}, 0
		for _, c := range all {
			if r := c.rank(); c.Service == service && r > rank {
				best, rank = c, r
			}
		}
		if rank == 0 {
			continue
		}
		p := Proposal{Service: service, Value: best.value(), From: best.from, Works: best.works(), Answer: "it was not looked at"}
		if best.probe != nil {
			p.Answer = best.probe.Sentence
		}
		proposals = append(proposals, p)
	}
	return proposals
}

func (c candidate) works() bool { return c.probe != nil && c.probe.Level == checkup.LevelOK }

// rank says how good a candidate is; 0 is none.
func (c candidate) rank() int {
	switch {
	case c.works() && c.published:
		return 4
	case c.works():
		return 3
	case c.probe != nil && c.probe.Trouble == clientcheck.Certificate && (c.named || c.published):
		return 2
	case c.published:
		return 1
	}
	return 0
}
