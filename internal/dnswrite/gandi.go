// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"context"
	"net/http"
	"net/url"
)

// gandi is the LiveDNS interface of Gandi (api.gandi.net/docs/livedns). Each set is written by itself, without a precondition.
type gandi struct {
	zone  string
	api   *api
	known bool // the zone is there: only then "not found" is about a set
}

func newGandi(o Options) Writer {
	a := newAPI("Gandi", "https://api.gandi.net", o, bearer("Bearer", o))
	return &hosted{o.Zone, Describe(o), a, &gandi{zone: o.Zone, api: a}}
}

type gandiSet struct {
	TTL    int      `json:"rrset_ttl"`
	Values []string `json:"rrset_values"`
}

func (g *gandi) path() string { return "/v5/livedns/domains/" + url.PathEscape(g.zone) }

func (g *gandi) of(key Key) string {
	return g.path() + "/records/" + url.PathEscape(relative(key.Name, g.zone, "@")) + "/" + string(key.Type)
}

func (g *gandi) check(ctx context.Context) error {
	err := g.api.call(ctx, http.MethodGet, g.path(), nil, nil, nil)
	g.known = err == nil
	return err
}

func (g *gandi) read(ctx context.Context, key Key) (Set, error) {
	if !g.known {
		if err := g.check(ctx); err != nil {
			return Set{}, err
		}
	}
	var set gandiSet
	err := g.api.call(ctx, http.MethodGet, g.of(key), nil, nil, &set)
	if statusOf(err) == http.StatusNotFound {
		return NewSet(key, 0), nil
	}
	if err != nil {
		return Set{}, err
	}
	return setOf(g.zone, key, set.TTL, set.Values)
}

func (g *gandi) write(ctx context.Context, changes []Change) error {
	for _, c := range changes {
		values, err := presented(c.New)
		switch {
		case err != nil:
			return err
		case len(values) == 0:
			err = g.api.call(ctx, http.MethodDelete, g.of(c.New.Key), nil, nil, nil)
		default:
			err = g.api.call(ctx, http.MethodPut, g.of(c.New.Key), nil, gandiSet{c.New.TTL, values}, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
