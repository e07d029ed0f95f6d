// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"filippo.io/age"

	"rehome"
)

// Identity opens what was sealed to its recipients. It cannot be printed.
type Identity struct {
	keys       []age.Identity
	recipients []string
}

// Recipients returns the public counterparts, "age1...": what to seal to so that this identity
// opens it.
func (i *Identity) Recipients() []string { return i.recipients }

// Format writes a fixed mask for every verb.
func (i *Identity) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// CreateIdentity writes a new X25519 identity to path, in the form of age-keygen, and returns its
// recipient. It makes the folder if there is none. An existing file stays as it is, and the Fault
// says so: whoever replaced an identity could never again open what was sealed to the old one.
func CreateIdentity(path string) (recipient string, err error) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return "", &rehome.Fault{Class: rehome.ClassBug, Op: "make an identity", Object: path, Cause: err}
	}
	recipient = key.Recipient().String()
	text := fmt.Sprintf("# created: %s\n# public key: %s\n%s\n", time.Now().UTC().Format(time.RFC3339), recipient, key)
	err = WriteNew(path, []byte(text))
	if errors.Is(err, fs.ErrExist) {
		return "", &rehome.Fault{
			Class: rehome.ClassOperator, Op: "make an identity", Object: path, Cause: errors.New("the file exists"),
			Hint: "keep using it; to start again, move it away, but keep it as long as you need files sealed to it",
		}
	}
	if err != nil {
		return "", err
	}
	return recipient, nil
}

// LoadIdentity reads an identity file: one that CreateIdentity or age-keygen wrote. A file that
// others can read is refused.
func LoadIdentity(path string) (*Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &rehome.Fault{
			Class: rehome.ClassOperator, Op: "open identity", Object: path, Cause: bare(err),
			Hint: `restore the file from your backup, or create the first one with "rehome init"`,
		}
	}
	defer f.Close()
	info, err := f.Stat() // of the open file, so that nobody can exchange it in between
	if err != nil {
		return nil, openFault(path, err)
	}
	if err := checkMode(path, info); err != nil {
		return nil, err
	}
	return parseIdentity(path, f)
}

func parseIdentity(path string, r io.Reader) (*Identity, error) {
	keys, err := age.ParseIdentities(r)
	if err != nil {
		// The library's text may repeat what it could not read, which may be half a key.
		return nil, &rehome.Fault{
			Class: rehome.ClassOperator, Op: "read identity", Object: path,
			Cause: errors.New("this is not an age identity file without a passphrase"),
			Hint:  "an identity file contains a line that starts with AGE-SECRET-KEY-",
		}
	}
	identity := &Identity{keys: keys}
	for _, key := range keys {
		switch key := key.(type) {
		case *age.X25519Identity:
			identity.recipients = append(identity.recipients, key.Recipient().String())
		case *age.HybridIdentity:
			identity.recipients = append(identity.recipients, key.Recipient().String())
		}
	}
	return identity, nil
}
