// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"encoding/base64"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"strings"
)

const (
	base64Line = 76 // octets of a full base64 line (RFC 2045 section 6.8)
	proseLine  = 74 // longest line of prose, in octets
	proseMin   = 2*proseLine + 4
)

// stock is the raw material that letters are cut from. It is made once and only read afterwards.
type stock struct {
	prose  []string // lines of words, without line end
	base64 []string // full lines of base64, without line end
}

func newStock(seed uint64) *stock {
	rng := newRand(seed, "stock")
	s := &stock{}
	words := strings.Fields(vocabulary)
	for range 2048 {
		s.prose = append(s.prose, proseLineOf(rng, words))
	}
	raw := make([]byte, base64Line/4*3)
	for range 2048 {
		for i := range raw {
			raw[i] = byte(rng.Uint32())
		}
		s.base64 = append(s.base64, base64.StdEncoding.EncodeToString(raw))
	}
	return s
}

// newRand returns a generator for one part of the corpus, so that a change in one part leaves the
// others as they were.
func newRand(seed uint64, part string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(part)) // hash.Hash never fails
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

func proseLineOf(rng *rand.Rand, words []string) string {
	if rng.IntN(9) == 0 {
		return ""
	}
	limit := proseLine/2 + rng.IntN(proseLine/2)
	var b strings.Builder
	for {
		word := words[rng.IntN(len(words))]
		if b.Len()+1+len(word) > limit {
			return b.String()
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
}

// vocabulary mixes scripts, so that bodies are 8-bit UTF-8 as modern ones are.
const vocabulary = `the a to of and in we you for please meeting invoice attached offer quarter report
draft contract signed delivery tomorrow Friday regards thanks kindly shipment order number customer
budget review office train station Monday change agreed price list sample colour boxes pallet carrier
customs papers insurance warehouse Straße größer Grüße über façade déjà été naïve señor mañana côté
παραγγελία τιμολόγιο αύριο договор поставка завтра спасибо חשבונית מחר תודה 見積書 納期 会議 明日`

// writeProse writes lines that come to exactly n octets on the wire, where a line end counts two.
// n is at least proseMin.
func (s *stock) writeProse(w io.Writer, rng *rand.Rand, n int64) error {
	for n >= 2*proseMin {
		line := s.prose[rng.IntN(len(s.prose))]
		if err := writeLine(w, line); err != nil {
			return err
		}
		n -= int64(len(line)) + 2
	}
	half := (n - 4) / 2
	if err := writeLine(w, strings.Repeat("-", int(half))); err != nil {
		return err
	}
	return writeLine(w, strings.Repeat("=", int(n-4-half)))
}

// writeBase64 writes full lines of base64.
func (s *stock) writeBase64(w io.Writer, rng *rand.Rand, lines int64) error {
	for range lines {
		if err := writeLine(w, s.base64[rng.IntN(len(s.base64))]); err != nil {
			return err
		}
	}
	return nil
}

func writeLine(w io.Writer, line string) error {
	if _, err := io.WriteString(w, line); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
