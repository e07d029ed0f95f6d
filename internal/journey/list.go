// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome/internal/people"
)

// People lists who moves and who stays, without showing a password.
func (m *Move) People(ctx context.Context) (people.List, error) {
	p, err := m.everybody(ctx)
	if err != nil {
		return people.List{}, err
	}
	return p.List(), nil
}
