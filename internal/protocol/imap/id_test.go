// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"maps"
	"testing"
)

func TestID(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, answer string
		want         map[string]string
	}{
		{"fields", `* ID ("name" "Dovecot" "version" NIL "os" {5}` + "\r\nA\x1b[1m)", map[string]string{"name": "Dovecot", "version": "", "os": "A [1m"}},
		{"nil", "* ID NIL", map[string]string{}},
		{"odd number", `* ID ("name" "x" "version")`, map[string]string{"name": "x"}},
		{"nothing said", "* OK", map[string]string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "ID", func(s *script) { s.ok(`ID \("name" "rehome" "version" "1\.0"\)`, test.answer) })
			got, err := client.ID(within(t), "rehome", "1.0")
			if err != nil || !maps.Equal(got, test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestID_withoutTheExtension(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) { s.silent() })
	if got, err := client.ID(within(t), "rehome", "1.0"); got != nil || err != nil {
		t.Errorf("got %q, %v, want nothing", got, err)
	}
}
