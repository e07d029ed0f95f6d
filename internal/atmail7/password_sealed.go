// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"crypto/aes"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"rehome"
)

// unseal opens a password that the server has encrypted with its master key (masterkey in
// dbconfig.ini). The name that the source gives the form, hexaes, is HEX(AES_ENCRYPT(password, key)) of
// MySQL: AES-128 block by block, the key folded to 16 octets, PKCS #7 padding. No document says so;
// what does not come out as text with a right padding stays sealed, and a log-in proves the rest.
func unseal(stored string, masterKey rehome.Secret) (string, bool) {
	sealed, err := hex.DecodeString(stored)
	if err != nil || masterKey.Empty() || len(sealed) == 0 || len(sealed)%aes.BlockSize != 0 {
		return "", false
	}
	block, err := aes.NewCipher(folded(masterKey.Reveal()))
	if err != nil {
		return "", false
	}
	clear := make([]byte, len(sealed))
	for i := 0; i < len(sealed); i += aes.BlockSize {
		block.Decrypt(clear[i:], sealed[i:])
	}
	padding := int(clear[len(clear)-1])
	if padding == 0 || padding > aes.BlockSize || !strings.HasSuffix(string(clear), strings.Repeat(string(clear[len(clear)-1:]), padding)) {
		return "", false
	}
	text := string(clear[:len(clear)-padding])
	if text == "" || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return "", false
	}
	return text, true
}

// folded is how MySQL makes 16 octets of a key of any length.
func folded(key string) []byte {
	out := make([]byte, aes.BlockSize)
	for i := range len(key) {
		out[i%aes.BlockSize] ^= key[i]
	}
	return out
}
