// SPDX-License-Identifier: Apache-2.0

package mapping

import "testing"

func TestEncodedLength_modifiedUTF7(t *testing.T) {
	t.Parallel()
	for name, encoded := range map[string]string{
		"":                 "",
		"plain":            "plain",
		"a&b":              "a&-b",
		"é":                "&AOk-",
		"~peter/mail/日本語":  "~peter/mail/&ZeVnLIqe-",
		"~peter/台北/mail/x": "~peter/&U,BTFw-/mail/x",
		"😀":                "&2D3eAA-",
		"é&é":              "&AOk-&-&AOk-",
	} {
		if got, want := encodedLength(name), len(encoded); got != want {
			t.Errorf("encodedLength(%q): got %d, want %d as in %s", name, got, want, encoded)
		}
	}
}
