// SPDX-License-Identifier: Apache-2.0

package dnswrite_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"rehome/internal/dnswrite"
	"rehome/internal/protocol/dns"
)

// decoded reads what was sent.
func decoded[T any](t *testing.T, r *http.Request) T {
	t.Helper()
	var value T
	if err := json.NewDecoder(r.Body).Decode(&value); err != nil {
		t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	return value
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

type object = map[string]any

func TestDeSEC_contract(t *testing.T) {
	t.Parallel()
	type set struct {
		Subname string   `json:"subname"`
		Type    string   `json:"type"`
		TTL     int      `json:"ttl"`
		Records []string `json:"records"`
	}
	token := func(r *http.Request, token string) bool { return r.Header.Get("Authorization") == "Token "+token }
	serve(t, dnswrite.DeSEC, token, http.StatusUnauthorized, func(s *shelf) http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /api/v1/domains/example.org/", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, object{"name": s.zone, "minimum_ttl": 3600})
		})
		mux.HandleFunc("GET /api/v1/domains/example.org/rrsets/", func(w http.ResponseWriter, r *http.Request) {
			query := r.URL.Query()
			found := []set{}
			for _, key := range s.keys(func(k dnswrite.Key) bool {
				return k.Name == s.absolute(query.Get("subname")) && string(k.Type) == query.Get("type")
			}) {
				found = append(found, set{s.relative(key.Name, ""), string(key.Type), s.sets[key].ttl, s.sets[key].values})
			}
			answer(w, http.StatusOK, found)
		})
		mux.HandleFunc("PATCH /api/v1/domains/example.org/rrsets/", func(w http.ResponseWriter, r *http.Request) {
			sets := decoded[[]set](t, r)
			refusal := s.attempt(func() {
				for _, each := range sets {
					if len(each.Records) > 0 && each.TTL < 3600 {
						t.Errorf("got a TTL of %d seconds, which deSEC refuses", each.TTL)
					}
					s.store(dnswrite.Key{Name: s.absolute(each.Subname), Type: dns.Type(each.Type)}, each.TTL, each.Records)
				}
			})
			if refusal != "" {
				answer(w, http.StatusBadRequest, []object{{"non_field_errors": []string{refusal}}})
				return
			}
			answer(w, http.StatusOK, sets)
		})
		return mux
	})
}

func TestGandi_contract(t *testing.T) {
	t.Parallel()
	type set struct {
		TTL    int      `json:"rrset_ttl"`
		Values []string `json:"rrset_values"`
	}
	serve(t, dnswrite.Gandi, bearer, http.StatusForbidden, func(s *shelf) http.Handler {
		const records = " /v5/livedns/domains/example.org/records/{name}/{type}"
		of := func(r *http.Request) dnswrite.Key {
			return dnswrite.Key{Name: s.absolute(r.PathValue("name")), Type: dns.Type(r.PathValue("type"))}
		}
		mux := http.NewServeMux()
		mux.HandleFunc("GET /v5/livedns/domains/example.org", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, object{"fqdn": s.zone})
		})
		mux.HandleFunc("GET"+records, func(w http.ResponseWriter, r *http.Request) {
			found, ok := s.sets[of(r)]
			if !ok {
				answer(w, http.StatusNotFound, object{"code": 404, "message": "Can't find the DNS record", "object": "dns-record", "cause": "Not Found"})
				return
			}
			answer(w, http.StatusOK, set{found.ttl, found.values})
		})
		mux.HandleFunc("PUT"+records, func(w http.ResponseWriter, r *http.Request) {
			in := decoded[set](t, r)
			if in.TTL < 300 {
				t.Errorf("got a TTL of %d seconds, which Gandi refuses", in.TTL)
			}
			if refusal := s.attempt(func() { s.store(of(r), in.TTL, in.Values) }); refusal != "" {
				answer(w, http.StatusBadRequest, object{"status": "error", "errors": []object{{"location": "body", "description": refusal}}})
				return
			}
			answer(w, http.StatusCreated, object{"message": "DNS Record Created"})
		})
		mux.HandleFunc("DELETE"+records, func(w http.ResponseWriter, r *http.Request) {
			s.store(of(r), 0, nil)
			w.WriteHeader(http.StatusNoContent)
		})
		return mux
	})
}

