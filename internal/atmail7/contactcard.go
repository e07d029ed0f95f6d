// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

func emailColumns() []string {
	return []string{"useremail", "useremail2", "useremail3", "useremail4", "useremail5"}
}

// vcard writes a vCard 3.0 (RFC 2426), which every server and client of contacts reads.
type vcard struct{ bytes.Buffer }

// line writes a content line, folded at 75 octets between characters (RFC 2425 section 5.8.1).
func (c *vcard) line(name, value string) {
	const width = 75
	line := name + ":" + value
	for room := width; len(line) > room; room = width - 1 {
		cut := room
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		c.WriteString(line[:cut] + "\r\n ")
		line = line[cut:]
	}
	c.WriteString(line + "\r\n")
}

// text writes a property unless it is empty.
func (c *vcard) text(name, value string) {
	if value = strings.TrimSpace(value); value != "" {
		c.line(name, escaped(value))
	}
}

// structured writes a property of several parts unless all are empty.
func (c *vcard) structured(name string, parts ...string) {
	for i, part := range parts {
		parts[i] = escaped(strings.TrimSpace(part))
	}
	if value := strings.Join(parts, ";"); strings.Trim(value, ";") != "" {
		c.line(name, value)
	}
}

// escaped is a text value, RFC 2426 section 5.
func escaped(value string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(value)
}

// contactCard makes a card of a row of atmail's address book.
func contactCard(uid string, row map[string]string) []byte {
	var c vcard
	c.WriteString("BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//rehome//atmail address book//EN\r\n")
	c.line("UID", uid)
	first := row["userfirstname"]
	middle := row["usermiddlename"]
	last := row["userlastname"]
	c.line("N", strings.Join([]string{escaped(tidy(last)), escaped(tidy(first)), escaped(tidy(middle)), escaped(tidy(row["usertitle"])), ""}, ";"))
	name := cmp.Or(tidy(first+" "+middle+" "+last), tidy(row["userfileas"]), tidy(row["userworkcompany"]), strings.TrimSpace(row["useremail"]))
	c.line("FN", escaped(cmp.Or(name, "?")))
	for i, column := range emailColumns() {
		property := "EMAIL;TYPE=INTERNET"
		if i == 0 {
			property += ",PREF"
		}
		c.text(property, row[column])
	}
	c.structured("ADR;TYPE=HOME", "", "", row["userhomeaddress"], row["userhomecity"], row["userhomestate"], row["userhomezip"], row["userhomecountry"])
	c.structured("ADR;TYPE=WORK", "", row["userworkoffice"], row["userworkaddress"], row["userworkcity"], row["userworkstate"],
		row["userworkzip"], row["userworkcountry"])
	for _, number := range [][2]string{
		{"HOME,VOICE", "userhomephone"}, {"HOME,CELL", "userhomemobile"}, {"HOME,FAX", "userhomefax"},
		{"WORK,VOICE", "userworkphone"}, {"WORK,CELL", "userworkmobile"}, {"WORK,FAX", "userworkfax"},
	} {
		c.text("TEL;TYPE="+number[0], row[number[1]])
	}
	c.structured("ORG", row["userworkcompany"], row["userworkdept"])
	c.text("TITLE", row["userworktitle"])
	c.text("URL", row["userurl"])
	c.text("NOTE", row["userinfo"])
	c.text("X-GENDER", row["usergender"])
	c.text("X-FILE-AS", row["userfileas"])
	c.extras(row)
	c.WriteString("END:VCARD\r\n")
	return c.Bytes()
}

// extras writes what needs a form of its own.
func (c *vcard) extras(row map[string]string) {
	if day, _, _ := strings.Cut(row["userdob"], " "); len(day) >= 10 && !strings.HasPrefix(day, "0000") {
		c.line("BDAY", day[:10])
	}
	if seconds, err := strconv.ParseInt(row["datemodified"], 10, 64); err == nil && seconds > 0 {
		c.line("REV", time.Unix(seconds, 0).UTC().Format("20060102T150405Z"))
	}
	if key := strings.TrimSpace(row["userpgpkey"]); key != "" {
		c.line("KEY;TYPE=PGP;ENCODING=b", base64.StdEncoding.EncodeToString([]byte(key)))
	}
	photo, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(row["userphoto"]), ""))
	if err == nil && len(photo) > 0 {
		c.line("PHOTO;ENCODING=b;TYPE="+imageType(photo), base64.StdEncoding.EncodeToString(photo))
	}
}

// imageType tells by the first octets.
func imageType(photo []byte) string {
	switch {
	case bytes.HasPrefix(photo, []byte("\x89PNG")):
		return "PNG"
	case bytes.HasPrefix(photo, []byte("GIF8")):
		return "GIF"
	}
	return "JPEG"
}

// groupCard makes a group in the way that is understood most widely beside vCard 3.0, Apple's.
func groupCard(uid, name string, members []string) []byte {
	var c vcard
	c.WriteString("BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//rehome//atmail address book//EN\r\n")
	c.line("UID", uid)
	c.structured("N", name, "", "", "", "")
	c.line("FN", escaped(name))
	c.line("X-ADDRESSBOOKSERVER-KIND", "group")
	for _, member := range members {
		c.line("X-ADDRESSBOOKSERVER-MEMBER", "urn:uuid:"+member)
	}
	c.WriteString("END:VCARD\r\n")
	return c.Bytes()
}
