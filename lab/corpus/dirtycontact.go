// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"encoding/base64"
	"strings"
)

// dirtyContacts are cards, one oddity each.
func dirtyContacts() []DirtyObject {
	return append(append(dirtyNames(), dirtyVersions()...), dirtyLines()...)
}

// vcard30 is a card with the UID that its name has.
func vcard30(uid, properties string) string {
	return "BEGIN:VCARD\nVERSION:3.0\nUID:" + uid + "\n" + properties + "END:VCARD\n"
}

func dirtyNames() []DirtyObject {
	return []DirtyObject{
		dirtyCard("", "d-clean.vcf", NoRepair, answers(201, 201, 201, 201, 201, 201), vcard30("d-clean",
			"N:Clean;Carla;;;\nFN:Carla Clean\nEMAIL:carla@partner.example\n")),
		dirtyCard("no UID", "d-no-uid.vcf", AddUID, answers(201, 201, 400, 201, 201, 403),
			"BEGIN:VCARD\nVERSION:3.0\nN:Anon;Alex;;;\nFN:Alex Anon\nEND:VCARD\n"),
		dirtyCard("no FN", "d-no-fn.vcf", BuildFN, answers(201, 201, 400, 201, 201, 403), vcard30("d-no-fn",
			"N:Nameless;Nora;;;\nEMAIL:nora@partner.example\n")),
		dirtyCard("no FN, N empty", "d-no-fn-org.vcf", BuildFN, answers(201, 201, 400, 201, 201, 403), vcard30("d-no-fn-org",
			"N:;;;;\nORG:Harbour Pilots;Night shift\n")),
		dirtyCard("no FN and no N", "d-only-mail.vcf", BuildFN, answers(201, 201, 400, 201, 201, 403), vcard30("d-only-mail",
			"EMAIL;TYPE=INTERNET:only@partner.example\n")),
		dirtyCard("FN twice, the same", "d-two-fn.vcf", DropDuplicate, answers(201, 415, 201, 201, 201, 201), vcard30("d-two-fn",
			"N:Twice;Tom;;;\nFN:Tom Twice\nFN:Tom Twice\n")),
		dirtyCard("FN twice, different", "d-other-fn.vcf", NoRepair, answers(201, 415, 201, 201, 201, 201), vcard30("d-other-fn",
			"N:Twice;Tina;;;\nFN:Tina Twice\nFN:Tina Wed\n")),
		dirtyCard("UID of another card, same contents", "d-clean-copy.vcf", MergeObjects, answers(201, 201, 409, 201, 201, 201),
			vcard30("d-clean", "N:Clean;Carla;;;\nFN:Carla Clean\nEMAIL:carla@partner.example\n")),
		dirtyCard("UID of another card, other contents", "d-clean-other.vcf", RenewUID, answers(201, 201, 409, 201, 201, 201), vcard30("d-clean",
			"N:Clean;Carlo;;;\nFN:Carlo Clean\n")),
		dirtyCard("group of an Apple client", "d-group.vcf", NoRepair, answers(201, 201, 201, 201, 201, 201),
			vcard30("d-group", "N:Carriers\nFN:Carriers\nX-ADDRESSBOOKSERVER-KIND:group\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:d-clean\n")),
	}
}

func dirtyVersions() []DirtyObject {
	photo := base64.StdEncoding.EncodeToString(portrait())
	return []DirtyObject{
		dirtyCard("vCard 2.1", "d-21-plain.vcf", RaiseTo30, answers(201, 415, 201, 201, 201, 403),
			"BEGIN:VCARD\nVERSION:2.1\nUID:d-21-plain\nN:Plain;Petra\nFN:Petra "+
				"Plain\nTEL;CELL;VOICE:+491701234567\nEMAIL;INTERNET;PREF:petra@partner.example\nEND:VCARD\n").spoiltBy(Radicale),
		dirtyCard("vCard 2.1, quoted-printable over two lines", "d-21.vcf", RaiseTo30, answers(415, 415, 400, 201, 201, 403),
			"BEGIN:VCARD\nVERSION:2.1\nUID:d-21\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen;;;\n"+
				"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen M=C3=BCller\n"+
				"TEL;CELL;VOICE:+491701234567\nEMAIL;INTERNET;PREF:juergen@partner.example\n"+
				"ADR;WORK;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:;;Hafenstra=DFe 1=0D=0A=\nHinterhaus;Hamburg;;20457;\nEND:VCARD\n").garbledBy(DAViCal),
		dirtyCard("vCard 2.1 with a photo", "d-21-photo.vcf", RaiseTo30, answers(201, 415, 400, 201, 201, 403),
			"BEGIN:VCARD\nVERSION:2.1\nUID:d-21-photo\nN:Okoro;Chidi\nFN:Chidi Okoro\nPHOTO;JPEG;ENCODING=BASE64:\n "+
				""+folded(photo)+"\n\nEND:VCARD\n").spoiltBy(DAViCal),
		dirtyCard("vCard 2.1 with an agent", "d-21-agent.vcf", RaiseTo30, answers(201, 415, 201, 201, 201, 403),
			"BEGIN:VCARD\nVERSION:2.1\nUID:d-21-agent\nN:Chief;Chiara\nFN:Chiara "+
				"Chief\nAGENT:\nBEGIN:VCARD\nVERSION:2.1\nN:Helper;Hugo\nFN:Hugo "+
				"Helper\nTEL;WORK:+49301234\nEND:VCARD\nTEL;CELL:+491701234567\nEND:VCARD\n").spoiltBy(Radicale, DAViCal),
		dirtyCard("ENCODING=BASE64 in a 3.0 card", "d-base64.vcf", NameBase64, answers(201, 201, 400, 201, 201, 201),
			vcard30("d-base64", "N:Base;Bertil;;;\nFN:Bertil Base\nPHOTO;ENCODING=BASE64;TYPE=JPEG:"+folded(photo)+"\n")),
		dirtyCard("vCard 4.0", "d-40.vcf", NoRepair, answers(201, 201, 201, 201, 201, 201),
			"BEGIN:VCARD\nVERSION:4.0\nUID:urn:uuid:8c1d9d5a-9d56-4bb4-a3a6-0d4c1a2f7a10\nFN:Vera "+
				"Four\nN:Four;Vera;;;\nBDAY:--0412\nTEL;VALUE=uri;PREF=1:tel:+1-555-555-5555\nEND:VCARD\n"),
		dirtyCard("no VERSION", "d-no-version.vcf", AddVersion, answers(201, 415, 201, 201, 201, 403),
			"BEGIN:VCARD\nUID:d-no-version\nN:Any;Arne;;;\nFN:Arne Any\nEND:VCARD\n"),
	}
}

