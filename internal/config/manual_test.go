// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"testing"
)

// Every text is one of a key, and no key has one here and one in its tag.
func TestManual_isOfKeys(t *testing.T) {
	t.Parallel()
	texts := manual()
	defaults := Default()
	defaults.DNS.Providers = map[string]*DNSProvider{"name": defaultDNSProvider()}
	used := map[string]bool{}
	eachField(reflect.ValueOf(&defaults).Elem(), "", func(f field) {
		text, is := texts[f.named]
		used[f.named] = is
		if is && (text == "" || f.tag.Get("doc") != "") {
			t.Errorf("%s (%s) has no text, or two", f.path, f.named)
		}
	})
	for name := range texts {
		if !used[name] {
			t.Errorf("%s is no key", name)
		}
	}
}
