// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome/internal/people"
	"rehome/internal/wave"
)

// together says which accounts use something of each other: what the source's own list knows of shares, forwards and addresses that reach
// several.
func (m *Move) together(ctx context.Context, p *people.Everybody) (wave.Together, error) {
	var shares []people.Share
	err := m.withDirectory(ctx, func(directory people.Directory) (err error) {
		if directory != nil {
			shares, err = people.ReadShares(ctx, directory)
		}
		return err
	})
	if err != nil {
		return wave.Together{}, err
	}
	return wave.NewTogether(linksOf(p, shares)), nil
}

// linksOf are those between accounts that move.
func linksOf(p *people.Everybody, shares []people.Share) (links []wave.Link) {
	moves := make(map[string]bool, len(p.Moving))
	for _, account := range p.Moving {
		moves[account.Address] = true
	}
	add := func(a, b, by string) {
		if moves[a] && moves[b] && a != b {
			links = append(links, wave.Link{A: a, B: b, By: by})
		}
	}
	for _, s := range shares {
		add(s.Owner, s.To, "share calendars or contacts")
	}
	for _, f := range p.Organisation.Forwards {
		add(f.Account, f.Target, "are linked by a forward")
	}
	for _, alias := range p.Organisation.Aliases {
		for i, target := range alias.Targets {
			if i > 0 {
				add(alias.Targets[0], target, "both get the mail of "+alias.Name)
			}
		}
	}
	return links
}
