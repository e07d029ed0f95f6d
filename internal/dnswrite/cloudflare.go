// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rehome"
	"rehome/internal/protocol/dns"
)

// cloudflare is the interface of Cloudflare (developers.cloudflare.com/api, DNS records). It knows records and no sets. A batch is
// one transaction, whose records reach the name servers one by one; it has no precondition beyond that a record to be deleted or
// changed is there.
type cloudflare struct {
	zone string
	api  *api
	id   string // of the zone
}

func newCloudflare(o Options) Writer {
	a := newAPI("Cloudflare", "https://api.cloudflare.com", o, bearer("Bearer", o))
	return &hosted{o.Zone, Describe(o), a, &cloudflare{zone: o.Zone, api: a}}
}

// flareRecord is one record; of those that have several fields, Data has them.
type flareRecord struct {
	ID       string         `json:"id,omitempty"`
	Name     string         `json:"name,omitempty"`
	Type     string         `json:"type,omitempty"`
	Content  string         `json:"content,omitempty"`
	TTL      int            `json:"ttl,omitempty"` // 1 is "automatic"
	Priority *int           `json:"priority,omitempty"`
	Proxied  bool           `json:"proxied"`
	Data     map[string]any `json:"data,omitempty"`
}

// automatic is what Cloudflare serves where the TTL is left to it.
const automatic = 300

type flarePages struct {
	Pages int `json:"total_pages"`
}

func (c *cloudflare) check(ctx context.Context) error {
	var answer struct {
		Result []struct {
			ID          string   `json:"id"`
			Name        string   `json:"name"`
			Permissions []string `json:"permissions"`
		} `json:"result"`
	}
	if err := c.api.call(ctx, http.MethodGet, "/client/v4/zones", url.Values{"name": {c.zone}}, nil, &answer); err != nil {
		return err
	}
	for _, zone := range answer.Result {
		if zone.Name != c.zone {
			continue
		}
		if len(zone.Permissions) > 0 && !slices.Contains(zone.Permissions, "#dns_records:edit") {
			return &rehome.Fault{Class: rehome.ClassOperator, Op: "look at", Object: c.zone,
				Cause: errors.New("the token may not change its records at Cloudflare"), Hint: `give it the permission "DNS: Edit" for this zone`}
		}
		c.id = zone.ID
		return nil
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "look at", Object: c.zone,
		Cause: errors.New("the token knows no such zone at Cloudflare"),
		Hint:  `give the token the permissions "Zone: Read" and "DNS: Edit" for this zone, and check its name in dns.providers`}
}

func (c *cloudflare) path() string {
	return "/client/v4/zones/" + url.PathEscape(c.id) + "/dns_records"
}

// records lists those of a set. The filter by name has had two forms, so each name is compared here too.
func (c *cloudflare) records(ctx context.Context, key Key) ([]flareRecord, error) {
	if c.id == "" {
		if err := c.check(ctx); err != nil {
			return nil, err
		}
	}
	var found []flareRecord
	for page := 1; page <= maxPages; page++ {
		var answer struct {
			Result []flareRecord `json:"result"`
			Info   flarePages    `json:"result_info"`
		}
		query := url.Values{"type": {string(key.Type)}, "name.exact": {key.Name}, "per_page": {"100"}, "page": {strconv.Itoa(page)}}
		if err := c.api.call(ctx, http.MethodGet, c.path(), query, nil, &answer); err != nil {
			return nil, err
		}
		for _, record := range answer.Result {
			if strings.EqualFold(record.Name, key.Name) && record.Type == string(key.Type) {
				found = append(found, record)
			}
		}
		if page >= answer.Info.Pages {
			return found, nil
		}
	}
	return nil, fmt.Errorf("there are more than %d pages of records at Cloudflare", maxPages)
}

func (c *cloudflare) read(ctx context.Context, key Key) (Set, error) {
	records, err := c.records(ctx, key)
	if err != nil {
		return Set{}, err
	}
	ttl := 0
	var values []string
	for _, record := range records {
		if record.Proxied {
			return Set{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: key.String(),
				Cause: errors.New("the proxy of Cloudflare stands in front of it, and DNS shows other addresses"),
				Hint:  "switch it to \"DNS only\" at Cloudflare, or change it by hand"}
		}
		value, err := record.value(key)
		if err != nil {
			return Set{}, err
		}
		values = append(values, value)
		ttl = max(ttl, record.ttl())
	}
	return NewSet(key, ttl, values...), nil
}