func TestHetzner_contract(t *testing.T) {
	t.Parallel()
	type record struct {
		Value string `json:"value"`
	}
	type set struct {
		Name    string   `json:"name"`
		Type    string   `json:"type"`
		TTL     *int     `json:"ttl"`
		Records []record `json:"records"`
	}
	values := func(records []record) (all []string) {
		for _, r := range records {
			all = append(all, r.Value)
		}
		return all
	}
	serve(t, dnswrite.Hetzner, bearer, http.StatusUnauthorized, func(s *shelf) http.Handler {
		const one = " /v1/zones/example.org/rrsets/{name}/{type}"
		of := func(r *http.Request) dnswrite.Key {
			return dnswrite.Key{Name: s.absolute(r.PathValue("name")), Type: dns.Type(r.PathValue("type"))}
		}
		running := 0
		begun := func(w http.ResponseWriter, refusal string) {
			if refusal != "" {
				answer(w, http.StatusUnprocessableEntity, object{"error": object{"code": "invalid_input", "message": refusal}})
				return
			}
			running = 2
			answer(w, http.StatusCreated, object{"action": object{"id": 17, "status": "running"}})
		}
		mux := http.NewServeMux()
		mux.HandleFunc("GET /v1/zones/example.org", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, object{"zone": object{"id": 4, "name": s.zone, "mode": "primary", "ttl": 86400}})
		})
		mux.HandleFunc("GET /v1/actions/17", func(w http.ResponseWriter, _ *http.Request) {
			status := "success"
			if running--; running > 0 {
				status = "running"
			}
			answer(w, http.StatusOK, object{"action": object{"id": 17, "status": status}})
		})
		mux.HandleFunc("GET /v1/zones/example.org/rrsets", func(w http.ResponseWriter, r *http.Request) {
			found := []set{}
			for _, key := range s.keys(func(k dnswrite.Key) bool {
				return s.relative(k.Name, "@") == r.URL.Query().Get("name") && string(k.Type) == r.URL.Query().Get("type")
			}) {
				each := set{Name: s.relative(key.Name, "@"), Type: string(key.Type)}
				if ttl := s.sets[key].ttl; ttl != 86400 { // that of the zone
					each.TTL = &ttl
				}
				for _, value := range s.sets[key].values {
					each.Records = append(each.Records, record{value})
				}
				found = append(found, each)
			}
			answer(w, http.StatusOK, object{"rrsets": found, "meta": object{"pagination": object{"page": 1, "last_page": 1}}})
		})
		mux.HandleFunc("POST /v1/zones/example.org/rrsets", func(w http.ResponseWriter, r *http.Request) {
			in := decoded[set](t, r)
			begun(w, s.attempt(func() {
				s.store(dnswrite.Key{Name: s.absolute(in.Name), Type: dns.Type(in.Type)}, *in.TTL, values(in.Records))
			}))
		})
		mux.HandleFunc("POST"+one+"/actions/set_records", func(w http.ResponseWriter, r *http.Request) {
			s.store(of(r), s.sets[of(r)].ttl, values(decoded[set](t, r).Records))
			begun(w, "")
		})
		mux.HandleFunc("POST"+one+"/actions/change_ttl", func(w http.ResponseWriter, r *http.Request) {
			s.store(of(r), *decoded[set](t, r).TTL, s.sets[of(r)].values)
			begun(w, "")
		})
		mux.HandleFunc("DELETE"+one, func(w http.ResponseWriter, r *http.Request) {
			s.store(of(r), 0, nil)
			begun(w, "")
		})
		return mux
	})
}

// flareRecord is a record as Cloudflare shows it: without dots at the end, with the priority apart.
type flareRecord struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Content  string `json:"content"`
	TTL      int    `json:"ttl"`
	Priority *int   `json:"priority,omitempty"`
	Proxied  bool   `json:"proxied"`
	Data     object `json:"data,omitempty"`
}

// presented is the record as a zone file has it.
func (r flareRecord) presented() string {
	switch {
	case r.Type == "MX":
		return fmt.Sprintf("%d %s.", *r.Priority, r.Content)
	case r.Type == "CNAME":
		return r.Content + "."
	case r.Type == "SRV":
		return fmt.Sprintf("%v %v %v %v.", r.Data["priority"], r.Data["weight"], r.Data["port"], r.Data["target"])
	}
	return r.Content
}

