// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"crypto/rand"
	"errors"
	"math/big"
	"slices"
	"strings"

	"rehome"
)

// A temporary password is read off paper and typed on a keyboard of any country: words of consonants and vowels that can be
// said, then a number, with hyphens between. No 0 O 1 l I, and in the words neither y nor z, which are
// in different places in different countries; nothing that a CSV file, a shell or a mail client treats specially. The first
// character is a letter, so that no spreadsheet sees a formula.
const (
	consonants = "bdfghkmnprstv"
	vowels     = "aeiou"
	lowers     = "abcdefghijkmnopqrstuvwxyz"
	uppers     = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	digits     = "23456789"
	symbols    = "#%+=?@:-"
)

// The usual password has three words of five letters and four digits, some 59 bits: nobody guesses that at a server, and
// it is valid for one log-in.
const (
	wordsUsually    = 3
	digitsUsually   = 4
	temporaryLength = 16 // of one without words
)

// unsaid are syllables that nobody shall find in a letter from the administrator.
var unsaid = []string{
	"fuk", "fag", "fik", "nig", "neg", "kok", "dik", "tit", "pus", "put", "kak", "kut", "sef", "hur", "pen", "rap", "fot", "nut", "gas", "hit",
}

// TemporaryPassword makes a random password that passes the policy. It has a character of every
// kind even where the policy does not ask for it, because a platform may ask for more than it says.
// A policy that words cannot meet gets single characters; if no readable ones can meet it, the Fault says so.
func TemporaryPassword(p Policy) (rehome.Secret, error) {
	for range 50 { // a rare repetition of letters may break the policy
		if password, fits := words(p); fits {
			return rehome.NewSecret(password), nil
		}
	}
	return characters(p)
}

// words draws as many words and digits as the policy asks for.
func words(p Policy) (password string, fits bool) {
	var d drawer
	numbers := max(digitsUsually, p.MinDigit)
	count := max(wordsUsually, p.MinSymbol, p.MinUpper, (p.MinLength-numbers+5)/6, (p.MinLower+3)/4)
	for i := range count {
		word := d.word()
		if i == 0 || i < p.MinUpper {
			word = strings.ToUpper(word[:1]) + word[1:]
		}
		password += word + "-"
	}
	for range numbers {
		password += string(digits[d.below(len(digits))])
	}
	return password, len(password) <= 64 && len(p.Violations(password)) == 0
}

// word draws consonants and vowels in turn, again where that says what it should not.
func (d *drawer) word() string {
	for {
		var word []byte
		for i := range 5 {
			letters := consonants
			if i%2 == 1 {
				letters = vowels
			}
			word = append(word, letters[d.below(len(letters))])
		}
		if !slices.ContainsFunc(unsaid, func(s string) bool { return strings.Contains(string(word), s) }) {
			return string(word)
		}
	}
}

// characters draws each character by itself.
func characters(p Policy) (rehome.Secret, error) {
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
