// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

const schemaFile = "../../docs/json.schema.json"

// The schema in the manual is that of the program.
func TestSchema_isTheManuals(t *testing.T) {
	t.Parallel()
	var made bytes.Buffer
	if err := writeJSON(&made, schema()); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(schemaFile, made.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(schemaFile)
	if err != nil || !bytes.Equal(written, made.Bytes()) {
		t.Errorf("%s is not what the program says (%v): run UPDATE=1 go test -run TestSchema ./internal/cli", schemaFile, err)
	}
}

// Every key is in one case, in every answer.
func TestSchema_keysAreLowerCase(t *testing.T) {
	t.Parallel()
	all := schema()
	proper := regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)
	for name, definition := range all["$defs"].(map[string]map[string]any) {
		for key := range definition["properties"].(map[string]any) {
			if !proper.MatchString(key) {
				t.Errorf("%s has the key %q", name, key)
			}
		}
	}
}

// Every command that answers is in the schema, and nothing else.
func TestSchema_everyCommand(t *testing.T) {
	t.Parallel()
	f, _ := testFrame(false)
	known := answers()
	var commands []string
	every(rootCommand(f), func(c *cobra.Command) {
		name := strings.TrimPrefix(c.CommandPath(), "rehome ")
		if c.HasSubCommands() || slices.Contains([]string{"man", "schema"}, name) {
			return
		}
		commands = append(commands, name)
		if known[name] == nil {
			t.Errorf("%s is not among the answers", name)
		}
	})
	for name := range known {
		command, _, _ := strings.Cut(name, " --") // a flag may ask for another answer
		if !slices.Contains(commands, command) && name != "an error" {
			t.Errorf("%s is among the answers, and no command", name)
		}
	}
}
