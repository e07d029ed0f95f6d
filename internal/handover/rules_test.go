// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"rehome/internal/rulecopy"
)

func TestWriteRules_everyScriptHasAFileOfItsOwn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	outcomes := []rulecopy.Moved{
		{Account: "a/b@x.test", Scripts: []rulecopy.Action{{Name: "Main", Text: "keep;"}, {Name: "main", Text: "stop;"}}},
		{Account: "a_b@x.test", Scripts: []rulecopy.Action{{Name: "main", Text: "discard;"}, {Name: strings.Repeat("é", 300), Text: "x"}}},
	}
	files, err := WriteRules(folder, outcomes, outcomes)
	if err != nil || len(files) != 4 {
		t.Fatalf("got %v, %v, want the scripts' folder and three sheets", files, err)
	}
	seen := map[string]bool{}
	for _, outcome := range outcomes {
		for _, script := range outcome.Scripts {
			name := filepath.Base(script.File)
			if seen[strings.ToLower(name)] || len(name) > 255 {
				t.Errorf("%s has the file %s, which another has or no file system takes", script.Name, name)
			}
			seen[strings.ToLower(name)] = true
			if content, err := os.ReadFile(script.File); err != nil || string(content) != script.Text {
				t.Errorf("%s: got %q, %v, want %q", script.Name, content, err, script.Text)
			}
		}
	}
	document, err := os.ReadFile(filepath.Join(folder, "rules.json"))
	if err != nil || !strings.Contains(string(document), filepath.Base(outcomes[0].Scripts[1].File)) {
		t.Errorf("rules.json does not name the files: %s, %v", document, err)
	}
}

func TestScriptFile(t *testing.T) {
	t.Parallel()
	taken := map[string]bool{}
	long := strings.Repeat("ü", 300)
	for i, want := range []string{"a@x.test.Größe_1_.sieve", "a@x.test.Größe_1_-2.sieve", "a@x.test..._.._etc.sieve", "A@x.test.größe_1_-3.sieve"} {
		script := []string{"Größe 1/", "Größe:1\x00", "../../etc", "größe_1_"}[i]
		account := []string{"a@x.test", "a@x.test", "a@x.test", "A@x.test"}[i]
		if got := scriptFile(account, script, taken); got != want {
			t.Errorf("%q: got %q, want %q", script, got, want)
		}
	}
	a := scriptFile("a@x.test", long, taken)
	b := scriptFile("a@x.test", long+"!", taken)
	if a == b || len(a) > 255 || len(b) > 255 || !utf8.ValidString(b) {
		t.Errorf("long names: %q and %q", a, b)
	}
}
