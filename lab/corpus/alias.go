// SPDX-License-Identifier: Apache-2.0

package corpus

import "rehome"

// sampleAliases has a row of every kind, and the mistakes that grow over the years. at makes an
// address in the first domain. Rows for a second and third domain are there if those domains are.
func sampleAliases(domains []string) []AliasRow {
	home := domains[0]
	at := func(local string) string { return local + "@" + home }
	row := func(kind rehome.AliasKind, name, to, trap string) AliasRow {
		return AliasRow{Name: name, To: to, Domain: home, Kind: kind, Trap: trap}
	}
	rows := []AliasRow{
		row(rehome.AliasLocal, at("sales"), at("anna"), ""),
		row(rehome.AliasLocal, at("office"), at("info"), ""),
		row(rehome.AliasLocal, "Sales@"+home, "ANNA@"+home, "same as another row but for case"),
		row(rehome.AliasDeliver, at("team"), at("anna")+", "+at("bjorn")+","+at("yuki.tanaka"), "comma list"),
		row(rehome.AliasDeliver, at("board"), at("anna"), "one of three rows of this name"),
		row(rehome.AliasDeliver, at("board"), at("eleni.papadopoulou"), "one of three rows of this name"),
		row(rehome.AliasDeliver, at("board"), "chair@partner.example", "one of three rows of this name"),
		row(rehome.AliasDeliver, at("press"), "agency@partner.example", "elsewhere only"),
		row(rehome.AliasDomain, "mail."+home, home, "bare domain"),
		{Name: at("archive"), Domain: home, Maildir: "/usr/local/atmail/users/a/r/" + at("archive") + "/", Kind: rehome.AliasMaildir},
		row(rehome.AliasLocal, at("postmaster"), at("anna"), "made by the installer"),
		row(rehome.AliasLocal, at("mailer-daemon"), at("anna"), "made by the installer"),
		row(rehome.AliasLocal, at("ping"), at("pong"), "loop"),
		row(rehome.AliasLocal, at("pong"), at("ping"), "loop"),
		row(rehome.AliasLocal, at("bjorn"), at("anna"), "named like a mailbox"),
		row(rehome.AliasLocal, at("old.colleague"), at("left.long.ago"), "no such mailbox"),
		row(rehome.AliasUnparsed, "^support-.*", "| /usr/local/bin/ticket", "pattern and pipe"),
	}
	if len(domains) > 1 {
		rows = append(rows, AliasRow{Name: "@" + domains[1], To: at("info"), Domain: domains[1], Kind: rehome.AliasCatchAll})
	}
	if len(domains) > 2 {
		rows = append(rows, AliasRow{Name: "@" + domains[2], To: "@" + home, Domain: domains[2], Kind: rehome.AliasDomain})
	}
	return rows
}
