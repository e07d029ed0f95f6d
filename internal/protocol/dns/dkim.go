// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strings"
)

// DKIM is a public key with which signatures of mail are checked (RFC 6376 section 3.6.1).
type DKIM struct {
	Algorithm string // "rsa" or "ed25519"
	Bits      int
	Testing   bool // t=y: receivers treat the mail as if it were not signed
	Revoked   bool // the key is empty: signatures made with it fail
}

// DKIMName is where the key of a selector is.
func DKIMName(selector, domain string) string { return selector + "._domainkey." + domain }

const minRSABits = 1024 // RFC 8301 section 3.2: receivers take no shorter key

// ReadDKIM reads the key among the TXT records of a selector. found is false if there is none.
func ReadDKIM(texts []string) (key DKIM, found bool, err error) {
	text, err := single("DKIM", texts)
	if err != nil || text == "" {
		return DKIM{}, len(texts) > 0, err
	}
	tags, first, err := readTags("DKIM", text)
	if err != nil {
		return DKIM{}, true, err
	}
	value, given := tags["p"]
	version, versioned := tags["v"]
	switch {
	case versioned && (version != "DKIM1" || first != "v"):
		return DKIM{}, true, wrong("DKIM", "does not begin with v=DKIM1")
	case !given:
		return DKIM{}, true, wrong("DKIM", "has no key (p=)")
	case value == "":
		return DKIM{Revoked: true}, true, nil
	}
	key = DKIM{Algorithm: "rsa"}
	if k := tags["k"]; k != "" {
		key.Algorithm = strings.ToLower(k)
	}
	for flag := range strings.SplitSeq(tags["t"], ":") {
		key.Testing = key.Testing || strings.TrimSpace(flag) == "y"
	}
	key.Bits, err = keyBits(key.Algorithm, strings.Join(strings.Fields(value), ""))
	return key, true, err
}

func keyBits(algorithm, text string) (int, error) {
	octets, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return 0, wrong("DKIM", "has a key that is no base64")
	}
	switch algorithm {
	case "ed25519": // RFC 8463 section 4
		if len(octets) != ed25519.PublicKeySize {
			return 0, wrong("DKIM", "has an ed25519 key of %d octets instead of %d", len(octets), ed25519.PublicKeySize)
		}
		return 8 * len(octets), nil
	case "rsa":
		return rsaBits(octets)
	}
	return 0, wrong("DKIM", "has a key of the unknown kind %q", excerpt(algorithm))
}

func rsaBits(octets []byte) (int, error) {
	parsed, err := x509.ParsePKIXPublicKey(octets)
	if err != nil {
		if old, oldErr := x509.ParsePKCS1PublicKey(octets); oldErr == nil { // what the examples of RFC 6376 do not show, and some publish
			parsed, err = old, nil
		}
	}
	key, is := parsed.(*rsa.PublicKey)
	if err != nil || !is {
		return 0, wrong("DKIM", "has a key that is no RSA key, or is cut off")
	}
	if bits := key.N.BitLen(); bits < minRSABits {
		return bits, wrong("DKIM", "has a key of %d bits, and receivers take none below %d", bits, minRSABits)
	}
	return key.N.BitLen(), nil
}