func dirtyLines() []DirtyObject {
	cards := []DirtyObject{
		dirtyCard("line without a colon", "d-card-colon.vcf", JoinLines, answers(415, 415, 400, 201, 201, 403), vcard30("d-card-colon",
			"N:Colon;Cora;;;\nFN:Cora Colon\nthe rest of a broken note\n")).spoiltBy(DAViCal),
		dirtyCard("end is missing", "d-card-cut.vcf", NoRepair, answers(415, 415, 400, 207, 201, 403),
			"BEGIN:VCARD\nVERSION:3.0\nUID:d-card-cut\nN:Cut;Curt;;;\nFN:Curt Cut\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\n").spoiltBy(DAViCal),
		dirtyCard("Latin-1", "d-card-latin1.vcf", RecodeUTF8, answers(201, 201, 201, 201, 500, 201), vcard30("d-card-latin1",
			"N:Br\xfcckner;J\xf6rg;;;\nFN:J\xf6rg Br\xfcckner\n")),
		dirtyCard("control characters", "d-card-control.vcf", DropControls, answers(201, 201, 201, 201, 201, 201), vcard30("d-card-control",
			"N:Bell;Bella;;;\nFN:Bella \x07Bell\x1b\nNOTE:a\tb\x0bc\n")).spoiltBy(Cyrus),
		dirtyCard("byte order mark", "d-card-bom.vcf", DropMark, answers(415, 201, 400, 207, 201, 403), "\ufeff"+vcard30("d-card-bom",
			"N:Mark;Mara;;;\nFN:Mara Mark\n")).spoiltBy(DAViCal),
		dirtyCard("folded inside a UTF-8 character", "d-card-folded.vcf", FoldElsewhere, answers(201, 201, 201, 201, 201, 201),
			vcard30("d-card-folded", "N:Fold;Friðrik;;;\nFN:Friðrik Fold\nNOTE:"+strings.Repeat("a",
				69)+"\xc3\n \xbc rest of the note\n")).spoiltBy(SabreDAV1, Radicale),
		dirtyCard("escaped comma between categories", "d-card-categories.vcf", SplitCategories, answers(201, 201, 201, 201, 201, 201),
			vcard30("d-card-categories", "N:Cat;Carla;;;\nFN:Carla Cat\nCATEGORIES:Friends\\,Work\n")).spoiltBy(DAViCal),
		dirtyCard("backslash before a colon, as Apple writes it", "d-card-apple.vcf", DropBackslash, answers(201, 0, 201, 201, 201, 201),
			vcard30("d-card-apple", "N:Apple;Anna;;;\nFN:Anna "+
				"Apple\nitem1.URL;type=pref:http\\://partner.example/a\nitem1.X-ABLabel:_$!<HomePage>!$_\n"+
				"X-ABUID:5AD380FD-B2DE-4261-BA99-DE1D1DB52FBE\\:ABPerson\n")).spoiltBy(Radicale),
		dirtyCard("blanks behind the end", "d-card-tail.vcf", DropEmpty, answers(415, 0, 400, 201, 201, 403), vcard30("d-card-tail",
			"N:Tail;Tilda;;;\nFN:Tilda Tail\n")+"   "),
		dirtyCard("empty lines behind the end", "d-card-empty.vcf", DropEmpty, answers(201, 0, 201, 201, 201, 201), vcard30("d-card-empty",
			"N:Tail;Tilda;;;\nFN:Tilda Tail\n")+"\n\n\n"),
		dirtyCard("end-of-file mark", "d-card-eof.vcf", DropEmpty, answers(201, 0, 400, 207, 201, 403), vcard30("d-card-eof",
			"N:End;Egon;;;\nFN:Egon End\n")+"\x1a"),
		dirtyOctets("LF line ends", "d-card-lf.vcf", EndLines, answers(201, 201, 201, 201, 201, 201), vcard30("d-card-lf",
			"N:Feed;Lina;;;\nFN:Lina Feed\n")),
		dirtyCard("name of 200 octets", longName(".vcf"), NoRepair, answers(201, 201, 201, 201, 201, 201), vcard30("d-card-long-name",
			"N:Long;Lars;;;\nFN:Lars Long\n")),
	}
	for i := range cards {
		cards[i].Card = true
	}
	return cards
}

// longName has as many octets as the column of the source has room for.
func longName(ending string) string { return "d-" + strings.Repeat("n", 198-len(ending)) + ending }
