// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// floors lists the packages from the bottom up. A package imports floors below its own, never its
// own floor and never a higher one. A name ending in "/" stands for all packages below it.
var floors = []struct {
	name     string
	packages []string
}{
	{"the words", []string{"rehome"}},
	{"what the protocols share", []string{"rehome/internal/protocol", "rehome/internal/protocol/mechanism"}},
	{wire, []string{"rehome/internal/protocol/", "rehome/internal/content/"}},
	// Below the databases, which both stand on it.
	{"what brings a ledger up to date", []string{"rehome/internal/ledger/upgrade"}},
	{"what each engine stands on", []string{
		"rehome/internal/alias", "rehome/internal/atmail8", "rehome/internal/beacon", "rehome/internal/dnswrite",
		"rehome/internal/endpoint", "rehome/internal/escrow", "rehome/internal/jsonschema",
		"rehome/internal/ledger", "rehome/internal/ledger/",
		"rehome/internal/maillog", "rehome/internal/mapping", "rehome/internal/pass", "rehome/internal/passhash", "rehome/internal/roster",
		"rehome/internal/signon", "rehome/internal/uidl", "rehome/internal/vault",
	}},
	// Above the ground, because it joins roster, sheet and log-ins; below the source systems, because it says what a
	// directory is and must know none of them.
	{"who moves", []string{"rehome/internal/people"}},
	{"the source systems", []string{"rehome/internal/atmail7"}},
	{engines, []string{
		"rehome/internal/devices", "rehome/internal/mailcopy", "rehome/internal/davcopy", "rehome/internal/latemail", "rehome/internal/probemail",
		"rehome/internal/notify",
		"rehome/internal/recipients", "rehome/internal/rehearsal", "rehome/internal/rulecopy", "rehome/internal/verify", "rehome/internal/wayback",
	}},
	// A floor above its words, as each part of the verification speaks with them; beside each other they know nothing of each other.
	{"the parts of the verification", []string{"rehome/internal/verify/"}},
	{"what runs the engines, and the papers about them", []string{
		"rehome/internal/bundle", "rehome/internal/certificate", "rehome/internal/checkup", "rehome/internal/clientsetup",
		"rehome/internal/conductor", "rehome/internal/cutover", "rehome/internal/forecast", "rehome/internal/handover",
		"rehome/internal/itinerary", "rehome/internal/report", "rehome/internal/wave", "rehome/internal/worker",
	}},
	// Above the plan of the records, which it carries out.
	{"what takes domains across", []string{"rehome/internal/switchover"}},
	// A floor above the documents, which it compares with what devices find.
	{"what looks from outside", []string{"rehome/internal/clientcheck"}},
	// A floor above what looks at DNS and from outside, which it does without settings.
	{"what finds settings", []string{"rehome/internal/scout"}},
	// Made of what the papers about devices know.
	{"the pages of people", []string{"rehome/internal/guide"}},
	{"the settings", []string{"rehome/internal/config"}},
	{"the operations behind every face", []string{"rehome/internal/journey"}},
	{"the faces", []string{"rehome/internal/cli", "rehome/internal/metrics", "rehome/internal/web"}},
	{"the binary", []string{"rehome/cmd/rehome"}},
}

// The floors that have a rule of their own.
const (
	wire    = "the wire and the content"
	engines = "the engines" // all kinds of work
)

// Real servers for tests and trials: may import anything, imported by tests and its own binary only.
const labPrefix = "rehome/lab"

// contracts are packages of tests that several implementations have to pass: like the lab they import what they test, and
// the product must not carry them.
var contracts = map[string]bool{"rehome/internal/dnswrite/dnswritetest": true, "rehome/internal/ledger/ledgertest": true}

var drawers = map[string]bool{
	"util": true, "utils": true, "common": true, "types": true, "helpers": true, "helper": true, "misc": true, "base": true,
}

func TestLayers_importsGoDownwardsOnly(t *testing.T) {
	t.Parallel()
	for pkg, imports := range moduleImports(t) {
		if drawers[path.Base(pkg)] {
			t.Errorf("%s: a package is named for what it is about, not as a drawer", pkg)
		}
		if isLab(pkg) {
			continue
		}
		from := floorOf(pkg)
		if from < 0 {
			t.Errorf("%s stands on no floor: add it to the list in layers_test.go, with a thought about where it belongs", pkg)
			continue
		}
		for _, imported := range imports {
			checkImport(t, pkg, from, imported)
		}
	}
}

