// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// rootServers are the servers of the root, as the IANA publishes them (named.root of 2024).
func rootServers() []Server {
	hints := [][3]string{
		{"a", "198.41.0.4", "2001:503:ba3e::2:30"}, {"b", "170.247.170.2", "2801:1b8:10::b"}, {"c", "192.33.4.12", "2001:500:2::c"},
		{"d", "199.7.91.13", "2001:500:2d::d"}, {"e", "192.203.230.10", "2001:500:a8::e"}, {"f", "192.5.5.241", "2001:500:2f::f"},
		{"g", "192.112.36.4", "2001:500:12::d0d"}, {"h", "198.97.190.53", "2001:500:1::53"}, {"i", "192.36.148.17", "2001:7fe::53"},
		{"j", "192.58.128.30", "2001:503:c27::2:30"}, {"k", "193.0.14.129", "2001:7fd::1"}, {"l", "199.7.83.42", "2001:500:9f::42"},
		{"m", "202.12.27.33", "2001:dc3::35"},
	}
	var servers []Server
	for _, h := range hints {
		servers = append(servers, Server{Name: h[0] + ".root-servers.net",
			Addrs: []netip.Addr{netip.MustParseAddr(h[1]), netip.MustParseAddr(h[2])}})
	}
	return servers
}

// ParseAnchor reads what a DS record holds: key tag, algorithm, digest type and digest.
func ParseAnchor(text string) (Anchor, error) {
	fields := strings.Fields(text)
	if len(fields) < 4 {
		return Anchor{}, errors.New("has fewer than four parts")
	}
	var numbers [3]uint64
	for i, bits := range []int{16, 8, 8} {
		n, err := strconv.ParseUint(fields[i], 10, bits)
		if err != nil {
			return Anchor{}, err
		}
		numbers[i] = n
	}
	digest := strings.ToLower(strings.Join(fields[3:], ""))
	if _, err := hex.DecodeString(digest); err != nil {
		return Anchor{}, err
	}
	return Anchor{KeyTag: uint16(numbers[0]), Algorithm: uint8(numbers[1]), DigestType: uint8(numbers[2]), Digest: digest}, nil
}

// rootAnchors are the keys of the root, KSK-2017 and KSK-2024, as the IANA publishes them (root-anchors.xml).
func rootAnchors() []Anchor {
	return []Anchor{
		{KeyTag: 20326, Algorithm: 8, DigestType: 2, Digest: "e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d"},
		{KeyTag: 38696, Algorithm: 8, DigestType: 2, Digest: "683d2d0acb8c9b712a1948b27f741219298d0a450d612c483af444a4c0fb2b16"},
	}
}