func (r flareRecord) ttl() int {
	if r.TTL == 1 {
		return automatic
	}
	return r.TTL
}

// value is a record in our form. Names come without a dot at the end, and the priority of an MX record in a field of its own; that
// of an SRV record does too, and is in the content all the same.
func (r flareRecord) value(key Key) (string, error) {
	content := r.Content
	switch key.Type {
	case dns.MX:
		if r.Priority == nil {
			return "", fmt.Errorf("there is no priority for %s at Cloudflare", key)
		}
		content = fmt.Sprintf("%d %s.", *r.Priority, strings.TrimSuffix(content, "."))
	case dns.CNAME:
		content = strings.TrimSuffix(content, ".") + "."
	case dns.SRV:
		if len(r.Data) > 0 {
			target := strings.TrimSuffix(fmt.Sprint(r.Data["target"]), ".")
			content = fmt.Sprintf("%v %v %v %s.", r.Data["priority"], r.Data["weight"], r.Data["port"], target)
		}
	}
	set, err := setOf(key.Name, key, r.ttl(), []string{content})
	if err != nil {
		return "", err
	}
	return set.Values[0], nil
}

// flareBatch is done in this order: deletes, patches, posts.
type flareBatch struct {
	Deletes []flareRecord `json:"deletes,omitempty"`
	Patches []flareRecord `json:"patches,omitempty"`
	Posts   []flareRecord `json:"posts,omitempty"`
}

func (c *cloudflare) write(ctx context.Context, changes []Change) error {
	var batch flareBatch
	for _, change := range changes {
		if err := c.add(ctx, &batch, change); err != nil {
			return err
		}
	}
	err := c.api.call(ctx, http.MethodPost, c.path()+"/batch", nil, batch, nil)
	if statusOf(err) == http.StatusNotFound { // a record that was listed a moment ago
		return fmt.Errorf("%w: %w", ErrUnmet, err)
	}
	return err
}

// add puts a change into a batch: what stays keeps its record, with what the owner has noted at it.
func (c *cloudflare) add(ctx context.Context, batch *flareBatch, change Change) error {
	records, err := c.records(ctx, change.Old.Key)
	if err != nil {
		return err
	}
	var there []string
	for _, record := range records {
		value, err := record.value(change.Old.Key)
		if err != nil {
			return err
		}
		there = append(there, value)
		switch {
		case !slices.Contains(change.New.Values, value):
			batch.Deletes = append(batch.Deletes, flareRecord{ID: record.ID})
		case record.TTL != change.New.TTL:
			batch.Patches = append(batch.Patches, flareRecord{ID: record.ID, TTL: change.New.TTL})
		}
	}
	if !NewSet(change.Old.Key, change.Old.TTL, there...).sameValues(change.Old) {
		return ErrUnmet
	}
	values, err := presented(change.New)
	if err != nil {
		return err
	}
	for i, value := range change.New.Values {
		if !slices.Contains(there, value) {
			batch.Posts = append(batch.Posts, flareOf(change.New, value, values[i]))
		}
	}
	return nil
}

// flareOf is a new record.
func flareOf(set Set, value, presented string) flareRecord {
	record := flareRecord{Name: set.Name, Type: string(set.Type), TTL: set.TTL, Content: strings.TrimSuffix(presented, ".")}
	fields := strings.Fields(value)
	switch {
	case set.Type == dns.MX && len(fields) == 2:
		priority, _ := strconv.Atoi(fields[0]) // written by presented, which has read it
		record.Priority, record.Content = &priority, fields[1]
	case set.Type == dns.SRV && len(fields) == 4:
		record.Content, record.Data = "", map[string]any{"target": fields[3]}
		for i, name := range []string{"priority", "weight", "port"} {
			record.Data[name], _ = strconv.Atoi(fields[i])
		}
	case set.Type == dns.TXT:
		record.Content = presented
	}
	return record
}
