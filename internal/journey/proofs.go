// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"strings"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// Proofs is where the verifier keeps what it has read. ends tells how an account is reached: what was read anywhere else
// is no proof.
func Proofs(store *ledger.Proofs, ends func(rehome.Account) (src, dst verify.End)) func(rehome.Account, rehome.Kind) verify.Memory {
	return func(account rehome.Account, kind rehome.Kind) verify.Memory {
		src, dst := ends(account)
		return proofs{store, ledger.Proved{Address: account.Address, Kind: string(kind), Ends: strings.Join([]string{
			src.Mail, src.DAV, src.Login, dst.Mail, dst.DAV, dst.Login,
		}, "\n")}}
	}
}

// proofs are those of one account and kind.
type proofs struct {
	store *ledger.Proofs
	of    ledger.Proved
}

// Marks implements verify.Memory.
func (p proofs) Marks(ctx context.Context) (map[string][]byte, error) {
	return p.store.Marks(ctx, p.of)
}

// Content implements verify.Memory.
func (p proofs) Content(ctx context.Context, place string) ([]byte, error) {
	return p.store.Content(ctx, p.of, place)
}

// Keep implements verify.Memory.
func (p proofs) Keep(ctx context.Context, proof verify.Proof) error {
	return p.store.Keep(ctx, p.of, ledger.Proof{Place: proof.Place, Mark: proof.Mark, Content: proof.Content})
}

// Forget implements verify.Memory.
func (p proofs) Forget(ctx context.Context, places ...string) error {
	return p.store.Forget(ctx, p.of, places...)
}