func checkImport(t *testing.T, pkg string, from int, imported string) {
	t.Helper()
	if isLab(imported) {
		t.Errorf("%s imports %s: the lab is for tests and its own binary, the product must not carry it", pkg, imported)
		return
	}
	to := floorOf(imported)
	switch {
	case to == 0 && from <= floorOf("rehome/internal/protocol/imap"):
		t.Errorf("%s imports %s: the wire and the content know nothing of a move, so that they can be read, tested and reused alone", pkg, imported)
	case pkg == "rehome/internal/conductor" && (floors[to].name == engines || isVerification(imported)):
		t.Errorf("%s imports %s: the conductor knows steps and no engine, so that a new kind of work is one line where the steps "+
			"of a pass are listed", pkg, imported)
	case isVerification(pkg) && imported == "rehome/internal/ledger":
		t.Errorf("%s imports %s: verification never asks what was copied, or copier and verifier could believe the same lie; "+
			"what it has to know it asks by an interface of its own, which says what a lie would do", pkg, imported)
	case to == from && siblingsAllowed(pkg, imported):
	case to >= from:
		t.Errorf("%s (%s) imports %s (%s): imports go downwards only, so that each floor can be understood without the ones above; "+
			"declare an interface where it is needed, or move the shared part down", pkg, floors[from].name, imported, floors[to].name)
	}
}

// isVerification tells the packages that read both ends anew.
func isVerification(pkg string) bool {
	return pkg == "rehome/internal/verify" || strings.HasPrefix(pkg, "rehome/internal/verify/")
}

// siblingsAllowed holds the written exceptions to "never its own floor".
func siblingsAllowed(pkg, imported string) bool {
	// A protocol may have inner packages of its own, for instance protocol/imap/wire.
	return strings.HasPrefix(imported, pkg+"/")
}

// moduleImports returns the production imports of every package of the module, limited to the module.
// It reads the files itself: the result of a test that asked "go list" would be cached although an
// import has changed.
func moduleImports(t *testing.T) map[string][]string {
	t.Helper()
	result := map[string][]string{}
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && (name == "testdata" || len(name) > 1 && strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Join("rehome", filepath.ToSlash(filepath.Dir(file)))
		result[pkg] = append(result[pkg], ownImports(parsed)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(result) < 10 {
		t.Fatalf("found only %d packages: the test does not look where the code is", len(result))
	}
	return result
}

func ownImports(file *ast.File) []string {
	var ours []string
	for _, spec := range file.Imports {
		imported := strings.Trim(spec.Path.Value, `"`)
		if imported == "rehome" || strings.HasPrefix(imported, "rehome/") {
			ours = append(ours, imported)
		}
	}
	return ours
}

func floorOf(pkg string) int {
	for i, floor := range floors {
		for _, name := range floor.packages {
			if pkg == name || strings.HasSuffix(name, "/") && strings.HasPrefix(pkg, name) {
				return i
			}
		}
	}
	return -1
}

func isLab(pkg string) bool {
	return pkg == labPrefix || strings.HasPrefix(pkg, labPrefix+"/") || pkg == "rehome/cmd/lab" || contracts[pkg]
}

// A newcomer finds every package on the page that explains how they hang together.
func TestArchitecture_namesEveryPackage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	for _, word := range strings.FieldsFunc(string(page), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		words[word] = true
	}
	for pkg := range moduleImports(t) {
		if strings.HasPrefix(pkg, "rehome/internal/") && !words[path.Base(pkg)] {
			t.Errorf("docs/architecture.md does not name %s", pkg)
		}
	}
}

// Two upgrades of the ledger with one number are found where the layers are, before anybody opens a ledger: no ledger opens with
// them. And an upgrade is one of both databases, by one number; what came before PostgreSQL is its baseline.
func TestLedger_everyUpgradeHasItsOwnNumber(t *testing.T) {
	t.Parallel()
	const baseline = "00030"
	numbers := map[string]map[string]string{}
	for _, database := range []string{"sqlite", "postgres"} {
		files, err := filepath.Glob("internal/ledger/" + database + "/schema/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatalf("found %v, %v", files, err)
		}
		seen := map[string]string{}
		for _, file := range files {
			number, _, _ := strings.Cut(filepath.Base(file), "_")
			if seen[number] != "" {
				t.Errorf("%s and %s have the same number: take the next free one for the later", seen[number], file)
			}
			seen[number] = file
		}
		numbers[database] = seen
	}
	for database, other := range map[string]string{"sqlite": "postgres", "postgres": "sqlite"} {
		for number, file := range numbers[database] {
			if number > baseline && numbers[other][number] == "" {
				t.Errorf("%s has no counterpart in internal/ledger/%s/schema: say it in the words of that database, too", file, other)
			}
		}
	}
}
