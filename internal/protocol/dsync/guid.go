// SPDX-License-Identifier: Apache-2.0

package dsync

import "encoding/hex"

// GUID names a mailbox or a message for good. Dovecot takes any text for messages; in the dbox formats only 128 bits of it are
// kept, so that a GUID of this package has these (lib-storage/mail-storage.h, guid_128_t).
type GUID [16]byte

// String renders 32 hexadecimal digits, lower case.
func (g GUID) String() string { return hex.EncodeToString(g[:]) }

// Empty says that there is none.
func (g GUID) Empty() bool { return g == GUID{} }

// ParseGUID reads 32 hexadecimal digits; ok is false for any other text.
func ParseGUID(text string) (g GUID, ok bool) {
	if len(text) != hex.EncodedLen(len(g)) {
		return GUID{}, false
	}
	_, err := hex.Decode(g[:], []byte(text))
	return g, err == nil
}
