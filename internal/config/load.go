// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"rehome"
)

// A file of settings larger than this is something else.
const maxFile = 1 << 20

// Load reads the settings of file. Errors are *rehome.Fault of ClassOperator around a *SettingsError;
// if the file could be read they wrap an *InvalidError with every problem.
func Load(file string) (*Config, error) {
	f, err := os.Open(file)
	if err != nil {
		hint := "name the file with -c"
		if errors.Is(err, fs.ErrNotExist) {
			hint = `run "rehome init" to write one, or name yours with -c`
		}
		if errors.Is(err, fs.ErrPermission) {
			hint = "run rehome as the user who owns it"
		}
		return nil, fault(file, err, hint)
	}
	defer f.Close()
	if hint, err := checkOpened(file, f); err != nil {
		return nil, fault(file, err, hint)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fault(file, err, "name a file with -c")
	}
	if len(data) > maxFile {
		return nil, fault(file, errors.New("larger than 1 MiB"), "name a settings file with -c")
	}
	return Parse(file, data)
}

// checkOpened looks at the open file, so that nobody can exchange it in between.
func checkOpened(file string, f *os.File) (hint string, err error) {
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", nil // a pipe or a terminal that somebody has named, such as /dev/stdin
	}
	return checkOwner(file, info)
}

// Parse reads settings that were read from file already.
func Parse(file string, data []byte) (*Config, error) {
	cfg := Default()
	d := decode(file, data, &cfg)
	cfg.normalise()
	if d.legible {
		check(d, &cfg)
	}
	if len(d.problems) > 0 {
		sortByPlace(d.problems)
		return nil, fault(file, &InvalidError{Problems: d.problems}, `run "rehome config sample" to see every key with its meaning`)
	}
	cfg.placeAt(filepath.Dir(file))
	return &cfg, nil
}

func fault(file string, cause error, hint string) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "read settings", Object: file, Cause: &SettingsError{Cause: withoutPath(cause)}, Hint: hint}
}

// normalise brings names into the form in which they are compared: that of addresses and DNS, in which labels of other scripts
// are written as xn-- (RFC 5891).
func (c *Config) normalise() {
	for i, domain := range c.Domains {
		c.Domains[i] = asciiName(domain)
	}
	c.DNS.completeProviders()
}

func asciiName(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil && strings.ContainsFunc(domain, func(r rune) bool { return r > unicode.MaxASCII }) {
		return ascii
	}
	return domain
}

// placeAt lets relative paths and references start from the folder of the file.
func (c *Config) placeAt(dir string) {
	c.folder = dir
	eachField(reflect.ValueOf(c).Elem(), "", func(f field) {
		if reference, ok := f.value.Addr().Interface().(*Reference); ok {
			reference.base = dir
		}
		for _, path := range f.paths() {
			address := strings.Contains(path.String(), "://")
			if path.String() != "" && !address && !filepath.IsAbs(path.String()) {
				path.SetString(filepath.Join(dir, path.String()))
			}
		}
	})
}

// PlacedReference is a reference to a secret with the key that holds it.
type PlacedReference struct {
	Key       string
	Reference Reference
}

// References lists every secret that the settings refer to.
func (c *Config) References() []PlacedReference {
	var all []PlacedReference
	eachField(reflect.ValueOf(c).Elem(), "", func(f field) {
		if reference, ok := f.value.Interface().(Reference); ok && !reference.IsZero() {
			all = append(all, PlacedReference{Key: f.path, Reference: reference})
		}
	})
	return all
}
