// SPDX-License-Identifier: Apache-2.0

package dnswrite_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/internal/dnswrite"
	"rehome/internal/protocol/dns"
)

// The signatures are those that AWS has published with its test suite for Signature Version 4.
func TestSignAWS_published(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                             "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		"?Param2=value2&Param1=value1": "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.amazonaws.com/"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
		dnswrite.SignAWS(request, nil, now, "service", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
		if got := request.Header.Get("Authorization"); !strings.HasSuffix(got, "Signature="+want) {
			t.Errorf("%q: got %s, want the signature %s", query, got, want)
		}
	}
}

// awsSet is a set as Route 53 takes and shows it.
type awsSet struct {
	Name   string
	Type   string
	TTL    int
	Values []string `xml:"ResourceRecords>ResourceRecord>Value"`
}

type awsBatch struct {
	Changes []struct {
		Action string
		Set    awsSet `xml:"ResourceRecordSet"`
	} `xml:"ChangeBatch>Changes>Change"`
}

func awsError(w http.ResponseWriter, message string) {
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `<?xml version="1.0"?><InvalidChangeBatch xmlns="https://route53.amazonaws.com/doc/2013-04-01/">`+
		`<Messages><Message>%s</Message></Messages></InvalidChangeBatch>`, message)
}

func TestRoute53_contract(t *testing.T) {
	t.Parallel()
	signed := func(r *http.Request, token string) bool {
		again := r.Clone(r.Context())
		again.URL.Host = r.Host
		at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		body := readAgain(r)
		dnswrite.SignAWS(again, body, at, "route53", "the-key", token)
		return err == nil && again.Header.Get("Authorization") == r.Header.Get("Authorization")
	}
	serve(t, dnswrite.Route53, signed, http.StatusForbidden, func(s *shelf) http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /2013-04-01/hostedzonesbyname", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `<ListHostedZonesByNameResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HostedZones>`+
				`<HostedZone><Id>/hostedzone/Z1</Id><Name>example.org.</Name><Config><PrivateZone>true</PrivateZone></Config></HostedZone>`+
				`<HostedZone><Id>/hostedzone/Z2</Id><Name>example.org.</Name><Config><PrivateZone>false</PrivateZone></Config></HostedZone>`+
				`<HostedZone><Id>/hostedzone/Z3</Id><Name>example.test.</Name></HostedZone></HostedZones></ListHostedZonesByNameResponse>`)
		})
		mux.HandleFunc("GET /2013-04-01/hostedzone/Z2/rrset", func(w http.ResponseWriter, r *http.Request) {
			query := r.URL.Query()
			type sets struct {
				XMLName xml.Name `xml:"ListResourceRecordSetsResponse"`
				Sets    []awsSet `xml:"ResourceRecordSets>ResourceRecordSet"`
			}
			var all sets // from the asked one on: the next one is shown if it is not there
			for _, key := range s.keys(func(k dnswrite.Key) bool {
				return strings.Compare(k.Name+". "+string(k.Type), query.Get("name")+" "+query.Get("type")) >= 0
			}) {
				all.Sets = append(all.Sets, awsSet{key.Name + ".", string(key.Type), s.sets[key].ttl, s.sets[key].values})
			}
			slices.SortFunc(all.Sets, func(a, b awsSet) int { return strings.Compare(a.Name+" "+a.Type, b.Name+" "+b.Type) })
			all.Sets = all.Sets[:min(1, len(all.Sets))]
			_ = xml.NewEncoder(w).Encode(all)
		})
		mux.HandleFunc("POST /2013-04-01/hostedzone/Z2/rrset", func(w http.ResponseWriter, r *http.Request) {
			var batch awsBatch
			if err := xml.NewDecoder(r.Body).Decode(&batch); err != nil {
				t.Error(err)
			}
			message := ""
			refusal := s.attempt(func() { message = s.awsBatch(batch) })
			if message += refusal; message != "" {
				awsError(w, message)
				return
			}
			fmt.Fprint(w, `<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status></ChangeInfo>`+
				`</ChangeResourceRecordSetsResponse>`)
		})
		return mux
	})
}

// awsBatch makes changes as Route 53 does: a set is deleted by all that it holds.
func (s *shelf) awsBatch(batch awsBatch) (message string) {
	before := map[dnswrite.Key]shelved{}
	for key, set := range s.sets {
		before[key] = set
	}
	for _, change := range batch.Changes {
		key := dnswrite.Key{Name: strings.TrimSuffix(change.Set.Name, "."), Type: dns.Type(change.Set.Type)}
		there, found := s.sets[key]
		about := fmt.Sprintf("resource record set [name='%s', type='%s']", change.Set.Name, change.Set.Type)
		switch {
		case change.Action == "CREATE" && found:
			message = "Tried to create " + about + " but it already exists"
		case change.Action == "CREATE":
			s.store(key, change.Set.TTL, change.Set.Values)
		case !found:
			message = "Tried to delete " + about + " but it was not found"
		case there.ttl != change.Set.TTL || !slices.Equal(there.values, change.Set.Values):
			message = "Tried to delete " + about + " but the values provided do not match the current values"
		default:
			s.store(key, 0, nil)
		}
		if message != "" {
			s.sets = before
			return message
		}
	}
	return ""
}
