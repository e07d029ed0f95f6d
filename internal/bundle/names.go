// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// longestName leaves room for a number and an ending in the 255 octets that file systems allow.
const longestName = 180

// names are those of the files of a bundle. No two of them are the same to any file system: neither in another case nor in another
// form of Unicode.
type names map[string]bool

// choose returns a free name for a file in a folder of the bundle, made of what people call it.
func (n names) choose(folder, called, ending string) string {
	base := safe(called)
	for i := 1; ; i++ {
		name := base
		if i > 1 {
			name = fmt.Sprintf("%s (%d)", base, i)
		}
		path := folder + "/" + name + ending
		if key := keyOf(path); !n[key] {
			n[key] = true
			return path
		}
	}
}

// free gives back a name whose file is gone.
func (n names) free(path string) { delete(n, keyOf(path)) }

func keyOf(path string) string { return cases.Fold().String(norm.NFKC.String(path)) }

// safe keeps of a name what every file system takes. What is invisible or turns the direction of writing goes.
func safe(called string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`/\:*?"<>|`, r), r == utf8.RuneError:
			return '_'
		case r == '\u200d': // joins emoji
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, norm.NFC.String(called))
	for len(name) > longestName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	name = strings.Trim(name, " .") // Windows takes no others at the end, Unix hides files with a dot before
	if name == "" {
		return "unnamed"
	}
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	reserved := stem == "CON" || stem == "PRN" || stem == "AUX" || stem == "NUL"
	if reserved || len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) {
		return "_" + name
	}
	return name
}
