// SPDX-License-Identifier: Apache-2.0

package config

import (
	_ "embed" // for the text
	"strings"
)

//go:embed manual.txt
var manualText string

// manual returns what the manual says of keys whose text is too long for a tag, by the type that has the key: "IMAP.address".
func manual() map[string]string {
	texts, key := map[string]string{}, ""
	_, entries, _ := strings.Cut(manualText, "\n\n")
	for line := range strings.Lines(entries) {
		line = strings.TrimRight(line, "\n")
		if text, indented := strings.CutPrefix(line, "  "); indented {
			texts[key] = strings.TrimPrefix(texts[key]+" "+text, " ")
		} else {
			key = line
		}
	}
	return texts
}
