// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"io"
	"reflect"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/certificate"
	"rehome/internal/checkup"
	"rehome/internal/clientsetup"
	"rehome/internal/config"
	"rehome/internal/cutover"
	"rehome/internal/handover"
	"rehome/internal/journey"
	"rehome/internal/jsonschema"
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
		"tokens create": journey.TokenMade{}, "tokens list": journey.TokenList{}, "tokens revoke": journey.TokenList{},
		"serve":  shownAt{},
		"next":   journey.Next{},
		"report": verify.Document{}, "rules export": journey.Ruled{}, "rules plan": journey.Ruled{}, "rules sync": journey.Ruled{},
		"secrets purge": vault.Purge{}, "status": journey.Status{}, "store copy": journey.StoreCopied{},
		"sync": journey.Synced{}, "sync --on workers": journey.WorkersSynced{}, "sync --plan": journey.Planned{},
		"verify": verify.Document{}, "verify --login": rehearsal.Document{}, "version": map[string]string{},
		"worker run": journey.Worked{}, "worker drain": journey.Dismissed{}, "worker status": journey.WorkersThere{},
		"wave create": journey.WaveFilled{}, "wave add": journey.WaveFilled{}, "wave remove": journey.WaveFilled{}, "wave set": journey.Waves{},
		"wave start": journey.WaveStarted{}, "wave pause": journey.Waves{}, "wave resume": journey.Waves{},
		"wave status": journey.Waves{},
		"watch":       journey.Running{},
		"an error": struct {
			Error failure `json:"error"`
		}{},
	}
}

// schema is a JSON Schema (draft 2020-12) of what --json writes. Every key that there may be is in it; later versions may add some.
func schema() map[string]any {
	d := jsonschema.At("#/$defs/")
	commands := map[string]any{}
	for command, answer := range answers() {
		commands[command] = d.Of(reflect.TypeOf(answer))
	}
	return map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "rehome --json",
		"description": "What each command writes with --json, by the name of the command. Later versions may add keys, and remove none.",
		"type":        "object", "properties": commands, "$defs": d.Types,
	}
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
