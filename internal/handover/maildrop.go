// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"strconv"
	"strings"

	"rehome/internal/uidl"
)

// Drop is what POP3 shows of an account at the source.
type Drop struct {
	Messages int       // that it lists
	Form     uidl.Form // that of most of their identifiers
	Others   int       // identifiers that are not of this form
	Why      string    // it is not known, and why; "" if it is
}

// DropOf judges the identifiers of a maildrop, in its order. validity is the UIDVALIDITY of the INBOX.
func DropOf(validity uint32, ids []string) Drop {
	shown := make([]uidl.Shown, len(ids))
	for i, id := range ids {
		shown[i] = uidl.Shown{Number: i + 1, ID: id}
	}
	d := Drop{Messages: len(ids), Form: uidl.FormOf(validity, shown)}
	if d.Form == uidl.Opaque {
		return d
	}
	for _, id := range ids {
		if _, of := d.Form.UIDOf(validity, id); !of {
			d.Others++
		}
	}
	return d
}

// columns are what the list says of a maildrop: how many messages, of what form, and which setting makes the same of the same UIDs.
func (d *Drop) columns() []string {
	switch {
	case d == nil:
		return []string{"", "not looked at", ""}
	case d.Why != "":
		return []string{"", "not known: " + d.Why, ""}
	case d.Messages == 0:
		return []string{"0", "", ""}
	}
	form := d.Form.Sentence()
	if d.Others > 0 {
		form += ", " + strconv.Itoa(d.Others) + " of another form"
	}
	return []string{strconv.Itoa(d.Messages), form, d.settings()}
}

// settings are those of servers that make the same identifiers of the same UIDs and UIDVALIDITY. Where some are of another form, no
// setting makes all of them.
func (d *Drop) settings() string {
	var all []string
	if format := d.Form.DovecotSetting(); format != "" && d.Others == 0 {
		all = append(all, "Dovecot: pop3_uidl_format = "+format)
	}
	if format := d.Form.CyrusSetting(); format != "" && d.Others == 0 {
		all = append(all, "Cyrus: uidl_format: "+format)
	}
	if len(all) == 0 {
		return "none: each identifier has to be stored with its message"
	}
	return strings.Join(all, ", ")
}
