// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"crypto/md5"
	"encoding/hex"

	"rehome"
)

// The groups of the sample.
const (
	groupDefault = "default"
	groupWebOnly = "webonly"
	groupNoPOP   = "nopop"
)

func sampleGroups() []Group {
	return []Group{
		{Name: groupDefault, Description: "Everybody", IMAP: true, POP3: true, CalDAV: true, CardDAV: true},
		{Name: groupWebOnly, Description: "Webmail only", CalDAV: true, CardDAV: true},
		{Name: groupNoPOP, Description: "No POP3", IMAP: true, CalDAV: true, CardDAV: true},
	}
}

// A person's place in the table below: the first domain is home to nearly everybody.
type personPlan struct {
	Person
	local  string
	domain int
	boxes  []boxPlan
}

// samplePeople lists everybody, with names and passwords as such tables hold them.
func samplePeople() []personPlan {
	return append(peopleWithPlainPasswords(), peopleWithTraps()...)
}

func peopleWithPlainPasswords() []personPlan {
	return []personPlan{
		{local: "anna", boxes: annaBoxes(), Person: Person{
			FirstName: "Anna", LastName: "Kovács", RealName: "Anna Kovács", Plain: "Tulpen&Rosen-47", QuotaKB: 2 << 20,
			Signature: "<p>Anna Kovács<br>Purchasing</p>",
			Allow:     []string{"*@partner.example", "news@letters.example"}, Block: []string{"*@shop.example"},
		}},
		{local: "yuki.tanaka", boxes: yukiBoxes(), Person: Person{
			FirstName: "由紀", LastName: "田中", RealName: "田中 由紀", Plain: "Sakura#2011hana", QuotaKB: 1 << 20,
		}},
		{local: "maria.garcia", boxes: mariaBoxes(), Person: Person{ // commas and quotes in name and password
			FirstName: "María José", LastName: "García, de la Vega", RealName: `María José "Majo" García, de la Vega`,
			Plain: `Sol,"y"Luna7!`, QuotaKB: 1 << 20,
			AutoReply: "Estoy de vacaciones.\r\nVolveré el lunes, \"seguro\".\r\n\r\n-- \r\nMaría José",
		}},
		{local: "klaus.mueller", boxes: klausBoxes(), Person: Person{ // fetches by POP3 since the days of Courier
			FirstName: "Klaus", LastName: "Müller", RealName: "Klaus Müller", Plain: "Hafen_Kran_1999", QuotaKB: 512 << 10,
		}},
		{local: "lee.chan", domain: 1, boxes: plainBoxes(20, 15), Person: Person{
			NoSelf: true, RealName: "Lee Chan", Plain: "Harbour-Light-8", QuotaKB: 512 << 10,
		}},
		{local: "noa.levi", boxes: noaBoxes(), Person: Person{ // too short for the destination's policy
			FirstName: "נועה", LastName: "לוי", RealName: "נועה לוי", Plain: "noa7", QuotaKB: 512 << 10,
			Forward: "noa.levi@partner.example", AutoReply: "אני בחופשה עד יום ראשון",
		}},
		{local: "sean.obrien", boxes: seanBoxes(), Person: Person{ // no digit
			FirstName: "Seán", LastName: "O'Brien", RealName: "Seán O'Brien", Plain: "Connemara-Pony", QuotaKB: 512 << 10,
		}},
	}
}

func peopleWithTraps() []personPlan {
	return []personPlan{
		{local: "bjorn", boxes: bjornBoxes(), Person: Person{
			FirstName: "Björn", LastName: "Östberg", RealName: "Björn Östberg", Plain: "Smorgasbord!8",
			Stored: md5Hex("Smorgasbord!8"), Form: rehome.PasswordMD5, QuotaKB: 1 << 20,
		}},
		{local: "eleni.papadopoulou", boxes: eleniBoxes(), Person: Person{
			FirstName: "Ελένη", LastName: "Παπαδοπούλου", RealName: "Ελένη Παπαδοπούλου", Plain: "Thessaloniki-98",
			Stored: "$1$q7Lr2Pwx$PG9f9DF7TtRhFWHKmgy..1", Form: rehome.PasswordCrypt,
		}},
		{local: "dmitri.sokolov", boxes: dmitriBoxes(), Person: Person{
			FirstName: "Дмитрий", LastName: "Соколов", RealName: "Дмитрий Соколов", Plain: "Belye-nochi 7",
			// $6$ would not fit: the column has room for 64 characters.
			Stored: "$5$Zk81mVtQ$1LwL5u0uh3lqvr.I0WskTlcYlzcJfuCWl2S9MzxSk8A", Form: rehome.PasswordCrypt,
		}},
		{local: "info", boxes: plainBoxes(60, 20), Person: Person{ // no name anywhere; the password only looks like a hash
			NoSelf: true, Plain: "0123456789abcdef0123456789abcdef", Group: groupNoPOP,
		}},
		{local: "joe.smith", boxes: plainBoxes(15, 5), Person: Person{ // left the company
			FirstName: ` Joe "Jojo" `, LastName: " Smith ", RealName: "Joe Smith", Plain: "Retired2015!x",
			Status: 1, Group: groupWebOnly,
		}},
		{local: "boardroom", Person: Person{ // a resource that the calendar invites
			FirstName: "Board", LastName: "Room", RealName: "Board Room", Plain: "b0ardroom-Calendar", CalUser: 1,
		}},
	}
}

// md5Hex is the form of a password column that holds unsalted digests.
func md5Hex(password string) string {
	sum := md5.Sum([]byte(password))
	return hex.EncodeToString(sum[:])
}
