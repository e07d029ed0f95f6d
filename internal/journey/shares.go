// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"bytes"
	"context"
	"encoding/csv"
	"path/filepath"

	"rehome/internal/people"
	"rehome/internal/vault"
)

// writeShares lists who may see whose calendars and contacts, for the administrator to make anew at the
// destination: no protocol carries that. It returns the file, "" when nobody shares anything.
func (m *Move) writeShares(ctx context.Context) (file string, err error) {
	var shares []people.Share
	err = m.withDirectory(ctx, func(directory people.Directory) error {
		shares, err = people.ReadShares(ctx, directory)
		return err
	})
	if err != nil || len(shares) == 0 {
		return "", err
	}
	file = filepath.Join(m.settings.Accounts.Output, "shares.csv")
	return file, vault.WriteFile(file, sharesCSV(shares))
}

func sharesCSV(shares []people.Share) []byte {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	rows := [][]string{{"Owner", "Calendar", "SharedWith", "Access"}}
	for _, s := range shares {
		access := "read"
		if s.Write {
			access = "write"
		}
		rows = append(rows, []string{s.Owner, s.Collection, s.To, access})
	}
	_ = w.WriteAll(rows) // a buffer takes everything
	return text.Bytes()
}
