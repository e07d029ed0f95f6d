// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"rehome"
)

// runOptions is what a run by workers says to all of them.
type runOptions struct {
	SyncOptions

	// Temporary is how many temporary passwords there are, by the sheet of the machine that has begun the run or by the last export; 0 if no
	// pass logs in with them. A sheet only grows, so that a worker with fewer has an older one or none.
	Temporary int `json:"temporary_passwords,omitempty"`
}

// runText is what a run is begun with.
func (m *Move) runText(ctx context.Context, who selection, options SyncOptions) ([]byte, error) {
	run := runOptions{SyncOptions: options}
	if m.needsPasswords() {
		exported, err := exportedPasswords(ctx, who.store)
		if err != nil {
			return nil, err
		}
		run.Temporary = max(len(who.Temporary), exported)
	}
	return json.Marshal(run)
}

// readRun reads what a run was begun with.
func readRun(id int64, text []byte) (options runOptions, err error) {
	if err := json.Unmarshal(text, &options); err != nil {
		return options, fmt.Errorf("run %d was begun by another version: %w", id, err)
	}
	return options, nil
}

// sheetLacks is why this machine cannot log in as everybody although another one can, that of the export at least: a sheet that is not here makes
// accounts look as if nobody knew their passwords. It is nil where that makes no difference.
func (m *Move) sheetLacks(who selection, options runOptions) error {
	has := len(who.Temporary)
	if has >= options.Temporary || !slices.ContainsFunc(who.accounts, func(a rehome.Account) bool { return a.DestinationPassword.Empty() }) {
		return nil
	}
	cause := fmt.Errorf("this machine has %d of %s", has, plural(options.Temporary, "temporary password"))
	if !exists(m.sheetFile()) {
		cause = errors.New("this machine has no such file, and another one has it")
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "find temporary passwords in", Object: m.sheetFile(), Cause: cause,
		Hint: `copy the file from the machine on which "rehome accounts export" has written it`}
}
