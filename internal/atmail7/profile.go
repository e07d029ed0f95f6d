// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"rehome"
)

//go:embed profiles/*.yaml
var presetFiles embed.FS

// defaultProfile is also that of atmail 7, which goes by the same code line.
const defaultProfile = "atmail6"

// ProfileAuto stands for the preset that fits the database best.
const ProfileAuto = "auto"

// Presets returns the names of the profiles that come with the program, the default one first.
func Presets() []string { return []string{defaultProfile, "atmail5-flat", "atmail5-sharded"} }

// absent says in a profile that a database does not have a field, on purpose.
const absent = "none"

// shards at the end of a table's name stands for its parts by first letters: _a, _an, _other.
const shards = "_*"

// profile says where each field is. A field that it does not name, or names "none", is nowhere.
type profile struct {
	name   string
	places map[string]place
}

// place is a table and a column as a profile writes them.
type place struct{ table, column string }

func (p place) isAbsent() bool { return p.table == "" }

// profiles returns those to choose from.
func (s Settings) profiles() ([]*profile, error) {
	if s.ProfileFile != "" {
		p, err := loadProfile(s.ProfileFile)
		return []*profile{p}, err
	}
	names := []string{cmp.Or(s.Profile, defaultProfile)}
	if s.Profile == ProfileAuto {
		names = Presets()
	}
	var all []*profile
	for _, name := range names {
		p, err := preset(name)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func preset(name string) (*profile, error) {
	if !slices.Contains(Presets(), name) {
		return nil, &rehome.Fault{
			Class: rehome.ClassOperator, Op: "choose a database profile", Object: name, Cause: errors.New("there is no such profile"),
			Hint: "choose one of " + strings.Join(append(Presets(), ProfileAuto), ", ") + ", or write a profile file",
		}
	}
	text, err := presetFiles.ReadFile(path.Join("profiles", name+".yaml"))
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassBug, Op: "read the database profile", Object: name, Cause: err}
	}
	return parseProfile(name, text)
}

// maxProfile bounds a profile file in octets.
const maxProfile = 1 << 20

func loadProfile(file string) (*profile, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, profileFault(file, errors.Unwrap(err), "check the path")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxProfile+1))
	if err != nil {
		return nil, profileFault(file, err, "")
	}
	if len(text) > maxProfile {
		return nil, profileFault(file, errors.New("it is too large to be a profile"), "check the path")
	}
	return parseProfile(file, text)
}

func profileFault(file string, cause error, hint string) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "read database profile", Object: file, Cause: cause, Hint: hint}
}

// parseProfile reads a profile. All that is wrong is in one Fault, by line and column.
func parseProfile(name string, text []byte) (*profile, error) {
	var document yaml.Node
	if err := yaml.Load(text, &document); err != nil {
		return nil, profileFault(name, err, "write two keys, base and fields, as in the manual")
	}
	p := &profileParser{profile: &profile{name: name, places: map[string]place{}}, lines: map[string]int{}}
	p.document(&document)
	if len(p.problems) > 0 {
		return nil, profileFault(name, errors.New(strings.Join(p.problems, "\n")), "correct these lines")
	}
	return p.profile, nil
}

// profileParser walks the YAML nodes by hand, because only they know their lines.
type profileParser struct {
	profile  *profile
	lines    map[string]int // where each field was named
	problems []string
}

func (p *profileParser) problem(at *yaml.Node, format string, args ...any) {
	p.problems = append(p.problems, fmt.Sprintf("%s:%d:%d: ", p.profile.name, at.Line, at.Column)+fmt.Sprintf(format, args...))
}

func (p *profileParser) document(document *yaml.Node) {
	root := document
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	seen := map[string]bool{}
	var own *yaml.Node
	p.eachPair(root, "the profile", func(key, value *yaml.Node) {
		switch {
		case seen[key.Value]:
			p.problem(key, "the key %s is there twice", key.Value)
		case key.Value == "base":
			p.base(value)
		case key.Value == "fields":
			own = value
		default:
			p.problem(key, "the key %.60q is not known; these are: base, fields", key.Value)
		}
		seen[key.Value] = true
	})
	// After the base, wherever that stands.
	if own != nil {
		p.eachPair(own, "fields", p.field)
	}
	if len(p.problems) == 0 {
		p.check(root)
	}
}

// eachPair calls pair for each key and value of a mapping.
func (p *profileParser) eachPair(node *yaml.Node, what string, pair func(key, value *yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		p.problem(node, "%s must be keys with values", what)
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		pair(node.Content[i], node.Content[i+1])
	}
}

func (p *profileParser) base(value *yaml.Node) {
	base, err := preset(value.Value)
	if value.Kind != yaml.ScalarNode || err != nil {
		p.problem(value, "the base is not one of %s", strings.Join(Presets(), ", "))
		return
	}
	for name, place := range base.places {
		p.profile.places[name] = place
	}
}

func (p *profileParser) field(key, value *yaml.Node) {
	f, known := fieldNamed(key.Value)
	if !known {
		p.problem(key, "the field %.60q is not known", key.Value)
		return
	}
	if line := p.lines[f.name]; line > 0 {
		p.problem(key, "the field %s is in line %d already", f.name, line)
		return
	}
	p.lines[f.name] = key.Line
	if value.Kind == yaml.ScalarNode && value.Value == absent && f.name != "session.account" {
		p.profile.places[f.name] = place{}
		return
	}
	table, column, found := strings.Cut(value.Value, ".")
	if value.Kind != yaml.ScalarNode || !found || !isName(strings.TrimSuffix(table, shards)) || !isName(column) {
		p.problem(value, "%s is not written as Table.Column", f.name)
		return
	}
	p.profile.places[f.name] = place{table, column}
}

// isName accepts what MySQL takes for a name without quotes, plus the hyphen.
func isName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool {
		return c != '_' && c != '$' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}) < 0
}

// check makes sure that the rows of each role come from one table, and that nothing that is needed
// was forgotten.
func (p *profileParser) check(root *yaml.Node) {
	tables := map[role]string{}
	for _, f := range fields {
		at, named := p.profile.places[f.name]
		if !named && !f.optional {
			p.problem(root, "the field %s is missing: name its column, or write none", f.name)
		}
		if at.isAbsent() {
			continue
		}
		if other, given := tables[f.role()]; given && !strings.EqualFold(other, at.table) {
			p.problem(root, "the fields of %s are in two tables, %s and %s", f.role(), other, at.table)
			return
		}
		tables[f.role()] = at.table
	}
}
