// SPDX-License-Identifier: Apache-2.0

// Package atmail8 knows what the atmail 8 cloud asks for: its password policy, the CSV file of its
// Account Manager, and where its servers are.
//
// It talks to no server but for API, which looks at the administration interface. What the cloud documents is
// followed to the letter; where nothing is documented (limits of the file, host names of a region) everything
// is a setting with a cautious default.
//
// A caller plans the passwords (PlanPasswords), makes those that are missing (TemporaryPassword) and
// keeps them, then writes the file (Row, CheckRows, AccountFiles). No password is ever altered: one
// that does not fit is replaced by a temporary one, and the plan says why.
package atmail8
