// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"fmt"
	"log/slog"
)

// redacted is what every way of printing a Secret shows.
const redacted = "***"

// Secret carries a password, key or token. It cannot print, marshal or log itself; only Reveal
// hands out the value, and every call of Reveal is a place to look at in a review.
// The zero value is "no secret".
type Secret struct {
	value string
}

// NewSecret wraps value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the value in clear.
func (s Secret) Reveal() string { return s.value }

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.value == "" }

// String returns a fixed mask.
func (s Secret) String() string { return redacted }

// GoString returns a fixed mask, so that %#v does not look inside.
func (s Secret) GoString() string { return redacted }

// Format writes a fixed mask for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns a fixed mask for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns a fixed mask for JSON, YAML and XML encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON returns a fixed mask.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
