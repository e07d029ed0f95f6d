// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// hetzner is the DNS of the Hetzner Cloud (docs.hetzner.cloud, zones; the old dns.hetzner.com is gone). Values and TTL of a set are
// two actions, which run some time later, without a precondition.
type hetzner struct {
	zone string
	api  *api
	ttl  int // of sets that have none of their own; 0 as long as it was not asked for
}

func newHetzner(o Options) Writer {
	a := newAPI("Hetzner", "https://api.hetzner.cloud", o, bearer("Bearer", o))
	return &hosted{o.Zone, Describe(o), a, &hetzner{zone: o.Zone, api: a}}
}

type hetznerSet struct {
	Name    string          `json:"name"`
	Type    string          `json:"type"`
	TTL     *int            `json:"ttl"` // nil: that of the zone
	Records []hetznerRecord `json:"records"`
}

type hetznerRecord struct {
	Value   string `json:"value"`
	Comment string `json:"comment,omitempty"`
}

type hetznerAction struct {
	Action struct {
		ID     int64  `json:"id"`
		Status string `json:"status"` // running, success, error
		Error  struct {
			Message string `json:"message"`
		} `json:"error"`
	} `json:"action"`
}

func (h *hetzner) path() string { return "/v1/zones/" + url.PathEscape(h.zone) }

func (h *hetzner) check(ctx context.Context) error {
	var answer struct {
		Zone struct {
			TTL  int    `json:"ttl"`
			Mode string `json:"mode"`
		} `json:"zone"`
	}
	if err := h.api.call(ctx, http.MethodGet, h.path(), nil, nil, &answer); err != nil {
		return err
	}
	if answer.Zone.Mode == "secondary" {
		return errors.New("the zone is a secondary one there: its records are changed at its primary server")
	}
	h.ttl = answer.Zone.TTL
	return nil
}

// read asks for a list: a set that is asked for by name is "not found" too if the zone is not.
func (h *hetzner) read(ctx context.Context, key Key) (Set, error) {
	set, err := h.find(ctx, key)
	if err != nil || set == nil {
		return NewSet(key, 0), err
	}
	if set.TTL == nil {
		if h.ttl == 0 {
			if err := h.check(ctx); err != nil {
				return Set{}, err
			}
		}
		set.TTL = &h.ttl
	}
	var values []string
	for _, record := range set.Records {
		values = append(values, record.Value)
	}
	return setOf(h.zone, key, *set.TTL, values)
}

func (h *hetzner) find(ctx context.Context, key Key) (*hetznerSet, error) {
	name := relative(key.Name, h.zone, "@")
	var answer struct {
		Sets []hetznerSet `json:"rrsets"`
	}
	query := url.Values{"name": {name}, "type": {string(key.Type)}}
	if err := h.api.call(ctx, http.MethodGet, h.path()+"/rrsets", query, nil, &answer); err != nil {
		return nil, err
	}
	for i := range answer.Sets {
		if set := &answer.Sets[i]; set.Name == name && set.Type == string(key.Type) {
			return set, nil
		}
	}
	return nil, nil
}

func (h *hetzner) write(ctx context.Context, changes []Change) error {
	for _, c := range changes {
		if err := h.writeOne(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// writeOne changes values before the TTL: a set that is interrupted in between has the new values already, which decide knows as
// half of the way.
func (h *hetzner) writeOne(ctx context.Context, c Change) error {
	values, err := presented(c.New)
	if err != nil {
		return err
	}
	set := hetznerSet{Name: relative(c.New.Name, h.zone, "@"), Type: string(c.New.Type), TTL: &c.New.TTL}
	for _, value := range values {
		set.Records = append(set.Records, hetznerRecord{Value: value})
	}
	at := h.path() + "/rrsets/" + url.PathEscape(set.Name) + "/" + set.Type
	switch {
	case len(c.Old.Values) == 0 && len(values) == 0:
		return nil
	case len(c.Old.Values) == 0:
		return h.act(ctx, http.MethodPost, h.path()+"/rrsets", set)
	case len(values) == 0:
		return h.act(ctx, http.MethodDelete, at, nil)
	}
	if !c.Old.sameValues(c.New) {
		if err := h.act(ctx, http.MethodPost, at+"/actions/set_records", map[string]any{"records": set.Records}); err != nil {
			return err
		}
	}
	if c.Old.TTL == c.New.TTL {
		return nil
	}
	return h.act(ctx, http.MethodPost, at+"/actions/change_ttl", map[string]any{"ttl": c.New.TTL})
}

// maxPolls bounds how often an action is asked for, with a second in between.
const maxPolls = 60

// act begins an action and waits until it has ended.
func (h *hetzner) act(ctx context.Context, method, path string, in any) error {
	var answer hetznerAction
	if err := h.api.call(ctx, method, path, nil, in, &answer); err != nil {
		return err
	}
	for poll := 0; answer.Action.Status == "running" && poll < maxPolls; poll++ {
		if err := h.api.wait(ctx, time.Second); err != nil {
			return err
		}
		if err := h.api.call(ctx, http.MethodGet, fmt.Sprintf("/v1/actions/%d", answer.Action.ID), nil, nil, &answer); err != nil {
			return err
		}
	}
	switch answer.Action.Status {
	case "success":
		return nil
	case "error":
		return &statusError{title: h.api.title, status: http.StatusUnprocessableEntity, words: answer.Action.Error.Message}
	}
	return fmt.Errorf("the change is still %q at Hetzner", answer.Action.Status)
}
