// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// jsonSchema is the document that scripts go by, as far as it is needed here: every key that an answer has must be in it.
type jsonSchema struct {
	Properties map[string]json.RawMessage `json:"properties"`
	Defs       map[string]json.RawMessage `json:"$defs"`
}

type schemaNode struct {
	Ref        string                     `json:"$ref"`
	Type       any                        `json:"type"`
	Properties map[string]json.RawMessage `json:"properties"`
	Additional json.RawMessage            `json:"additionalProperties"`
	Required   []string                   `json:"required"`
	Items      json.RawMessage            `json:"items"`
	AnyOf      []json.RawMessage          `json:"anyOf"`
}

// wantDescribed runs commands with --json and holds what they really write against the schema.
func (s *testSetup) wantDescribed(t *testing.T, commands ...string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/json.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonSchema
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for _, command := range commands {
		out, _ := s.Command(t.Context(), append(strings.Fields(command), "--json")...).Output() // whatever it says, it says in JSON
		var value any
		if err := json.Unmarshal(out, &value); err != nil {
			t.Errorf("%s: %v", command, err)
			continue
		}
		if described := schema.Properties[command]; described == nil {
			t.Errorf("%s is not in the schema", command)
		} else if problem := schema.check(described, value, command); problem != "" {
			t.Error(problem)
		}
	}
}

// check returns where a value is not as described, "" if it is.
func (s *jsonSchema) check(described json.RawMessage, value any, where string) string {
	var node schemaNode
	if err := json.Unmarshal(described, &node); err != nil {
		return err.Error()
	}
	if node.Ref != "" {
		return s.check(s.Defs[strings.TrimPrefix(node.Ref, "#/$defs/")], value, where)
	}
	if len(node.AnyOf) > 0 {
		problem := ""
		for _, one := range node.AnyOf {
			if problem = s.check(one, value, where); problem == "" {
				return ""
			}
		}
		return problem
	}
	kind := kindOf(value)
	fits := slices.Contains(typesOf(node.Type), kind) || kind == "integer" && slices.Contains(typesOf(node.Type), "number")
	if !fits && node.Type != nil {
		return fmt.Sprintf("%s is %T, want %v", where, value, node.Type)
	}
	switch value := value.(type) {
	case map[string]any:
		return s.checkObject(node, value, where)
	case []any:
		for i, item := range value {
			if problem := s.check(node.Items, item, fmt.Sprintf("%s[%d]", where, i)); problem != "" {
				return problem
			}
		}
	}
	return ""
}

func (s *jsonSchema) checkObject(node schemaNode, value map[string]any, where string) string {
	for _, key := range node.Required {
		if _, there := value[key]; !there {
			return where + " lacks " + key
		}
	}
	for _, key := range slices.Sorted(maps.Keys(value)) {
		described := node.Properties[key]
		if described == nil {
			described = node.Additional
		}
		if described == nil && node.Type != nil {
			return where + "." + key + " is not described"
		}
		if described == nil {
			continue
		}
		if problem := s.check(described, value[key], where+"."+key); problem != "" {
			return problem
		}
	}
	return ""
}

func typesOf(of any) []string {
	switch of := of.(type) {
	case string:
		return []string{of}
	case []any:
		var all []string
		for _, one := range of {
			all = append(all, fmt.Sprint(one))
		}
		return all
	}
	return nil
}

// kindOf names the type of a value. A number without a fraction may be either.
func kindOf(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if value == float64(int64(value)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
