// SPDX-License-Identifier: Apache-2.0

package faultproxy

import "testing"

// Open returns a proxy in front of a server that ends with the test.
func Open(t testing.TB, target string) *Proxy {
	t.Helper()
	proxy, err := New(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
	return proxy
}
