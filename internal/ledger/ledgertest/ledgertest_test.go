// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rehome/internal/ledger"
)

// A method that the contract does not name is one that a second database may get wrong unnoticed.
func TestContract_namesEveryMethodOfEveryNoun(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	must(t, err)
	var text strings.Builder
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			octets, err := os.ReadFile(name)
			must(t, err)
			text.Write(octets)
		}
	}
	methods := 0
	nouns := reflect.TypeFor[ledger.Ledger]()
	for i := range nouns.NumField() {
		noun := nouns.Field(i)
		if !noun.IsExported() {
			continue
		}
		for j := range noun.Type.NumMethod() {
			methods++
			if call := noun.Name + "." + noun.Type.Method(j).Name + "("; !strings.Contains(text.String(), call) {
				t.Errorf("nothing calls %s", call)
			}
		}
	}
	if methods < 55 {
		t.Errorf("found only %d methods: the test does not look where they are", methods)
	}
}
