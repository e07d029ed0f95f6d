// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"rehome/internal/ledger"
)

// A program has a pass shown, begins it with what it was shown and stops it; another one cannot, and the log has the token's name.
func TestAPI_planThenPassThenStop(t *testing.T) {
	t.Parallel()
	s := open(t)
	mine, other := s.token("mine", ledger.RoleOperate), s.token("other", ledger.RoleOperate)
	post := func(path, token, order string, want int) string {
		t.Helper()
		status, body, _ := s.call(http.MethodPost, "/api/v1"+path, token, order)
		if status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
		return body
	}
	post("/plan/sync", mine, `{"accounts": ["a001@example.test"], "only": ["mail"]}`, http.StatusAccepted)
	plan := s.awaitWork(mine, func(w workAnswer) bool { return w.Plan != nil }).Plan
	if plan.Person != "token mine" || plan.Sync == nil || plan.Summary != "planned words" {
		t.Errorf("%+v", plan)
	}
	order := `{"token": "` + plan.Token + `"}`
	if body := post("/work/confirm", other, order, http.StatusConflict); !strings.Contains(body, `"class": "operator"`) {
		t.Errorf("another one: %s", body)
	}
	post("/work/confirm", mine, order, http.StatusAccepted)
	s.awaitWork(mine, func(workAnswer) bool { return len(s.deeds()) > 0 })
	post("/work/stop", other, "", http.StatusAccepted)
	s.awaitWork(mine, func(w workAnswer) bool { return !w.Here.Ended.IsZero() })
	if got := strings.Join(s.deeds(), "|"); !strings.Contains(got, "sync of [a001@example.test] by token mine") || !strings.HasSuffix(got, "finished") {
		t.Errorf("%s", got)
	}
}

// awaitWork asks until the work is as it is wanted.
func (s *stand) awaitWork(token string, is func(workAnswer) bool) (w workAnswer) {
	s.t.Helper()
	for range 4000 {
		_, body, _ := s.call(http.MethodGet, "/api/v1/work", token, "")
		w = workAnswer{}
		if err := json.Unmarshal([]byte(body), &w); err != nil {
			s.t.Fatal(err, body)
		}
		if is(w) {
			return w
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.t.Fatalf("it never came: %+v", w)
	return w
}

// What is misspelt, unknown or no JSON is refused, and nothing comes of it.
func TestAPI_readsStrictly(t *testing.T) {
	t.Parallel()
	s := open(t)
	token := s.token("mine", ledger.RoleSwitch)
	for order, want := range map[string]int{
		`{"confirm_deletion": true}`: http.StatusBadRequest, `{"only": ["post"]}`: http.StatusBadRequest, `{} {}`: http.StatusBadRequest,
		`[]`: http.StatusBadRequest, `{"accounts": 1}`: http.StatusBadRequest, "": http.StatusUnsupportedMediaType,
	} {
		if status, body, _ := s.call(http.MethodPost, "/api/v1/plan/sync", token, order); status != want || !strings.Contains(body, `"class": "usage"`) {
			t.Errorf("%s: %d %s", order, status, body)
		}
	}
	for path, order := range map[string]string{
		"/verify": `{"level": "deep"}`, "/plan/cutover": `{"domains": ["x.test"], "overrides": ["weather"], "why": "x"}`,
	} {
		status, body, _ := s.call(http.MethodPost, "/api/v1"+path, token, order)
		if status != http.StatusBadRequest || !strings.Contains(body, "use one of") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	for path, want := range map[string]int{"/accounts/other@example.test": http.StatusNotFound, "/nothing": http.StatusNotFound} {
		if status, _, _ := s.call(http.MethodGet, "/api/v1"+path, token, ""); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if s.move.changed() > 0 {
		t.Errorf("changed: %v", s.move.deeds)
	}
}

// A browser that has signed in may call too; a token that does not count is not made good by it.
func TestAPI_session(t *testing.T) {
	t.Parallel()
	s := operating(t, ledger.RoleLook)
	if status, body := s.get("/api/v1/accounts?verdict=differs"); status != http.StatusOK || strings.Count(body, `"account"`) != 25 {
		t.Errorf("%d %.300s", status, body)
	}
	if status, _, _ := s.ask(http.MethodGet, "/api/v1/move", nil, map[string]string{"Authorization": "Bearer x"}); status != http.StatusUnauthorized {
		t.Errorf("with a wrong token: %d", status)
	}
	next := ""
	for _, want := range []int{100, 50} {
		var page findingsAnswer
		_, body := s.get("/api/v1/findings?after=" + next)
		if err := json.Unmarshal([]byte(body), &page); err != nil || len(page.Findings) != want {
			t.Errorf("%d findings, want %d: %v", len(page.Findings), want, err)
		}
		next = page.Next
	}
	if next != "" {
		t.Errorf("there is another page: %s", next)
	}
}

const descriptionFile = "../../docs/openapi.json"

// The description in the manual is the one that the program gives, and every answer is as it says.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := open(t)
	token := s.token("mine", ledger.RoleLook)
	_, made, _ := s.call(http.MethodGet, "/api/v1/openapi.json", token, "")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(descriptionFile, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if written, err := os.ReadFile(descriptionFile); err != nil || string(written) != made {
		t.Errorf("%s is not what the program says (%v): run UPDATE=1 go test -run TestOpenAPI ./internal/web", descriptionFile, err)
	}
	var d description
	if err := json.Unmarshal([]byte(made), &d); err != nil {
		t.Fatal(err)
	}
	proper := regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)
	for name, schema := range d.Components.Schemas {
		for key := range schema.Properties {
			if !proper.MatchString(key) {
				t.Errorf("%s has the key %q", name, key)
			}
		}
	}
	for _, o := range s.screen.operations() {
		if o.method != http.MethodGet || strings.HasSuffix(o.path, "openapi.json") {
			continue
		}
		_, body, _ := s.call(http.MethodGet, pathOf(s.screen.route(o)), token, "")
		var answer any
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		d.holds(t, o.path, d.Paths[o.path]["get"].Responses["200"].Content["application/json"].Schema, answer)
	}
}

type schema struct {
	Ref        string            `json:"$ref"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	Items      *schema           `json:"items"`
	AnyOf      []schema          `json:"anyOf"`
}

type description struct {
	Paths map[string]map[string]struct {
		Responses map[string]struct {
			Content map[string]struct {
				Schema schema `json:"schema"`
			} `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

// holds checks that an answer has all keys that it must have, and no others.
func (d description) holds(t *testing.T, where string, s schema, answer any) {
	t.Helper()
	if len(s.AnyOf) > 0 {
		s = s.AnyOf[0]
	}
	if s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	switch answer := answer.(type) {
	case []any:
		for _, one := range answer {
			if s.Items == nil {
				t.Errorf("%s is no list", where)
				return
			}
			d.holds(t, where+"[]", *s.Items, one)
		}
	case map[string]any:
		for key, value := range answer {
			of, known := s.Properties[key]
			if !known && len(s.Properties) > 0 {
				t.Errorf("%s has the key %s, which is not described", where, key)
			}
			d.holds(t, where+"."+key, of, value)
		}
		for _, key := range s.Required {
			if _, is := answer[key]; !is {
				t.Errorf("%s lacks the key %s", where, key)
			}
		}
	}
}
