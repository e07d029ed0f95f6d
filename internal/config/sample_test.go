// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestKeys_everyKeyIsDocumented(t *testing.T) {
	t.Parallel()
	for _, k := range Keys() {
		if !strings.HasSuffix(k.Doc, ".") || strings.HasPrefix(k.Doc, " ") {
			t.Errorf("%s: doc is %q, want sentences", k.Path, k.Doc)
		}
		if name := k.Path[strings.LastIndex(k.Path, ".")+1:]; name == "" || name != strings.ToLower(name) {
			t.Errorf("%s: want a lower-case name", k.Path)
		}
		if !k.Section && k.Default == "" && k.Example == "" && filledIn()[k.Path] == "" {
			t.Errorf("%s: has neither default nor example", k.Path)
		}
	}
}

func TestSample_parses(t *testing.T) {
	t.Parallel()
	c, err := Parse("rehome.yaml", Sample())
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Source.IMAP.MasterPassword.String(); got != "file:secrets/master" {
		t.Errorf("master_password = %q", got)
	}
}

// The values that the sample shows as defaults are the ones that hold without a file.
func TestSample_showsTheDefaults(t *testing.T) {
	t.Parallel()
	c := Default()
	if d := decode("rehome.yaml", Sample(), &c); len(d.problems) > 0 {
		t.Fatal(d.problems)
	}
	got, want := c.Accounts, Default().Accounts
	if !slices.Equal(got.CSV.Header, want.CSV.Header) || got.Policy != want.Policy || c.Limits != Default().Limits {
		t.Errorf("got %+v and %+v, want the defaults", got, c.Limits)
	}
	if c.Destination.IMAP.Timeout != Default().Destination.IMAP.Timeout || filepath.Base(c.Mail.Escrow) != "escrow" || !c.Mail.SpecialUse {
		t.Errorf("got %+v and %+v, want the defaults", c.Destination.IMAP, c.Mail)
	}
}

func TestSample_everyKeyIsThereAndCanBeSwitchedOn(t *testing.T) {
	t.Parallel()
	off := regexp.MustCompile(`(?m)^( *)#(\S)`)
	all := off.ReplaceAll(Sample(), []byte("$1$2"))
	c := Default()
	d := decode("rehome.yaml", all, &c)
	if len(d.problems) > 0 {
		t.Fatalf("with every key on: %v", d.problems)
	}
	for _, k := range Keys() {
		if _, given := d.keys[k.Path]; !given {
			t.Errorf("%s is not in the sample", k.Path)
		}
	}
}

// docs/configuration.md shows the sample. UPDATE=1 writes it there.
func TestSample_isInTheManual(t *testing.T) {
	t.Parallel()
	const file = "../../docs/configuration.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found1 := strings.Cut(string(page), "```yaml\n# rehome.yaml")
	_, tail, found2 := strings.Cut(rest, "\n```\n")
	if !found1 || !found2 {
		t.Fatalf("%s has no block that begins with the sample's first line", file)
	}
	want := head + "```yaml\n" + strings.TrimRight(string(Sample()), "\n") + "\n```\n" + tail
	if want == string(page) {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("%s does not show the sample as it is: run UPDATE=1 go test ./internal/config", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
