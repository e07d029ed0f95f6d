// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rehome"
)

// route53 is Amazon Route 53 (docs.aws.amazon.com/Route53, version 2013-04-01). A change batch is made as a whole or not at all. It
// deletes a set by all that it holds, TTL included, and creates the new one: if it holds something else, or one has come into
// being, nothing is done.
type route53 struct {
	zone string
	api  *api
	id   string // of the hosted zone
}

func newRoute53(o Options) Writer {
	a := newAPI("Route 53", "https://route53.amazonaws.com", o, func(r *http.Request, body []byte, now time.Time) {
		signAWS(r, body, now, "route53", o.Key, o.Secret.Reveal())
	})
	return &hosted{o.Zone, Describe(o), a, &route53{zone: o.Zone, api: a}}
}

const awsVersion = "/2013-04-01"

// awsSet is a ResourceRecordSet.
type awsSet struct {
	Name       string     `xml:"Name"`
	Type       string     `xml:"Type"`
	Identifier string     `xml:"SetIdentifier,omitempty"` // one of several sets, chosen by weight or place
	TTL        int        `xml:"TTL"`
	Values     []string   `xml:"ResourceRecords>ResourceRecord>Value"`
	Alias      *awsTarget `xml:"AliasTarget,omitempty"`
}

type awsTarget struct {
	Name string `xml:"DNSName"`
}

// awsBatch is a request of changes.
type awsBatch struct {
	XMLName xml.Name    `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ChangeResourceRecordSetsRequest"`
	Changes []awsChange `xml:"ChangeBatch>Changes>Change"`
}

type awsChange struct {
	Action string `xml:"Action"`
	Set    awsSet `xml:"ResourceRecordSet"`
}

// ask sends a request and reads the answer.
func (r *route53) ask(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body []byte
	if in != nil {
		octets, err := xml.Marshal(in)
		if err != nil {
			return err
		}
		body = append([]byte(xml.Header), octets...)
	}
	answer, err := r.api.send(ctx, method, awsVersion+path, query, "application/xml", body)
	var status *statusError
	if errors.As(err, &status) {
		status.words = awsWords(status.words)
	}
	if err != nil || out == nil {
		return err
	}
	if err := xml.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s answers what is not understood: %w", r.api.title, err)
	}
	return nil
}

// awsWords takes the message out of an error in XML.
func awsWords(text string) string {
	for _, name := range []string{"Message", "message"} {
		if _, rest, found := strings.Cut(text, "<"+name+">"); found {
			message, _, _ := strings.Cut(rest, "</"+name+">")
			return message
		}
	}
	return text
}

// check finds the public zone. Two of the same name are somebody's mistake or preparation, and only a person knows which one
// counts.
func (r *route53) check(ctx context.Context) error {
	var answer struct {
		Zones []struct {
			ID      string `xml:"Id"`
			Name    string `xml:"Name"`
			Private bool   `xml:"Config>PrivateZone"`
		} `xml:"HostedZones>HostedZone"`
	}
	if err := r.ask(ctx, http.MethodGet, "/hostedzonesbyname", url.Values{"dnsname": {r.zone + "."}, "maxitems": {"100"}}, nil, &answer); err != nil {
		return err
	}
	var ids []string
	for _, zone := range answer.Zones {
		if zone.Name == r.zone+"." && !zone.Private {
			ids = append(ids, strings.TrimPrefix(zone.ID, "/hostedzone/"))
		}
	}
	if len(ids) != 1 {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "look at", Object: r.zone,
			Cause: fmt.Errorf("the account has %d public hosted zones of this name, where there should be one", len(ids)),
			Hint:  "check the zone in dns.providers and the account of the key; of two zones of one name, remove the one that no parent delegates to"}
	}
	r.id = ids[0]
	return nil
}

func (r *route53) path() string { return "/hostedzone/" + url.PathEscape(r.id) + "/rrset" }

func (r *route53) read(ctx context.Context, key Key) (Set, error) {
	set, err := r.find(ctx, key)
	if err != nil || set == nil {
		return NewSet(key, 0), err
	}
	return setOf(r.zone, key, set.TTL, set.Values)
}

// find asks for the list of sets from this one on: the first one is it, or it is not there.
func (r *route53) find(ctx context.Context, key Key) (*awsSet, error) {
	if r.id == "" {
		if err := r.check(ctx); err != nil {
			return nil, err
		}
	}
	var answer struct {
		Sets []awsSet `xml:"ResourceRecordSets>ResourceRecordSet"`
	}
	query := url.Values{"name": {key.Name + "."}, "type": {string(key.Type)}, "maxitems": {"1"}}
	if err := r.ask(ctx, http.MethodGet, r.path(), query, nil, &answer); err != nil {
		return nil, err
	}
	if len(answer.Sets) == 0 || strings.TrimSuffix(answer.Sets[0].Name, ".") != key.Name || answer.Sets[0].Type != string(key.Type) {
		return nil, nil
	}
	set := &answer.Sets[0]
	if set.Alias != nil || set.Identifier != "" {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: key.String(),
			Cause: errors.New("it is an alias, or one of several sets that Route 53 chooses among"), Hint: "change this one by hand"}
	}
	return set, nil
}

func (r *route53) write(ctx context.Context, changes []Change) error {
	var batch awsBatch
	for _, c := range changes {
		set, err := r.find(ctx, c.Old.Key)
		if err != nil {
			return err
		}
		if set != nil { // deleted as it is written there, which need not be as we write it
			found, err := setOf(r.zone, c.Old.Key, set.TTL, set.Values)
			if err != nil {
				return err
			}
			if !found.Equal(c.Old) {
				return ErrUnmet
			}
			batch.Changes = append(batch.Changes, awsChange{"DELETE", *set})
		}
		values, err := presented(c.New)
		if err != nil {
			return err
		}
		if len(values) > 0 {
			created := awsSet{Name: c.New.Name + ".", Type: string(c.New.Type), TTL: c.New.TTL, Values: values}
			batch.Changes = append(batch.Changes, awsChange{"CREATE", created})
		}
	}
	err := r.ask(ctx, http.MethodPost, r.path(), nil, batch, nil)
	if awsUnmet(err) {
		return fmt.Errorf("%w: %w", ErrUnmet, err)
	}
	return err
}

// awsUnmet tells a batch that does not fit what is there from one that is wrong: both are InvalidChangeBatch, and only the words
// differ.
func awsUnmet(err error) bool {
	var status *statusError
	if !errors.As(err, &status) || status.status != http.StatusBadRequest {
		return false
	}
	for _, words := range []string{"it was not found", "already exists", "do not match the current values"} {
		if strings.Contains(status.words, words) {
			return true
		}
	}
	return false
}
