// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"rehome"
	"rehome/internal/vault"
)

// Key signs the certificates of one move. It cannot be printed.
type Key struct{ private ed25519.PrivateKey }

// Format writes a fixed mask for every verb.
func (Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// OpenKey opens the key that is sealed in a file to the identity; the first time it makes one.
func OpenKey(path string, identity *vault.Identity) (Key, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return createKey(path, identity)
	}
	seed, err := vault.Open(path, identity)
	if err != nil {
		return Key{}, err
	}
	if len(seed) != ed25519.SeedSize {
		return Key{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "read the signing key", Object: path, Cause: errors.New("it is not one"),
			Hint: "restore the file from your backup; without it, new certificates are signed with another key"}
	}
	return Key{ed25519.NewKeyFromSeed(seed)}, nil
}

// createKey never replaces a key: whoever has its public half could not check new certificates any more.
func createKey(path string, identity *vault.Identity) (Key, error) {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails
	sealed, err := vault.SealBytes(path, identity.Recipients(), seed)
	if err != nil {
		return Key{}, err
	}
	if err := vault.WriteNew(path, sealed); err != nil {
		return Key{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "write the signing key", Object: path, Cause: err}
	}
	return Key{ed25519.NewKeyFromSeed(seed)}, nil
}

// Public is the public half.
func (k Key) Public() PublicKey {
	public, _ := k.private.Public().(ed25519.PublicKey) // it is always one
	return PublicKey(public)
}

// PublicKey tells whose certificates are genuine.
type PublicKey ed25519.PublicKey

// String is 64 hexadecimal digits.
func (k PublicKey) String() string { return hex.EncodeToString(k) }

// PEM is the form that other programs read, such as openssl.
func (k PublicKey) PEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(k))
	if err != nil {
		return nil // an Ed25519 key always has this form
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// ParsePublicKey reads either form.
func ParsePublicKey(text string) (PublicKey, error) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if key, is := parsed.(ed25519.PublicKey); err == nil && is {
			return PublicKey(key), nil
		}
		return nil, errors.New("it is not an Ed25519 public key")
	}
	key, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, errors.New("a public key is 64 hexadecimal digits, or a PEM file")
	}
	return key, nil
}