func flareShown(key dnswrite.Key, id, value string, ttl int) flareRecord {
	record := flareRecord{ID: id, Name: key.Name, Type: string(key.Type), Content: value, TTL: ttl}
	var host string
	switch key.Type {
	case dns.MX:
		record.Priority = new(int)
		_, _ = fmt.Sscanf(value, "%d %s", record.Priority, &host)
		record.Content = host[:len(host)-1]
	case dns.CNAME:
		record.Content = value[:len(value)-1]
	case dns.SRV:
		var priority, weight, port int
		_, _ = fmt.Sscanf(value, "%d %d %d %s", &priority, &weight, &port, &host)
		record.Priority = &priority
		record.Content = fmt.Sprintf("%d %d %s", weight, port, host[:len(host)-1])
		record.Data = object{"priority": priority, "weight": weight, "port": port, "target": host[:len(host)-1]}
	}
	return record
}

func TestCloudflare_contract(t *testing.T) {
	t.Parallel()
	serve(t, dnswrite.Cloudflare, bearer, http.StatusForbidden, func(s *shelf) http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /client/v4/zones", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, object{"success": true, "result": []object{
				{"id": "z1", "name": s.zone, "permissions": []string{"#dns_records:edit", "#dns_records:read", "#zone:read"}}}})
		})
		mux.HandleFunc("GET /client/v4/zones/z1/dns_records", func(w http.ResponseWriter, r *http.Request) {
			var all []flareRecord
			for _, key := range s.keys(func(k dnswrite.Key) bool { return string(k.Type) == r.URL.Query().Get("type") }) {
				for i, value := range s.sets[key].values {
					all = append(all, flareShown(key, s.sets[key].ids[i], value, s.sets[key].ttl))
				}
			}
			var page int // two records a page, and the filter by name is not understood
			_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
			from, to := min(2*(page-1), len(all)), min(2*page, len(all))
			answer(w, http.StatusOK, object{"success": true, "result": all[from:to], "result_info": object{"page": page, "total_pages": (len(all) + 1) / 2}})
		})
		mux.HandleFunc("POST /client/v4/zones/z1/dns_records/batch", func(w http.ResponseWriter, r *http.Request) {
			in := decoded[struct{ Deletes, Patches, Posts []flareRecord }](t, r)
			missing := false
			refusal := s.attempt(func() { missing = !s.batch(in.Deletes, in.Patches, in.Posts) })
			switch {
			case missing:
				answer(w, http.StatusNotFound, object{"success": false, "errors": []object{{"code": 81044, "message": "Record does not exist."}}})
			case refusal != "":
				answer(w, http.StatusBadRequest, object{"success": false, "errors": []object{{"code": 81054, "message": refusal}}})
			default:
				answer(w, http.StatusOK, object{"success": true, "result": object{}})
			}
		})
		return mux
	})
}

// batch deletes, changes and adds records, in this order; false if one of them is not there.
func (s *shelf) batch(deletes, patches, posts []flareRecord) bool {
	for _, gone := range deletes {
		if !s.exchange(gone.ID, func(set *shelved, i int) {
			set.values = append(append([]string{}, set.values[:i]...), set.values[i+1:]...)
			set.ids = append(append([]string{}, set.ids[:i]...), set.ids[i+1:]...)
		}) {
			return false
		}
	}
	for _, patch := range patches {
		if !s.exchange(patch.ID, func(set *shelved, _ int) { set.ttl = patch.TTL }) {
			return false
		}
	}
	for _, post := range posts {
		key := dnswrite.Key{Name: post.Name, Type: dns.Type(post.Type)}
		set := s.sets[key]
		s.last++
		ids := append(append([]string{}, set.ids...), fmt.Sprint("record-", s.last))
		s.sets[key] = shelved{post.TTL, append(append([]string{}, set.values...), post.presented()), ids}
	}
	return true
}

func (s *shelf) exchange(id string, change func(*shelved, int)) bool {
	for key, set := range s.sets {
		for i := range set.ids {
			if set.ids[i] != id {
				continue
			}
			change(&set, i)
			if s.sets[key] = set; len(set.values) == 0 {
				delete(s.sets, key)
			}
			return true
		}
	}
	return false
}
