// SPDX-License-Identifier: Apache-2.0

package passhash

import (
	"fmt"

	"github.com/go-crypt/crypt/algorithm/argon2"

	"rehome"
)

// New returns the hash of a password that rehome itself keeps: argon2id with the second choice of RFC 9106 section 4, which needs 64 MiB.
// Matches knows it as PasswordCrypt.
func New(password rehome.Secret) (string, error) {
	hasher, err := argon2.New(argon2.WithProfileRFC9106LowMemory())
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	digest, err := hasher.Hash(password.Reveal())
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return digest.Encode(), nil
}
