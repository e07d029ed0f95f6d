// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"math"

	"github.com/dustin/go-humanize"
)

// Octets is an amount of data: a plain number, or one with a unit such as 20MB or 16MiB.
type Octets int64

// UnmarshalText reads the number with or without a unit.
func (o *Octets) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > math.MaxInt64 {
		return errors.New("not an amount of data")
	}
	*o = Octets(n)
	return nil
}
