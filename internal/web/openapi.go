// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"rehome/internal/jsonschema"
)

// describe describes the interface (OpenAPI 3.1.0), out of the types that answers are made of: as the schema of "rehome schema" is.
func describe(operations []operation) map[string]any {
	types := jsonschema.At("#/components/schemas/")
	refusal := map[string]any{"description": "Why there is no answer, and the next step",
		"content": jsonContent(types.Of(reflect.TypeFor[failure]()))}
	paths := map[string]map[string]any{}
	for _, o := range operations {
		if paths[o.path] == nil {
			paths[o.path] = map[string]any{}
		}
		paths[o.path][strings.ToLower(o.method)] = o.described(types, refusal)
	}
	return map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{"title": "rehome serve", "version": "1",
			"description": "The operations of the screen for programs, with the same roles. Later versions may add keys and operations, and remove none."},
		"servers":  []any{map[string]any{"url": apiRoot}},
		"security": []any{map[string]any{"token": []string{}}, map[string]any{"session": []string{}}},
		"paths":    paths,
		"components": map[string]any{"schemas": types.Types, "securitySchemes": map[string]any{
			"token": map[string]any{"type": "http", "scheme": "bearer", "description": "made by: rehome tokens create NAME"},
			"session": map[string]any{"type": "apiKey", "in": "cookie", "name": "rehome",
				"description": "of a browser that has signed in; behind HTTPS its name is __Host-rehome"},
		}},
	}
}

func jsonContent(schema map[string]any) map[string]any {
	return map[string]any{"application/json": map[string]any{"schema": schema}}
}

var wildcard = regexp.MustCompile(`\{([a-z]+)\}`)

// described is one operation.
func (o operation) described(types *jsonschema.Definitions, refusal map[string]any) map[string]any {
	status := http.StatusOK
	if o.begins {
		status = http.StatusAccepted
	}
	answers := map[string]any{strconv.Itoa(status): map[string]any{"description": o.summary, "content": jsonContent(types.Of(o.out))}}
	for _, other := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable} {
		answers[strconv.Itoa(other)] = refusal
	}
	made := map[string]any{
		"summary": o.summary, "description": "Takes the role " + string(o.role) + ".", "x-role": string(o.role), "responses": answers,
		"operationId": strings.ToLower(o.method) + strings.NewReplacer("/", "_", "{", "", "}", "", ".", "_").Replace(o.path),
	}
	parameters := []any{}
	for _, name := range wildcard.FindAllStringSubmatch(o.path, -1) {
		answers["404"] = refusal
		parameters = append(parameters, map[string]any{"name": name[1], "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
	}
	for _, p := range o.query {
		parameters = append(parameters, map[string]any{"name": p.name, "in": "query", "description": p.what, "schema": map[string]any{"type": "string"}})
	}
	if len(parameters) > 0 {
		made["parameters"] = parameters
	}
	if o.method != http.MethodGet {
		answers["409"] = refusal
	}
	if o.in != reflect.TypeFor[struct{}]() {
		made["requestBody"] = map[string]any{"required": true, "content": jsonContent(types.Of(o.in))}
		answers["400"], answers["415"] = refusal, refusal
	}
	return made
}
