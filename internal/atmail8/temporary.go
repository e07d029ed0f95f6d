// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"crypto/rand"
	"errors"
	"math/big"
	"strings"

	"rehome"
)

// Characters that people read off a sheet and type: no 0 O 1 l I, nothing that a CSV file, a shell
// or a mail client treats specially. Symbols never come first, so that no spreadsheet sees a formula.
const (
	lowers  = "abcdefghijkmnopqrstuvwxyz"
	uppers  = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	digits  = "23456789"
	symbols = "#%+=?@:-"
)

// temporaryLength gives some 90 bits, far beyond guessing even for who has the hash.
const temporaryLength = 16

// TemporaryPassword makes a random password that passes the policy. It has a character of every
// kind even where the policy does not ask for it, because a platform may ask for more than it says.
// If the policy cannot be met with readable characters, the Fault says so.
func TemporaryPassword(p Policy) (rehome.Secret, error) {
	letters := lowers + uppers
	draw := drawer{maxSame: p.MaxSame}
	draw.add(letters, 1)
	draw.add(lowers, max(p.MinLower, 1))
	draw.add(uppers, max(p.MinUpper, 1))
	draw.add(digits, max(p.MinDigit, 1))
	draw.add(symbols, max(p.MinSymbol, 1))
	draw.add(letters+digits+symbols, max(temporaryLength, p.MinLength)-len(draw.drawn))
	if draw.err != nil {
		return rehome.Secret{}, &rehome.Fault{
			Class: rehome.ClassOperator, Op: "make a temporary password", Cause: draw.err,
			Hint: "check the password policy in the settings: no readable password can meet it",
		}
	}
	draw.shuffle(draw.drawn[1:])
	return rehome.NewSecret(string(draw.drawn)), nil
}

// drawer collects random characters and keeps the first error.
type drawer struct {
	maxSame int
	drawn   []byte
	err     error
}

// add draws n characters, each with the same chance among those not used up.
func (d *drawer) add(alphabet string, n int) {
	for range n {
		left := alphabet
		if d.maxSame > 0 {
			left = strings.Map(func(c rune) rune {
				if strings.Count(string(d.drawn), string(c)) >= d.maxSame {
					return -1
				}
				return c
			}, alphabet)
		}
		if left == "" {
			d.err = errors.New("it requires more characters than it allows to repeat")
			return
		}
		d.drawn = append(d.drawn, left[d.below(len(left))])
	}
}

// shuffle is Fisher and Yates's.
func (d *drawer) shuffle(part []byte) {
	for i := len(part) - 1; i > 0; i-- {
		j := d.below(i + 1)
		part[i], part[j] = part[j], part[i]
	}
}

// below returns a uniform random number from 0 to n-1.
func (d *drawer) below(n int) int {
	i, _ := rand.Int(rand.Reader, big.NewInt(int64(n))) // rand.Reader never fails: it would end the program
	return int(i.Int64())
}
