// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rehome/internal/content/pim"
	"rehome/lab/corpus"
)

// check makes sure that everything has arrived and means what it meant, whatever names a tool gave it.
func (s *pimScene) check(ctx context.Context, account string) error {
	for _, side := range []struct {
		kind pim.Kind
		want []corpus.Collection
	}{{pim.KindContact, s.person.AddressBooks}, {pim.KindCalendar, s.person.Calendars}} {
		got, err := s.dst.stored(ctx, account, side.kind)
		if err == nil {
			err = checkObjects(got, side.kind, side.want[0].Resources)
		}
		if err != nil {
			return fmt.Errorf("%s objects of %s: %w", side.kind, account, err)
		}
	}
	return nil
}

func checkObjects(got map[string][]byte, kind pim.Kind, want []corpus.Resource) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d objects, not %d", len(got), len(want))
	}
	for _, r := range want {
		object, err := pim.Inspect(r.Data)
		if err != nil {
			return err
		}
		if c := pim.Compare(r.Data, got[object.UID], kind); !c.State.Harmless() {
			return fmt.Errorf("%s is %s: %v", r.Name, c.State, c.Differences)
		}
	}
	return nil
}

// storedObjects reads what Radicale has stored, by UID. Files that begin with a dot are its own.
func storedObjects(dir string) (map[string][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	objects := make(map[string][]byte, len(entries))
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		object, err := pim.Inspect(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		if objects[object.UID] != nil {
			return nil, fmt.Errorf("%s is there twice", object.UID)
		}
		objects[object.UID] = data
	}
	return objects, nil
}
