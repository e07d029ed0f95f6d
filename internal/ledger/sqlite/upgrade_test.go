// SPDX-License-Identifier: Apache-2.0

package sqlite

import "testing"

func TestUpToDate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change string
		want   bool
	}{
		"current": {"SELECT 1", true},
		"newer":   {"INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)", false},
		"older":   {"DELETE FROM goose_db_version WHERE version_id = 8", false},
		"a gap":   {"DELETE FROM goose_db_version WHERE version_id = 3", false},
		"no such": {"DROP TABLE goose_db_version", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := create(t)
			_, err := f.db.Exec(test.change)
			must(t, err)
			if got := upToDate(t.Context(), f.db); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
