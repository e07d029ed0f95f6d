// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"path/filepath"

	"rehome/internal/people"
	"rehome/internal/vault"
)

// WriteShares lists who may see whose calendars and contacts, for the administrator to make anew at the
// destination: no protocol carries that. It returns the file, "" when nobody shares anything.
func WriteShares(folder string, shares []people.Share) (file string, err error) {
	if len(shares) == 0 {
		return "", nil
	}
	file = filepath.Join(folder, "shares.csv")
	return file, vault.WriteFile(file, sharesCSV(shares))
}

func sharesCSV(shares []people.Share) []byte {
	rows := [][]string{{"Owner", "Calendar", "SharedWith", "Access"}}
	for _, s := range shares {
		access := "read"
		if s.Write {
			access = "write"
		}
		rows = append(rows, []string{s.Owner, s.Collection, s.To, access})
	}
	return asCSV(rows)
}
