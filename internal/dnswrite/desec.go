// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"context"
	"net/http"
	"net/url"
)

// deSEC is the interface of desec.io (desec.readthedocs.io). One request changes several sets, all or none, without a precondition.
// It limits writes to 15 a minute and 300 a day for each domain.
type deSEC struct {
	zone string
	api  *api
}

func newDeSEC(o Options) Writer {
	a := newAPI("deSEC", "https://desec.io", o, bearer("Token", o))
	return &hosted{o.Zone, Describe(o), a, &deSEC{o.Zone, a}}
}

type desecSet struct {
	Subname string   `json:"subname"` // "" is the zone itself
	Type    string   `json:"type"`
	TTL     int      `json:"ttl,omitempty"`
	Records []string `json:"records"` // none removes the set
}

func (d *deSEC) path() string { return "/api/v1/domains/" + url.PathEscape(d.zone) + "/" }

func (d *deSEC) check(ctx context.Context) error {
	return d.api.call(ctx, http.MethodGet, d.path(), nil, nil, nil)
}

// read asks for a list of sets: one that is asked for by name is "not found" too if the whole domain is not.
func (d *deSEC) read(ctx context.Context, key Key) (Set, error) {
	subname := relative(key.Name, d.zone, "")
	var sets []desecSet
	query := url.Values{"subname": {subname}, "type": {string(key.Type)}}
	if err := d.api.call(ctx, http.MethodGet, d.path()+"rrsets/", query, nil, &sets); err != nil {
		return Set{}, err
	}
	for _, set := range sets {
		if set.Subname == subname && set.Type == string(key.Type) {
			return setOf(d.zone, key, set.TTL, set.Records)
		}
	}
	return NewSet(key, 0), nil
}

func (d *deSEC) write(ctx context.Context, changes []Change) error {
	var sets []desecSet
	for _, c := range changes {
		values, err := presented(c.New)
		if err != nil {
			return err
		}
		sets = append(sets, desecSet{relative(c.New.Name, d.zone, ""), string(c.New.Type), c.New.TTL, values})
	}
	return d.api.call(ctx, http.MethodPatch, d.path()+"rrsets/", nil, sets, nil)
}
