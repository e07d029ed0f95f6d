// SPDX-License-Identifier: Apache-2.0

package pim

// SafeName reports whether a resource name that the source uses can be kept at any destination: at most
// 200 octets, only letters, digits and "-_.", not beginning with a dot.
func SafeName(name string) bool { return false }

// NameFor returns a resource name for the object of that UID: the UID itself with ".ics" or ".vcf" if
// that is safe, otherwise the SHA-256 of the UID in hex.
func NameFor(uid string, kind Kind) string { return "" }
