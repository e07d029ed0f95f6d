// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// What a server says means the same whether it arrives as a whole or octet by octet.
func TestDecoder_inPieces(t *testing.T) {
	t.Parallel()
	words := []string{
		"* ", "r1 ", "OK ", "BYE ", "LIST ", "SEARCH ", "STATUS ", "12 ", "EXISTS", "99999999999999999999 ", "FETCH (", "(", ")", "[", "]",
		"UID 7 ", "BODY[HEADER.FIELDS (DATE)] ", "FLAGS (", `\Seen `, "[x y] ", " ", `"`, `"a b"`, `"a\"b"`, "\"a\r", `"a\`,
		"NIL", "nil ", "{3}\r\nabc", "{2+}\r\n)(",
		"{9}", "~{1}\r\nx", "\r\n", "\n", "\r", "\x00", "ü", "+ ", "[UIDVALIDITY 5] ",
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 30).Draw(t, "words"), "")
		whole, pieces := newDecoder(strings.NewReader(text)), newDecoder(iotest.OneByteReader(strings.NewReader(text)))
		for {
			a, errA := whole.response(nobody)
			b, errB := pieces.response(nobody)
			if !reflect.DeepEqual(a, b) || (errA == nil) != (errB == nil) || errA != nil && errA.Error() != errB.Error() {
				t.Fatalf("%q: as a whole %+v, %v; in pieces %+v, %v", text, a, errA, b, errB)
			}
			if errA != nil {
				return
			}
		}
	})
}
