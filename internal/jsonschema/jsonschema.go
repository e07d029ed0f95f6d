// SPDX-License-Identifier: Apache-2.0

// Package jsonschema tells in JSON Schema (draft 2020-12) what encoding/json makes of Go types.
//
// A key is required unless its tag has an option, such as omitempty. A struct with a name is described once and referred to. What
// marshals itself may be anything.
package jsonschema

import (
	"encoding"
	"encoding/json"
	"path"
	"reflect"
	"strings"
	"time"
)

// Definitions are the structs that were met.
type Definitions struct {
	Prefix string                    // of references, such as "#/$defs/"
	Types  map[string]map[string]any // by package and name
}

// At returns no definitions yet, which are going to stand behind a prefix.
func At(prefix string) *Definitions {
	return &Definitions{Prefix: prefix, Types: map[string]map[string]any{}}
}

// Of returns the schema of a type, and keeps that of a struct with a name.
func (d *Definitions) Of(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Kind() != reflect.Pointer && (t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]())):
		return map[string]any{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return map[string]any{"anyOf": []any{d.Of(t.Elem()), map[string]any{"type": "null"}}}
	case reflect.Struct:
		return d.structure(t)
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"type": []string{"string", "null"}}
		}
		return map[string]any{"type": []string{"array", "null"}, "items": d.Of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": []string{"object", "null"}, "additionalProperties": d.Of(t.Elem())}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Interface:
		return map[string]any{}
	}
	return map[string]any{"type": "integer"}
}

func (d *Definitions) structure(t reflect.Type) map[string]any {
	if t.Name() == "" {
		return d.properties(t)
	}
	name := path.Base(t.PkgPath()) + "." + t.Name()
	if _, known := d.Types[name]; !known {
		d.Types[name] = map[string]any{} // before its fields, which may lead back here
		d.Types[name] = d.properties(t)
	}
	return map[string]any{"$ref": d.Prefix + name}
}

func (d *Definitions) properties(t reflect.Type) map[string]any {
	properties := map[string]any{}
	required := []string{}
	for i := range t.NumField() {
		field := t.Field(i)
		tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		embedded := field.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		switch {
		case tag == "-":
		case field.Anonymous && tag == "" && embedded.Kind() == reflect.Struct: // its keys are ours
			inner := d.properties(embedded)
			for key, value := range inner["properties"].(map[string]any) {
				properties[key] = value
			}
			required = append(required, inner["required"].([]string)...)
		case !field.IsExported():
		default:
			if tag == "" {
				tag = field.Name
			}
			properties[tag] = d.Of(field.Type)
			if options == "" {
				required = append(required, tag)
			}
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}
