// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding"
	"encoding/json"
	"io"
	"path"
	"reflect"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/certificate"
	"rehome/internal/checkup"
	"rehome/internal/clientsetup"
	"rehome/internal/config"
	"rehome/internal/cutover"
	"rehome/internal/handover"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/notify"
	"rehome/internal/people"
	"rehome/internal/recipients"
	"rehome/internal/rehearsal"
	"rehome/internal/vault"
	"rehome/internal/verify"
)

// answers are what each command answers with --json. A command that is not here has no answer of its own.
func answers() map[string]any {
	return map[string]any{
		"accounts check": people.AccountsChecked{}, "accounts export": journey.Export{}, "accounts import": journey.Import{},
		"accounts list": people.List{}, "accounts passwords": journey.WrittenPasswords{}, "accounts plan": people.AccessPlan{},
		"accounts settings": journey.Sheets{}, "accounts test-password": journey.PasswordTest{},
		"aliases check": recipients.Parity{}, "aliases export": journey.AliasExport{},
		"audit check": journey.AuditChecked{}, "audit show": ledger.AuditLine{},
		"certificate check": certificate.Checked{}, "certificate issue": journey.Certified{}, "certificate key": map[string]string{},
		"check": checkup.Report{}, "clients check": journey.ClientsChecked{}, "clients devices": journey.Devices{}, "clients forecast": journey.Forecast{},
		"clients documents": clientsetup.Written{}, "clients export": journey.Bundles{},
		"clients notify": notify.Document{}, "clients serve": journey.Answering{}, "config check": checkedSettings{}, "config sample": struct {
			Keys []config.Key `json:"keys"`
		}{},
		"close": journey.Closing{}, "cutover plan": cutover.Plans{}, "cutover rollback": journey.Rollback{},
		"cutover run": journey.Crossing{}, "cutover status": journey.Crossing{}, "dns check": cutover.Report{},
		"dns lower-ttl": journey.Staged{}, "dns stage": journey.Staged{},
		"explain": journey.Explanations(),
		"findings accept": struct {
			Accepted []verify.Open `json:"accepted"`
		}{}, "findings list": journey.OpenFindings{}, "findings retry": journey.Retried{}, "findings withdraw": struct {
			Withdrawn []string `json:"withdrawn"`
		}{},
		"handover": handover.Bundle{}, "init": initResult{},
		"recipients census": recipients.Census{}, "recipients check": recipients.Parity{},
		"operators list": journey.OperatorList{}, "operators remove": journey.OperatorList{}, "operators set": journey.OperatorList{},
		"serve":  shownAt{},
		"next":   journey.Next{},
		"report": verify.Document{}, "rules export": journey.Ruled{}, "rules plan": journey.Ruled{}, "rules sync": journey.Ruled{},
		"secrets purge": vault.Purge{}, "status": journey.Status{}, "store copy": journey.StoreCopied{},
		"sync": journey.Synced{}, "sync --on workers": journey.WorkersSynced{}, "sync --plan": journey.Planned{},
		"verify": verify.Document{}, "verify --login": rehearsal.Document{}, "version": map[string]string{},
		"worker run": journey.Worked{}, "worker drain": journey.Dismissed{},
		"watch": journey.Running{},
		"an error": struct {
			Error failure `json:"error"`
		}{},
	}
}

// schema is a JSON Schema (draft 2020-12) of what --json writes. Every key that there may be is in it; later versions may add some.
func schema() map[string]any {
	d := definitions{}
	commands := map[string]any{}
	for command, answer := range answers() {
		commands[command] = d.of(reflect.TypeOf(answer))
	}
	return map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "rehome --json",
		"description": "What each command writes with --json, by the name of the command. Later versions may add keys, and remove none.",
		"type":        "object", "properties": commands, "$defs": d,
	}
}

// definitions are the types, by package and name.
type definitions map[string]map[string]any

// of returns the schema of a type, and keeps that of a struct with a name.
func (d definitions) of(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Kind() != reflect.Pointer && (t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]())):
		return map[string]any{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return map[string]any{"anyOf": []any{d.of(t.Elem()), map[string]any{"type": "null"}}}
	case reflect.Struct:
		return d.structure(t)
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"type": []string{"string", "null"}}
		}
		return map[string]any{"type": []string{"array", "null"}, "items": d.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": []string{"object", "null"}, "additionalProperties": d.of(t.Elem())}
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

func (d definitions) structure(t reflect.Type) map[string]any {
	if t.Name() == "" {
		return d.properties(t)
	}
	name := path.Base(t.PkgPath()) + "." + t.Name()
	if _, known := d[name]; !known {
		d[name] = map[string]any{} // before its fields, which may lead back here
		d[name] = d.properties(t)
	}
	return map[string]any{"$ref": "#/$defs/" + name}
}

func (d definitions) properties(t reflect.Type) map[string]any {
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
			properties[tag] = d.of(field.Type)
			if options == "" {
				required = append(required, tag)
			}
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}

func schemaCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of what --json writes",
		Args:  cobra.NoArgs,
		RunE: f.run(func(context.Context, []string) (rehome.Outcome, error) {
			all := schema()
			return rehome.OutcomeDone, f.answer(all, func(w io.Writer) error { return writeJSON(w, all) })
		}),
	}
}
