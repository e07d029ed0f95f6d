// SPDX-License-Identifier: Apache-2.0

package roster

import "rehome"

// Findings lists every kind of finding that reading a roster raises.
func Findings() []rehome.Declared {
	return []rehome.Declared{columnsIgnored, charsetGuessed, passwordMasked, PasswordHashed}
}

var (
	columnsIgnored = rehome.Declared{
		Code: "roster_columns_ignored", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "{n column} of the roster {n|is|are} not read: {columns}",
		NextStep: "nothing, unless one of them holds what rehome should know; then rename it to EmailAddress, FirstName, LastName, Password, " +
			"SourceUser, SourcePassword, DestinationUser or DestinationPassword",
		Meaning: "Exports of other programs have columns of their own. rehome reads those that it knows and names the others.",
	}
	charsetGuessed = rehome.Declared{
		Code: "roster_charset_guessed", Topic: rehome.TopicAccounts, Severity: rehome.SeverityWarning,
		Sentence: "the roster is not UTF-8; it was read as {charset}, and {n field} {n|has|have} letters that depend on it",
		NextStep: `check these names and passwords in the accounts file; if they are wrong, save the roster as "CSV UTF-8"`,
		Meaning: "A file without Unicode does not say which character set it has. That of Western Europe is assumed; a file from elsewhere " +
			"can come out with other letters.",
	}
	passwordMasked = rehome.Declared{
		Code: "roster_password_masked", Topic: rehome.TopicPasswords, Severity: rehome.SeverityWarning,
		Sentence: "{n password} in the roster {n|is|are} only asterisks, dots or a word for nothing, and {n|does|do} not count",
		NextStep: "nothing, or write the passwords into the file: without one, the account gets a temporary password",
		Meaning:  "Programs write asterisks in place of a password that they do not show, and databases NULL where there is none.",
	}
	// PasswordHashed says that a row has a hash in the place of a password.
	PasswordHashed = rehome.Declared{
		Code: "roster_password_hashed", Topic: rehome.TopicPasswords, Severity: rehome.SeverityWarning,
		Sentence: "the password in the roster is a hash and does not count as a password",
		NextStep: "write the password itself into the file, or the account gets a temporary one; if it is a plain password, name the account in " +
			"source.database.plain_looks_hashed",
		Meaning: "The file says so in its column for the type of hash, or the value has the form of a hash that nobody chooses as a password. " +
			"Nobody can log in with a hash.",
	}
)
