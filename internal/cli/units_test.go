// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The units of systemd in the packages start commands that there are, and name pages of the manual that there are. Whether
// systemd takes them, "make package-test" shows.
func TestUnits_startCommandsThatThereAre(t *testing.T) {
	t.Parallel()
	units, err := filepath.Glob("../../packaging/systemd/*.service")
	if err != nil || len(units) == 0 {
		t.Fatalf("found no unit: %v", err)
	}
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		start := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/rehome (.+)$`).FindSubmatch(text)
		page := regexp.MustCompile(`man:(rehome[a-z-]*)\(1\)`).FindSubmatch(text)
		if start == nil || page == nil {
			t.Fatalf("%s starts nothing of ours, or names no page of the manual", unit)
		}
		f, _ := testFrame(false)
		command, rest, err := rootCommand(f).Find(strings.Fields(string(start[1])))
		if err != nil || !command.Runnable() || command.HasSubCommands() {
			t.Fatalf("%s: there is no command %q (%v)", unit, start[1], err)
		}
		if err := command.ParseFlags(rest); err != nil || command.ValidateArgs(command.Flags().Args()) != nil {
			t.Errorf("%s: %q is not a command line: %v", unit, start[1], err)
		}
		if want := strings.ReplaceAll(command.CommandPath(), " ", "-"); string(page[1]) != want {
			t.Errorf("%s: names the page %s, want %s", unit, page[1], want)
		}
	}
}

// Scripts that only a package runs have no mistake that a shell would see.
func TestPackaging_scriptsAreShell(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("../../packaging/scripts/*")
	if err != nil || len(scripts) != 3 {
		t.Fatalf("got scripts %q, %v; want three", scripts, err)
	}
	for _, script := range append(scripts, "../../scripts/release", "../../scripts/version", "../../scripts/package-test") {
		if said, err := exec.Command("sh", "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", script, err, said)
		}
	}
}
