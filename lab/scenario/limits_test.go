// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"os"
	"path/filepath"
	"testing"
)

// One connection an end, for mail, contacts and calendars, and whatever looks at a server: a whole move comes through, and
// nobody holds a connection to a host while waiting for another one to it.
func TestLimits_oneConnectionAnEnd(t *testing.T) {
	t.Parallel()
	s := set(t, 0.03)
	file := filepath.Join(s.Dir, "rehome.yaml")
	settings, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	limits := "\nlimits: {source_connections: 1, destination_connections: 1}\n"
	if err := os.WriteFile(file, append(settings, limits...), 0o600); err != nil {
		t.Fatal(err)
	}
	s.provision()
	s.want(0, "check")
	answer[synced](s, 6, "sync")
	s.wantMoved()
	s.wantOnlyPlanted(answer[verified](s, 5, "verify"))
}
