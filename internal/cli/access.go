// SPDX-License-Identifier: Apache-2.0

package cli

import "rehome/internal/people"

// The plan of accounts has words for scripts, which never change. These are the same for the screen.

func accessWords(a people.SourceAccess) string {
	words := map[people.SourceAccess]string{
		people.AccessOwn: "user's password", people.AccessHA1: "stored digest", people.AccessDatabase: "database",
	}
	if w, known := words[a]; known {
		return w
	}
	return string(a)
}

func routeWords(r people.PasswordRoute) string {
	words := map[people.PasswordRoute]string{
		people.RouteOwn: "current password", people.RouteHash: "hash, set by the vendor", people.RouteTemporary: "temporary password",
		people.RouteGiven: "from the roster", people.RouteNone: "does not move",
	}
	return words[r]
}

func standingWords(s people.AccountStanding) string {
	if s == people.StandingLDAP {
		return "moves (LDAP)"
	}
	return string(s)
}
