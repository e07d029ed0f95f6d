// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// powerDNS is the HTTP interface of a PowerDNS server (doc.powerdns.com, authoritative/http-api). A PATCH is one transaction,
// without a precondition; where that matters, the server takes RFC 2136 too.
type powerDNS struct {
	zone string
	api  *api
}

func newPowerDNS(o Options) Writer {
	a := newAPI("PowerDNS", "", o, func(r *http.Request, _ []byte, _ time.Time) { r.Header.Set("X-API-Key", o.Secret.Reveal()) })
	return &hosted{o.Zone, Describe(o), a, &powerDNS{o.Zone, a}}
}

// pdnsSet is an RRset object.
type pdnsSet struct {
	Name       string       `json:"name"`
	Type       string       `json:"type"`
	TTL        int          `json:"ttl,omitempty"`
	ChangeType string       `json:"changetype,omitempty"`
	Records    []pdnsRecord `json:"records"`
}

type pdnsRecord struct {
	Content  string `json:"content"`
	Disabled bool   `json:"disabled"`
}

func (p *powerDNS) path() string {
	return "/api/v1/servers/localhost/zones/" + url.PathEscape(p.zone+".")
}

func (p *powerDNS) check(ctx context.Context) error {
	return p.api.call(ctx, http.MethodGet, p.path(), url.Values{"rrsets": {"false"}}, nil, nil)
}

func (p *powerDNS) read(ctx context.Context, key Key) (Set, error) {
	var answer struct {
		Sets []pdnsSet `json:"rrsets"`
	}
	query := url.Values{"rrset_name": {key.Name + "."}, "rrset_type": {string(key.Type)}} // older servers give all, whatever is asked for
	if err := p.api.call(ctx, http.MethodGet, p.path(), query, nil, &answer); err != nil {
		return Set{}, err
	}
	for _, set := range answer.Sets {
		if set.Name != key.Name+"." || set.Type != string(key.Type) {
			continue
		}
		var values []string
		for _, record := range set.Records {
			if !record.Disabled {
				values = append(values, record.Content)
			}
		}
		return setOf(p.zone, key, set.TTL, values)
	}
	return NewSet(key, 0), nil
}

func (p *powerDNS) write(ctx context.Context, changes []Change) error {
	var sets []pdnsSet
	for _, c := range changes {
		set := pdnsSet{Name: c.New.Name + ".", Type: string(c.New.Type), ChangeType: "DELETE", Records: []pdnsRecord{}}
		values, err := presented(c.New)
		if err != nil {
			return err
		}
		for _, value := range values {
			set.Records = append(set.Records, pdnsRecord{Content: value})
		}
		if len(values) > 0 {
			set.ChangeType, set.TTL = "REPLACE", c.New.TTL
		}
		sets = append(sets, set)
	}
	return p.api.call(ctx, http.MethodPatch, p.path(), nil, map[string]any{"rrsets": sets}, nil)
}
