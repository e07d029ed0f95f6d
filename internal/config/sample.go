// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Key is one key of the file as a reader needs to know it.
type Key struct {
	Path    string `json:"key"`
	Section bool   `json:"section,omitempty"`
	Wants   string `json:"wants"`             // the kind of value
	Default string `json:"default,omitempty"` // as it is written in YAML; empty if there is none
	Example string `json:"example,omitempty"`
	Doc     string `json:"doc"`

	optional bool // a section that need not be there
}

// Keys lists every key in the order of the sample.
func Keys() []Key {
	var keys []Key
	defaults := Default()
	defaults.DNS.Providers = map[string]*DNSProvider{"name": defaultDNSProvider()}
	long := manual()
	eachField(reflect.ValueOf(&defaults).Elem(), "", func(f field) {
		doc := cmp.Or(f.tag.Get("doc"), long[f.named])
		k := Key{Path: f.path, Section: f.isSection() || f.hasSections(), Wants: f.wants(), Doc: doc,
			Example: f.tag.Get("example"), optional: f.tag.Get("optional") == "true"}
		if !k.Section {
			k.Default = inYAML(f.value)
		}
		keys = append(keys, k)
	})
	return keys
}

// filledIn are the values that the sample shows for a typical move; a key that is neither here nor
// has a default is shown as a comment.
func filledIn() map[string]string {
	return map[string]string{
		"organisation":                "Example Ltd",
		"domains":                     "[example.com, example.org]",
		"source.database.dsn":         "mysql://reader@127.0.0.1:3306/atmail",
		"source.database.password":    "env:ATMAIL_DB_PASSWORD",
		"source.imap.address":         "mail.example.com:993",
		"source.imap.login":           "master",
		"source.imap.master_user":     "mover",
		"source.imap.master_password": "file:secrets/master",
		"destination.imap.address":    "imap.us-east.atmailcloud.com:993",
	}
}

// Sample returns an annotated rehome.yaml that holds every key with its default. A line that begins
// with "#" and no blank is a key that is not set.
func Sample() []byte {
	var b strings.Builder
	b.WriteString("# rehome.yaml: the settings of one move.\n" +
		"# This file contains no secrets, only references to them: env:NAME, file:PATH (mode 0600),\n" +
		"# cmd:PROGRAM ARGUMENT... (run without a shell) or keyring:SERVICE/USER.\n" +
		"# Relative paths start at the folder of this file.\n")
	w := sampler{Builder: &b, filled: filledIn(), documented: map[string]bool{}}
	for _, k := range Keys() {
		w.key(k)
	}
	return []byte(b.String())
}

// sampler writes the sample key by key.
type sampler struct {
	*strings.Builder
	filled     map[string]string
	documented map[string]bool // sentences that have been printed: both ends have the same keys
	off        string          // the section that is left off at the moment
}

func (w *sampler) key(k Key) {
	parent, name := splitPath(k.Path)
	indent := strings.Repeat("  ", strings.Count(k.Path, "."))
	if parent == "" || k.Section {
		w.WriteString("\n")
	}
	if text := k.Doc + choicesOf(k); !w.documented[name+text] {
		w.documented[name+text] = true
		for _, line := range wrap(text, 96-len(indent)) {
			w.WriteString(indent + "# " + line + "\n")
		}
	}
	value, live := w.value(k)
	if !live {
		indent += "#"
	}
	w.WriteString(strings.TrimRight(indent+name+": "+value, " ") + "\n")
}

// value chooses what the sample shows behind a key and whether the key is on.
func (w *sampler) value(k Key) (value string, live bool) {
	if value, live := w.filled[k.Path]; live {
		return value, true
	}
	if k.optional && !w.fills(k.Path) {
		w.off = k.Path + "."
		return "", false
	}
	on := w.off == "" || !strings.HasPrefix(k.Path, w.off)
	if k.Section || k.Default != "" {
		return k.Default, on
	}
	return k.Example, false
}

// fills reports whether the sample shows a value for a key of the section.
func (w *sampler) fills(section string) bool {
	for path := range w.filled {
		if strings.HasPrefix(path, section+".") {
			return true
		}
	}
	return false
}

// choicesOf lists the values of a key that accepts only some, unless its text does so already.
func choicesOf(k Key) string {
	if choices, ok := strings.CutPrefix(k.Wants, "one of "); ok {
		return " (" + choices + ")"
	}
	return ""
}

// wrap breaks a text into lines of at most width characters, at blanks.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

// inYAML writes a default on one line; nothing for what is not set.
func inYAML(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Duration:
		return shortDuration(value)
	case []string:
		if len(value) == 0 {
			return ""
		}
		return "[" + strings.Join(value, ", ") + "]"
	case bool:
		return strconv.FormatBool(value)
	}
	switch {
	case v.Kind() == reflect.String && needsQuotes(v.String()):
		return strconv.Quote(v.String())
	case v.Kind() == reflect.String:
		return v.String()
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	}
	return ""
}

// shortDuration writes 2m instead of 2m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	return text
}

// needsQuotes reports whether a default would be read as something else than text.
func needsQuotes(text string) bool {
	return text != "" && strings.Trim(text, "0123456789.*") == ""
}
