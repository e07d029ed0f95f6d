// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"rehome"
)

// The files of a folder that an ACME client keeps, as certbot and most others call them.
const (
	chainFile = "fullchain.pem"
	keyFile   = "privkey.pem"
)

const maxPEM = 1 << 20

// expiresSoon is when somebody has to look after a renewal that should have happened by itself.
const expiresSoon = 14 * 24 * time.Hour

// KeyPairs are the responder's certificates with their keys, read again when they are renewed.
type KeyPairs struct {
	watched[[]tls.Certificate]
	warned map[string]bool // of certificates that expire soon
}

// OpenKeyPairs reads certificates from PEM files with chain and key, or from folders with fullchain.pem and privkey.pem.
func OpenKeyPairs(paths []string) (*KeyPairs, error) {
	k := &KeyPairs{warned: map[string]bool{}}
	k.read = func() ([]byte, error) { return readPairs(paths) }
	k.make = func(content []byte) ([]tls.Certificate, error) { return parsePairs(paths, content) }
	return k, k.start()
}

// pairFiles are the octets of one pair.
type pairFiles struct{ Chain, Key []byte }

func readPairs(paths []string) ([]byte, error) {
	var all []pairFiles
	for _, path := range paths {
		chain, key := path, path
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			chain, key = filepath.Join(path, chainFile), filepath.Join(path, keyFile)
		}
		var files pairFiles
		var err error
		if files.Chain, err = readBounded(chain, maxPEM); err != nil {
			return nil, pairFault(chain, bare(err))
		}
		if info, err := os.Stat(key); err == nil && info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows" {
			return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read the certificate", Object: key,
				Cause: errors.New("everybody can read its key"), Hint: "run: chmod o= " + key}
		}
		if files.Key, err = readBounded(key, maxPEM); err != nil {
			return nil, pairFault(key, bare(err))
		}
		all = append(all, files)
	}
	return json.Marshal(all)
}

func pairFault(path string, cause error) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "read the certificate", Object: path, Cause: cause,
		Hint: "name in clients.certificates a PEM file with chain and key, or a folder with " + chainFile + " and " + keyFile}
}

func parsePairs(paths []string, content []byte) ([]tls.Certificate, error) {
	var files []pairFiles
	if err := json.Unmarshal(content, &files); err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassBug, Op: "read the certificates", Cause: err}
	}
	var pairs []tls.Certificate
	for i, f := range files {
		pair, err := tls.X509KeyPair(f.Chain, f.Key)
		if err != nil {
			return nil, pairFault(paths[i], err)
		}
		pairs = append(pairs, pair)
	}
	return pairs, nil
}

// Certificate chooses the one for the name that a client asks for, or the first.
func (k *KeyPairs) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	pairs := *k.current.Load()
	for i := range pairs {
		if hello.SupportsCertificate(&pairs[i]) == nil {
			return &pairs[i], nil
		}
	}
	return &pairs[0], nil
}

// Lacking returns those of the names that no certificate is for.
func (k *KeyPairs) Lacking(names []string) []string {
	lacking := []string{}
	for _, name := range names {
		covered := false
		for _, pair := range *k.current.Load() {
			covered = covered || pair.Leaf.VerifyHostname(name) == nil
		}
		if !covered {
			lacking = append(lacking, name)
		}
	}
	return lacking
}

// Watch reads the files again when they change, until the context ends.
func (k *KeyPairs) Watch(ctx context.Context, tell func(string), warn func(error)) {
	every(ctx, func() {
		former, err := k.look()
		if err != nil {
			warn(err)
		}
		if former != nil {
			tell("the certificates were renewed")
		}
		k.warnOfExpiry(time.Now(), warn)
	})
}

func (k *KeyPairs) warnOfExpiry(now time.Time, warn func(error)) {
	for _, pair := range *k.current.Load() {
		serial := pair.Leaf.SerialNumber.String()
		if now.Add(expiresSoon).Before(pair.Leaf.NotAfter) || k.warned[serial] {
			continue
		}
		k.warned[serial] = true
		warn(&rehome.Fault{Class: rehome.ClassOperator, Op: "use the certificate for", Object: strings.Join(pair.Leaf.DNSNames, ", "),
			Cause: errors.New("it expires on " + pair.Leaf.NotAfter.UTC().Format(time.DateOnly)),
			Hint:  "find out why it was not renewed; a new one is used without a restart"})
	}
}
