// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// field is one key of the file together with the place in a Config that holds its value.
type field struct {
	path  string // "source.imap.address"
	named string // by the type that has it: "IMAP.address"
	tag   reflect.StructTag
	value reflect.Value
}

// eachField calls visit for every key of v, a section before the keys below it, in the order of
// the struct. It is the only place that knows how tags become keys.
func eachField(v reflect.Value, prefix string, visit func(field)) {
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if options == "inline" {
			eachField(v.Field(i), prefix, visit)
			continue
		}
		f := field{path: joined(prefix, name), named: v.Type().Name() + "." + name, tag: v.Type().Field(i).Tag, value: v.Field(i)}
		visit(f)
		switch {
		case f.isSection():
			eachField(f.value, f.path, visit)
		case f.hasSections():
			names := slices.SortedFunc(slices.Values(f.value.MapKeys()), func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
			for _, name := range names {
				eachSection(f, name, visit)
			}
		}
	}
}

// eachSection visits one of several sections, whose name the writer of the file has chosen, and the keys below it.
func eachSection(f field, name reflect.Value, visit func(field)) {
	section := f.value.MapIndex(name)
	if section.IsNil() { // "name:" without keys below it
		return
	}
	path := joined(f.path, name.String())
	visit(field{path: path, value: section.Elem(), tag: `doc:"One provider."`})
	eachField(section.Elem(), path, visit)
}

func joined(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

func (f field) isSection() bool {
	return f.value.Kind() == reflect.Struct && f.value.Type() != reflect.TypeFor[Reference]()
}

// hasSections tells a key that has sections below it whose names are chosen freely: a map to pointers.
func (f field) hasSections() bool {
	return f.value.Kind() == reflect.Map && f.value.Type().Elem().Kind() == reflect.Pointer
}

func (f field) isPath() bool { return f.tag.Get("kind") == "path" }

// paths are the texts of the key that are paths: one, or those of a list.
func (f field) paths() []reflect.Value {
	switch {
	case !f.isPath():
		return nil
	case f.value.Kind() != reflect.Slice:
		return []reflect.Value{f.value}
	}
	all := make([]reflect.Value, f.value.Len())
	for i := range all {
		all[i] = f.value.Index(i)
	}
	return all
}

// windowsCharsets are those that "windows-*" in a tag stands for.
const windowsCharsets = "windows-1250,windows-1251,windows-1252,windows-1253,windows-1254,windows-1257"

// choices returns the values that the key accepts, nil if it accepts any.
func (f field) choices() []string {
	if f.tag.Get("enum") == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(f.tag.Get("enum"), "windows-*", windowsCharsets), ",")
}

// wants says what kind of value the key takes.
func (f field) wants() string {
	if choices := f.choices(); choices != nil && f.value.Kind() == reflect.String {
		return "one of " + strings.Join(choices, ", ")
	} else if choices != nil {
		return "a list of " + strings.Join(choices, ", ")
	}
	switch f.value.Type() {
	case reflect.TypeFor[Reference]():
		return "a reference to a secret"
	case reflect.TypeFor[time.Duration]():
		return "a duration such as 30s or 2m"
	case reflect.TypeFor[Octets]():
		return "an amount of data such as 20MB"
	}
	switch {
	case f.hasSections():
		return "names, and keys below each"
	case f.value.Kind() == reflect.Struct:
		return "keys below it"
	}
	switch f.value.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Map:
		return "pairs of names"
	}
	if f.isPath() {
		return "a path"
	}
	return "a text"
}
