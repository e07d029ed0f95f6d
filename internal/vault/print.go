// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"filippo.io/age"
)

// Printer makes prints of secrets: two are equal if the secrets are, and nobody without the identity can tell a secret from
// one, or try which it is of. A print begins with the name of its key and a colon.
type Printer struct {
	key  []byte
	name string
}

// Printer returns the one of an identity for a purpose.
func (i *Identity) Printer(purpose string) (Printer, error) {
	for _, identity := range i.keys {
		key, ok := identity.(*age.X25519Identity)
		if !ok {
			continue
		}
		derived, err := hkdf.Key(sha256.New, []byte(key.String()), nil, "rehome print of "+purpose, sha256.Size)
		if err != nil {
			return Printer{}, err
		}
		name := sha256.Sum256(append([]byte("name of "), derived...))
		return Printer{key: derived, name: hex.EncodeToString(name[:4])}, nil
	}
	return Printer{}, fmt.Errorf("the identity has no X25519 key")
}

// Print returns the print of parts, whose borders count.
func (p Printer) Print(parts ...string) string {
	mac := hmac.New(sha256.New, p.key)
	for _, part := range parts {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	return p.name + ":" + hex.EncodeToString(mac.Sum(nil)[:16])
}

// Differ reports whether two prints are of different secrets for certain: those of different keys tell nothing.
func Differ(a, b string) bool {
	first, _, _ := strings.Cut(a, ":")
	second, _, _ := strings.Cut(b, ":")
	return first == second && a != b
}
