// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rehome/internal/content/pim"
	"rehome/lab/corpus"
)

// TestMeasure_contactsAndEvents runs the other tool and the raw probes over a few contacts and events, and once more with
// nothing to do.
func TestMeasure_contactsAndEvents(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	rows, err := Choose(Rows(), []string{"pim/radicale/plain/0ms", "pim/cyrus/plain/0ms", "pim/sabredav/plain/0ms", "pim-idle/radicale/plain/20ms"})
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Dir: dir, Runs: 1, Tools: []string{pimPeer, rawWrite}, Scale: 0.004, Patience: time.Minute, Log: t.Output()}
	if err := Measure(t.Context(), options, rows, func(result Result) error {
		for _, c := range result.Contenders {
			if len(c.Runs) != 1 || len(c.Failures) > 0 || c.Runs[0].Counted != result.Again {
				t.Errorf("%s: %s: got %+v and failures %q", result.Key, c.Name, c.Runs, c.Failures)
			}
		}
		if _, ok := result.limit(); ok == result.Again {
			t.Errorf("%s: a limit is known: %v", result.Key, ok)
		}
		if _, ok := result.peer(); !ok || result.Load.Items != 8+12 {
			t.Errorf("%s: a figure of %s: %v, with %d items; want one with 20", result.Key, pimPeer, ok, result.Load.Items)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// A bench whose check lets everything pass would praise the tool that copies least.
func TestCheckObjects_noticesWhatIsWrong(t *testing.T) {
	t.Parallel()
	want := corpus.Contacts(3)
	for name, test := range map[string]struct {
		change func(dir string) error
		says   string
	}{
		"nothing": {func(string) error { return nil }, ""},
		"missing": {func(dir string) error { return os.Remove(filepath.Join(dir, want[1].Name)) }, "2 objects, not 3"},
		"twice": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "again.vcf"), want[1].Data, 0o600)
		}, "is there twice"},
		"changed": {func(dir string) error {
			text := strings.Replace(string(want[1].Data), "met in", "left in", 1)
			return os.WriteFile(filepath.Join(dir, want[1].Name), []byte(text), 0o600)
		}, "is changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, r := range want {
				if err := os.WriteFile(filepath.Join(dir, r.Name), r.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := test.change(dir); err != nil {
				t.Fatal(err)
			}
			got, err := storedObjects(dir)
			if err == nil {
				err = checkObjects(got, pim.KindContact, want)
			}
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}
