// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// document is a file of settings with the place of every key and everything that is wrong with it.
type document struct {
	file     string
	fields   map[string]field // by path, of the Config that is filled
	keys     map[string]place // where each given key stands
	values   map[string]place // where each given value begins
	paths    map[place]string // the way back, for errors of the decoder
	settled  map[string]bool  // keys whose problem is reported, or whose misspelling is
	legible  bool             // whether the whole is YAML with settings, so that more can be said
	problems []Problem
}

type place struct{ line, column int }

// start is where a problem of the whole file is shown.
func start() place { return place{line: 1, column: 1} }

// decode fills cfg with what data says and collects what it cannot understand.
func decode(file string, data []byte, cfg *Config) *document {
	d := &document{file: file, fields: map[string]field{}, keys: map[string]place{}, values: map[string]place{}, paths: map[place]string{},
		settled: map[string]bool{}}
	eachField(reflect.ValueOf(cfg).Elem(), "", func(f field) { d.fields[f.path] = f })
	var root yaml.Node
	if err := yaml.Load(data, &root); err != nil {
		d.addLoadError(err)
		return d
	}
	if len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		d.add(start(), "", "holds no settings", `run "rehome config sample" to see what belongs there`)
		return d
	}
	d.legible = true
	d.index(root.Content[0], "")
	if err := root.Load(cfg, yaml.WithKnownFields(), yaml.WithUniqueKeys(false)); err != nil {
		d.addLoadError(err)
	}
	return d
}

// index notes the places of all keys and values below a mapping and reports keys that are unknown
// or given twice.
func (d *document) index(mapping *yaml.Node, prefix string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key := mapping.Content[i]
		value := mapping.Content[i+1]
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		path := joined(prefix, key.Value)
		at := placeOf(key)
		if first, twice := d.keys[path]; twice {
			d.add(at, path, "is given twice", fmt.Sprintf("see line %d", first.line))
		}
		d.keys[path], d.values[path] = at, placeOf(value)
		d.paths[at], d.paths[placeOf(value)] = path, path
		f, known := d.fields[path]
		switch {
		case !known:
			d.addUnknown(at, prefix, key.Value)
		case f.isSection() && value.Kind == yaml.MappingNode:
			d.index(value, path)
		case f.hasSections() && value.Kind == yaml.MappingNode:
			d.indexSections(value, f)
		default:
			d.indexItems(value, path)
		}
	}
}

// indexSections makes the keys below sections known whose names are chosen freely, and indexes them.
func (d *document) indexSections(mapping *yaml.Node, f field) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		path := joined(f.path, mapping.Content[i].Value)
		section := reflect.New(f.value.Type().Elem().Elem()).Elem()
		d.fields[path] = field{path: path, value: section}
		eachField(section, path, func(below field) { d.fields[below.path] = below })
	}
	d.index(mapping, f.path)
}

// indexItems lets the entries of a list or map share the path of their key.
func (d *document) indexItems(value *yaml.Node, path string) {
	for _, item := range value.Content {
		d.paths[placeOf(item)] = path
	}
}

func placeOf(n *yaml.Node) place { return place{line: n.Line, column: n.Column} }

func (d *document) add(at place, path, sentence, hint string) {
	d.settled[path] = true
	d.problems = append(d.problems, Problem{File: d.file, Line: at.line, Column: at.column, Key: path, Sentence: sentence, Hint: hint})
}

// addUnknown reports a key that does not exist, with the one that was probably meant.
func (d *document) addUnknown(at place, prefix, name string) {
	var siblings, elsewhere []string
	for path := range d.fields {
		parent, last := splitPath(path)
		if parent == prefix {
			siblings = append(siblings, last)
		} else if last == name {
			elsewhere = append(elsewhere, parent)
		}
	}
	hint := `run "rehome config sample" to see every key`
	if meant := Nearest(name, siblings); meant != "" {
		hint = fmt.Sprintf("did you mean %s?", meant)
		d.settled[joined(prefix, meant)] = true
	} else if len(elsewhere) == 1 {
		hint = "it belongs under " + elsewhere[0]
	}
	d.add(at, joined(prefix, name), "is not a key", hint)
}

func splitPath(path string) (parent, name string) {
	parent, name, found := cutLast(path, ".")
	if !found {
		return "", parent
	}
	return parent, name
}

// addLoadError translates what the decoder says. Its own words name Go types and repeat values, so
// the sentence comes from the key instead. Places that index has reported already are passed over.
func (d *document) addLoadError(err error) {
	var all *yaml.LoadErrors
	var one *yaml.LoadError
	var list []*yaml.LoadError
	switch {
	case errors.As(err, &all):
		list = all.Errors
	case errors.As(err, &one):
		list = []*yaml.LoadError{one}
	default:
		d.add(start(), "", "cannot be read as YAML", "")
	}
	for _, e := range list {
		at := place{line: e.Mark.Line, column: e.Mark.Column}
		path, known := d.paths[at]
		f, isKey := d.fields[path]
		switch {
		case known && isKey:
			d.add(at, path, "wants "+f.wants(), "")
		case known: // an unknown key
		case at.line == 0:
			d.add(start(), "", "holds no settings or more than one document", "")
		default:
			d.add(at, "", "is not YAML here: "+strings.TrimSpace(e.Message), "indent with blanks, and put values with special characters in quotes")
		}
	}
}
