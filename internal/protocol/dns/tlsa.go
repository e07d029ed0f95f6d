// SPDX-License-Identifier: Apache-2.0

package dns

import "encoding/hex"

// TLSAName is where the digests of a mail host's certificate are (RFC 7672 section 2.2.3).
func TLSAName(host string) string { return "_25._tcp." + host }

// ReadTLSA returns how many of the TLSA records of a mail host senders can use (RFC 7672 section 3.1): DANE-TA(2) and DANE-EE(3)
// with a digest or key that is whole. The others are void for mail; wrong says why of the first.
func ReadTLSA(records []Record) (usable int, err error) {
	sizes := map[int]int{1: 32, 2: 64} // octets of SHA-256 and SHA-512, RFC 6698 section 2.1.3
	for _, r := range records {
		if r.Type != TLSA {
			continue
		}
		octets, hexErr := hex.DecodeString(r.field(3))
		usage, selector, matching := r.integer(0), r.integer(1), r.integer(2)
		size, digest := sizes[matching]
		switch {
		case usage != 2 && usage != 3:
			err = wrong("TLSA", "has the usage %d, which mail servers do not use", usage)
		case selector > 1, matching > 2:
			err = wrong("TLSA", "has the unknown selector or matching type %d %d", selector, matching)
		case hexErr != nil || digest && len(octets) != size || len(octets) == 0:
			err = wrong("TLSA", "has data that is no digest of its kind")
		default:
			usable++
		}
	}
	return usable, err
}
