// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
)

// Explainer says what was stored at the destination by the move. It is asked after nothing else.
//
// The rule is that of objects.Explainer: what is told names the reason of a difference, or makes one where both ends look
// as they should, and never makes anything equal.
type Explainer interface {
	// Stored returns it by the name of the script at the destination.
	Stored(ctx context.Context, address string) (map[string]Stored, error)
}

// Stored is a script that was stored.
type Stored struct {
	Digest string // SHA-256 of the text as it was written, in lower-case hexadecimal
	// Activated: it was switched on there. One that replies or forwards and is off now was switched off since: a difference,
	// where otherwise it would be one that waits. A lie makes a difference of none, or leaves one as waiting, which is said.
	Activated bool
}

func explained(ctx context.Context, explainer Explainer, address string) (map[string]Stored, error) {
	if explainer == nil {
		return nil, nil
	}
	return explainer.Stored(ctx, address)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
