// SPDX-License-Identifier: Apache-2.0

package passhash_test

import (
	"strings"
	"testing"

	"rehome"
	"rehome/internal/passhash"
)

func TestNew_matchesItself(t *testing.T) {
	t.Parallel()
	password := rehome.NewSecret("correct horse ü")
	hash, err := passhash.New(password)
	if err != nil {
		t.Fatal(err)
	}
	again, err := passhash.New(password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=4$") || hash == again {
		t.Errorf("%s, and again %s", hash, again)
	}
	stored := rehome.Password{Form: rehome.PasswordCrypt, Stored: rehome.NewSecret(hash)}
	for candidate, want := range map[string]bool{"correct horse ü": true, "correct horse": false, "": false} {
		if got, err := passhash.Matches(stored, rehome.NewSecret(candidate)); got != want || err != nil {
			t.Errorf("%q: %v, %v", candidate, got, err)
		}
	}
}
