// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
)

// Of the versions that were sent and never answered the newest are known, each once.
func TestWithForm_remembersTheNewest(t *testing.T) {
	t.Parallel()
	var tried []byte
	form := func(i int) []byte {
		sum := sha256.Sum256([]byte(fmt.Sprint(i)))
		return sum[:]
	}
	for i := range manyForms + 3 {
		tried = withForm(withForm(tried, form(i)), form(i))
	}
	if got, want := len(tried), manyForms*sha256.Size; got != want {
		t.Errorf("%d octets, want %d", got, want)
	}
	for i := range manyForms + 3 {
		if got, want := hasForm(tried, form(i)), i >= 3; got != want {
			t.Errorf("version %d is known: %v, want %v", i, got, want)
		}
	}
	if !bytes.Equal(withForm(tried, nil), tried) {
		t.Error("a version without a form was added")
	}
}
