// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"rehome"
	"rehome/internal/cutover"
	"rehome/internal/ledger"
	"rehome/internal/vault"
)

// seenFile is what earlier looks at DNS have shown, in the folder of exports.
const seenFile = "dns-seen.json"

// PlanCutover says what has to be done in DNS of each domain before, at and after the switch, and when the switch is safe.
// Without domains it is those that move. It changes nothing in DNS, and keeps what it has seen for the next plan.
func (m *Move) PlanCutover(ctx context.Context, domains []string) (cutover.Plans, error) {
	memory, err := m.memory()
	if err != nil {
		return cutover.Plans{}, err
	}
	wanted := m.wantedRecords()
	surveys, err := m.survey(ctx, domains, wanted)
	if err != nil {
		return cutover.Plans{}, err
	}
	plans, looks := []cutover.Plan{}, []ledger.Look{}
	for _, s := range surveys {
		plan := cutover.NewPlan(s, wanted, m.lowTTL(s.ZoneName()), memory)
		if w := m.describe(s.ZoneName()); !w.ByHand {
			plan.Writer = &w
		}
		plans, looks = append(plans, plan), append(looks, planLooks(plan)...)
	}
	content, err := json.MarshalIndent(memory, "", "  ")
	if err == nil {
		err = vault.WriteFile(m.seenFile(), append(content, '\n'))
	}
	if err != nil {
		return cutover.Plans{}, err
	}
	return cutover.NewPlans(plans), m.look(ctx, looks...)
}

func (m *Move) seenFile() string { return filepath.Join(m.settings.Accounts.Output, seenFile) }

// memory reads what earlier plans have seen.
func (m *Move) memory() (cutover.Memory, error) {
	content, err := os.ReadFile(m.seenFile())
	if errors.Is(err, fs.ErrNotExist) {
		content, err = nil, nil
	}
	if err == nil {
		var memory cutover.Memory
		if memory, err = cutover.ReadMemory(content); err == nil {
			return memory, nil
		}
	}
	return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: m.seenFile(), Cause: err,
		Hint: "restore the file, or remove it: then the times begin anew, with what is seen now"}
}
