// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"path/filepath"
	"strings"
	"testing"
)

func printer(t *testing.T, purpose string) Printer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "identity.txt")
	if _, err := CreateIdentity(path); err != nil {
		t.Fatal(err)
	}
	identity, err := LoadIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := identity.Printer(purpose)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPrinter_tellsEqualFromOther(t *testing.T) {
	t.Parallel()
	p, other := printer(t, "a"), printer(t, "a")
	one := p.Print("anna", "secret")
	for name, got := range map[string]bool{
		"the same":           one == p.Print("anna", "secret") && !Differ(one, p.Print("anna", "secret")),
		"another password":   Differ(one, p.Print("anna", "secret2")),
		"another border":     Differ(one, p.Print("annas", "ecret")),
		"another key":        one != other.Print("anna", "secret") && !Differ(one, other.Print("anna", "secret2")),
		"without the secret": !strings.Contains(one, "secret"),
	} {
		if !got {
			t.Errorf("%s: not as it should be", name)
		}
	}
}
