// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"time"
)

// oddContacts are cards as clients since vCard 2.1 left them.
func oddContacts() []Resource {
	return append(oldCards(), dirtyCards()...)
}

func oldCards() []Resource {
	photo := base64.StdEncoding.EncodeToString(portrait())
	return []Resource{
		card("phone-21.vcf", "vCard 2.1 with quoted-printable and a charset",
			"BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen;;;\n"+
				"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen M=C3=BCller\n"+
				"TEL;CELL;VOICE:+491701234567\nEMAIL;INTERNET;PREF:juergen@partner.example\n"+
				"ADR;WORK;ENCODING=QUOTED-PRINTABLE:;;Hafenstra=DFe 1=0D=0A=\nHinterhaus;Hamburg;;20457;\nEND:VCARD\n"),
		card("phone-21-photo.vcf", "vCard 2.1 with a photo",
			"BEGIN:VCARD\nVERSION:2.1\nN:Okoro;Chidi\nFN:Chidi Okoro\nPHOTO;JPEG;ENCODING=BASE64:\n "+folded(photo)+"\n\nEND:VCARD\n"),
		card("photo-30.vcf", "photo",
			"BEGIN:VCARD\nVERSION:3.0\nUID:photo-30\nN:Photo;Paula;;;\nFN:Paula Photo\nPHOTO;ENCODING=b;TYPE=JPEG:"+folded(photo)+"\nEND:VCARD\n"),
		card("base64.vcf", "photo with ENCODING=BASE64 in a 3.0 card",
			"BEGIN:VCARD\nVERSION:3.0\nUID:base64-30\nN:Base;Bertil;;;\nFN:Bertil Base\nPHOTO;ENCODING=BASE64;TYPE=JPEG:"+folded(photo)+"\nEND:VCARD\n"),
		card("version4.vcf", "vCard 4.0",
			"BEGIN:VCARD\nVERSION:4.0\nUID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1\nFN:Vera Four\nN:Four;Vera;;;\nBDAY:--0412\nANNIVERSARY:20090808\n"+
				"TEL;VALUE=uri;PREF=1:tel:+1-555-555-5555\nEND:VCARD\n"),
		card("apple-group.vcf", "group of an Apple client",
			"BEGIN:VCARD\nVERSION:3.0\nUID:group-1\nN:Carriers\nFN:Carriers\nX-ADDRESSBOOKSERVER-KIND:group\n"+
				"X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:photo-30\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:base64-30\nEND:VCARD\n"),
		card("apple.vcf", "grouped properties and a birthday without a year",
			"BEGIN:VCARD\nVERSION:3.0\nUID:apple-1\nN:O'Hara;Fiona;;Dr.;\nFN:Dr. Fiona O'Hara\nBDAY;X-APPLE-OMIT-YEAR=1604;VALUE=date:1604-04-12\n"+
				"item1.EMAIL;type=INTERNET:fiona@partner.example\nitem1.X-ABLabel:_$!<Other>!$_\nitem2.URL:http://partner.example/~fiona?a=1\\,2\nEND:VCARD\n"),
	}
}

func dirtyCards() []Resource {
	return []Resource{
		card("no-fn.vcf", "no FN", "BEGIN:VCARD\nVERSION:3.0\nUID:no-fn\nN:Nameless;Nora;;;\nEMAIL:nora@partner.example\nEND:VCARD\n"),
		card("no-fn-company.vcf", "no FN and an empty N", "BEGIN:VCARD\nVERSION:3.0\nUID:no-fn-company\nN:;;;;\nORG:Harbour "+
			"Pilots\nTEL:+49 40 1\nEND:VCARD\n"),
		card("no-uid.vcf", "no UID", "BEGIN:VCARD\nVERSION:3.0\nN:Anon;Alex;;;\nFN:Alex Anon\nEMAIL:alex@partner.example\nEND:VCARD\n"),
		card("latin1.vcf", "Latin-1", "BEGIN:VCARD\nVERSION:3.0\nUID:latin-1\nN:Br\xfcckner;J\xf6rg;;;\nFN:J\xf6rg Br\xfcckner\nEND:VCARD\n"),
		card("two-fn.vcf", "FN twice, the same", "BEGIN:VCARD\nVERSION:3.0\nUID:two-fn\nN:Twice;Tom;;;\nFN:Tom Twice\nFN:Tom Twice\nEND:VCARD\n"),
		{Name: "lf-only.vcf", Trap: "LF line ends", Modified: oddTime(),
			Data: []byte("BEGIN:VCARD\nVERSION:3.0\nUID:lf-only\nN:Feed;Lina;;;\nFN:Lina Feed\nEND:VCARD\n")},
		card("name with blank & 100%.vcf", "resource name with blanks and a percent sign",
			"BEGIN:VCARD\nVERSION:3.0\nUID:blank-name\nN:Blank;Bo;;;\nFN:Bo Blank\nEND:VCARD\n"),
		card("6E2A0D1C", "resource name without an ending", "BEGIN:VCARD\nVERSION:3.0\nUID:6E2A0D1C\nN:Ending;Emil;;;\nFN:Emil Ending\nEND:VCARD\n"),
		card("categories.vcf", "escaped comma between categories",
			"BEGIN:VCARD\nVERSION:3.0\nUID:categories\nN:Cat;Carla;;;\nFN:Carla Cat\nCATEGORIES:Friends\\,Work\nEND:VCARD\n"),
		card("folded.vcf", "folded inside a UTF-8 character",
			"BEGIN:VCARD\nVERSION:3.0\nUID:folded\nN:Fold;Friðrik;;;\nFN:Friðrik Fold\nNOTE:"+strings.Repeat("a",
				69)+"\xc3\n \xbc rest of the note\nEND:VCARD\n"),
		card("lower-case.vcf", "properties in lower case",
			"begin:vcard\nversion:3.0\nuid:lower-case\nn:Lower;Linus;;;\nfn:Linus Lower\nend:vcard\n"),
	}
}

// card makes a resource with CRLF line ends out of text with LF.
func card(name, trap, text string) Resource {
	return Resource{Name: name, Trap: trap, Data: []byte(crlf(text)), Modified: oddTime()}
}

func oddTime() time.Time { return time.Date(2011, 2, 3, 4, 5, 6, 0, time.UTC) }

// folded breaks a long value into lines (RFC 2425 section 5.8.1); the caller has the first one's name.
func folded(value string) string {
	var b strings.Builder
	for len(value) > 72 {
		b.WriteString(value[:72] + "\n ")
		value = value[72:]
	}
	b.WriteString(value)
	return b.String()
}

// portrait draws a small picture, the same one each time.
func portrait() []byte {
	const side = 64
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			img.Set(x, y, color.RGBA{R: uint8(4 * x), G: uint8(4 * y), B: uint8(x * y), A: 255})
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil) // a bytes.Buffer takes everything
	return b.Bytes()
}
