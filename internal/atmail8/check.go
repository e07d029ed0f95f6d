// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"strings"

	"rehome"
)

// CheckRows returns what an operator should know before the import. Nothing is altered for it: a
// name or password that reaches the cloud changed is worse than one that a spreadsheet shows oddly.
func CheckRows(rows []Row) []rehome.Finding {
	var findings []rehome.Finding
	for _, row := range rows {
		for _, field := range []struct{ name, value string }{
			{"first name", row.FirstName}, {"last name", row.LastName}, {"password", row.Password.Reveal()},
		} {
			if looksLikeFormula(field.value) {
				findings = append(findings, csvFormula.On(field.name, rehome.Values{"field": field.name}).Of(row.Address))
			}
		}
		if row.FirstName == "" && row.LastName == "" {
			findings = append(findings, nameMissing.On("", nil).Of(row.Address))
		}
	}
	return findings
}

// looksLikeFormula knows the characters that begin a formula in the usual spreadsheets, and the two
// that they skip before one.
func looksLikeFormula(value string) bool {
	return value != "" && strings.ContainsRune("=+-@\t\r", rune(value[0]))
}
