// SPDX-License-Identifier: Apache-2.0

package atmail8

import "rehome"

// Findings lists every kind of finding that the import file raises.
func Findings() []rehome.Declared { return []rehome.Declared{csvFormula, nameMissing} }

var (
	csvFormula = rehome.Declared{
		Code: "csv_formula", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the {field} starts with a character that spreadsheets treat as a formula",
		NextStep: "import the file unchanged; do not open and save it in a spreadsheet first",
		Meaning: "A spreadsheet would replace the value with the result of a calculation. The Account Manager reads the file as it is, so " +
			"rehome does not alter it.",
	}
	nameMissing = rehome.Declared{
		Code: "name_missing", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the account has no first or last name, so the import may reject it",
		NextStep: "add a name in the roster",
		Meaning:  "The Account Manager asks for a name. rehome does not invent one.",
	}
)
