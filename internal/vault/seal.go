// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"

	"rehome"
)

// maxSealed bounds what Open reads into memory.
const maxSealed = 256 << 20

// Seal writes plaintext to path so that only the recipients ("age1..." or an SSH public key
// "ssh-...") can open it. A file at path is replaced, as a whole or not at all.
func Seal(path string, recipients []string, plaintext []byte) error {
	sealed, err := SealBytes(path, recipients, plaintext)
	if err != nil {
		return err
	}
	return WriteFile(path, sealed)
}

// SealBytes seals in memory. The name stands for the result in errors.
func SealBytes(name string, recipients []string, plaintext []byte) ([]byte, error) {
	to, err := parseRecipients(name, recipients)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	sealed, err := age.Encrypt(&out, to...)
	if err != nil {
		return nil, writeFault(name, err)
	}
	if _, err = sealed.Write(plaintext); err == nil {
		err = sealed.Close()
	}
	if err != nil {
		return nil, writeFault(name, err)
	}
	return out.Bytes(), nil
}

// OpenBytes opens what SealBytes returned.
func OpenBytes(name string, sealed []byte, identity *Identity) ([]byte, error) {
	plaintext, err := unseal(sealed, identity)
	if err != nil {
		return nil, unsealFault(name, sealed, err)
	}
	return plaintext, nil
}

func parseRecipients(path string, recipients []string) ([]age.Recipient, error) {
	var to []age.Recipient
	for _, text := range recipients {
		one, err := parseRecipient(strings.TrimSpace(text))
		if err != nil {
			return nil, &rehome.Fault{
				Class: rehome.ClassOperator, Op: "seal", Object: path,
				Cause: fmt.Errorf("recipient %d of %d is not valid", len(to)+1, len(recipients)),
				Hint:  "a recipient starts with age1 or ssh-; it is public, unlike the identity",
			}
		}
		to = append(to, one)
	}
	if len(to) == 0 {
		return nil, &rehome.Fault{
			Class: rehome.ClassOperator, Op: "seal", Object: path, Cause: errors.New("no recipient is given"),
			Hint: "name at least one, for instance the recipient of your own identity",
		}
	}
	return to, nil
}

func parseRecipient(text string) (age.Recipient, error) {
	if strings.HasPrefix(text, "ssh-") {
		return agessh.ParseRecipient(text)
	}
	several, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	if len(several) != 1 {
		return nil, errors.New("it contains several recipients")
	}
	return several[0], nil
}

// Open returns what was sealed in the file. If the file is not there, the Fault's cause is
// fs.ErrNotExist.
func Open(path string, identity *Identity) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, openFault(path, err)
	}
	defer f.Close()
	sealed, err := io.ReadAll(io.LimitReader(f, maxSealed+1))
	if err != nil {
		return nil, openFault(path, err)
	}
	if len(sealed) > maxSealed {
		return nil, openFault(path, fmt.Errorf("the file is larger than %d MiB", maxSealed>>20))
	}
	return OpenBytes(path, sealed, identity)
}

// unseal returns the whole plaintext or none: age authenticates it in pieces, so that what came
// before a damaged piece would otherwise pass for the whole.
func unseal(sealed []byte, identity *Identity) ([]byte, error) {
	plaintext, err := age.Decrypt(bytes.NewReader(sealed), identity.keys...)
	if err != nil {
		return nil, err
	}
	whole, err := io.ReadAll(plaintext)
	if err != nil {
		return nil, err
	}
	return whole, nil
}

func unsealFault(path string, sealed []byte, err error) error {
	fault := &rehome.Fault{Class: rehome.ClassPermanent, Op: "open sealed file", Object: path, Cause: err,
		Hint: "the file is damaged: restore it from your backup"}
	var noMatch *age.NoIdentityMatchError
	switch {
	case errors.As(err, &noMatch):
		fault.Class = rehome.ClassOperator
		fault.Cause = errors.New("it was sealed for another recipient")
		fault.Hint = "use the identity file that belongs to a recipient of this file"
	case !bytes.HasPrefix(sealed, []byte("age-encryption.org/")):
		fault.Cause = errors.New("this is not a binary age file")
		fault.Hint = "check the path"
	}
	return fault
}
