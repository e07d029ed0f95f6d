// SPDX-License-Identifier: Apache-2.0

package bind

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"rehome/lab"
)

// Signing says how a zone proves that a name is not there.
type Signing string

// The ways.
const (
	NSEC   Signing = "nsec"
	NSEC3  Signing = "nsec3"
	OptOut Signing = "optout" // NSEC3 that leaves out delegations without a signature
)

// SignOptions says how to sign.
type SignOptions struct {
	Zone    string // with a dot at the end
	Text    string
	Signing Signing
	Begin   string // of the signatures, as dnssec-signzone reads it: "now-1h" by default
	End     string // "now+30d" by default
}

// Sign returns the zone with signatures, and the DS records for its parent. A zone that is signed again in the same lab keeps
// its keys.
func Sign(l *lab.Lab, options SignOptions) (signed, digests string, err error) {
	dir, err := l.OwnedDir("keys", "of-"+options.Zone)
	if err != nil {
		return "", "", err
	}
	keys, err := filepath.Glob(filepath.Join(dir, "*.key"))
	if err == nil && len(keys) == 0 {
		err = errors.Join(generate(l, dir, options.Zone, "-f", "KSK"), generate(l, dir, options.Zone))
	}
	if err != nil {
		return "", "", err
	}
	in, out := filepath.Join(dir, "zone"), filepath.Join(dir, "zone.signed")
	if err := l.WriteOwned(in, options.Text); err != nil {
		return "", "", err
	}
	args := []string{"-S", "-K", dir, "-d", dir, "-o", options.Zone, "-f", out, "-s", or(options.Begin, "now-1h"), "-e", or(options.End, "now+30d")}
	if options.End != "" {
		args = append(args, "-P") // the tool refuses to end with signatures that are no longer valid
	}
	switch options.Signing {
	case NSEC3:
		args = append(args, "-3", "-", "-H", "0")
	case OptOut:
		args = append(args, "-3", "-", "-H", "0", "-A")
	}
	program := lab.Program{Name: "sign", Command: "dnssec-signzone", Package: "bind9-utils", AsOwner: true, Args: append(args, in)}
	if err := l.Run(program, nil); err != nil {
		return "", "", err
	}
	text, err := os.ReadFile(out)
	if err != nil {
		return "", "", err
	}
	set, err := os.ReadFile(filepath.Join(dir, "dsset-"+options.Zone))
	return string(text), string(set), err
}

func generate(l *lab.Lab, dir, zone string, more ...string) error {
	args := append([]string{"-q", "-a", "ECDSAP256SHA256", "-K", dir}, more...)
	return l.Run(lab.Program{Name: "keygen", Command: "dnssec-keygen", Package: "bind9-utils", AsOwner: true, Args: append(args, zone)},
		strings.NewReader(""))
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
