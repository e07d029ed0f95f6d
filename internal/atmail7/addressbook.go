// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"rehome/internal/protocol/dav"
)

// addressBook is atmail's own address book of one account, as vCards.
type addressBook struct {
	cards   map[string][]byte // by name
	byEmail map[string]string // UID of the first contact with that address
}

// contactColumns are what a contact's card is made of.
func contactColumns() []string {
	return []string{
		"id", "useremail", "useremail2", "useremail3", "useremail4", "useremail5", "userfirstname", "usermiddlename", "userlastname", "usertitle",
		"usergender", "userdob", "userhomeaddress", "userhomecity", "userhomestate", "userhomezip", "userhomecountry", "userhomephone", "userhomemobile",
		"userhomefax", "userurl", "userworkcompany", "userworktitle", "userworkdept", "userworkoffice", "userworkaddress", "userworkcity",
		"userworkstate", "userworkzip", "userworkcountry", "userworkphone", "userworkmobile", "userworkfax", "userinfo", "userpgpkey",
		"userphoto", "userfileas", "datemodified",
	}
}

// addressBook reads it once.
func (s *Objects) addressBook(ctx context.Context) (*addressBook, error) {
	if s.book != nil {
		return s.book, nil
	}
	b := &addressBook{cards: map[string][]byte{}, byEmail: map[string]string{}}
	t := s.tables.contacts
	var columns []string
	for _, name := range contactColumns() {
		columns = append(columns, t.col("t", name))
	}
	query := "SELECT " + strings.Join(columns, ", ") + " FROM " + quoted(t.name) + " t WHERE CONVERT(t." + quoted(t.columns["account"].name) +
		" USING utf8) = CONVERT(? USING utf8) ORDER BY t." + quoted(t.columns["id"].name)
	texts := placesOf(contactColumns(), func(name string) bool {
		return !slices.Contains([]string{"id", "userphoto", "userpgpkey", "datemodified"}, name)
	})
	err := s.reading.eachText(ctx, "table "+t.name, query, texts, func(v []sql.RawBytes, _ []recoding) error {
		row := map[string]string{}
		for i, name := range contactColumns() {
			row[name] = string(v[i])
		}
		if !strings.EqualFold(strings.TrimSpace(row["useremail"]), s.account) { // else it is the user's own record
			b.add(row)
		}
		return nil
	}, s.account)
	if err == nil {
		err = s.addGroups(ctx, b)
	}
	if err != nil {
		return nil, err
	}
	s.book = b
	return b, nil
}

func placesOf(names []string, is func(string) bool) (places []int) {
	for i, name := range names {
		if is(name) {
			places = append(places, i)
		}
	}
	return places
}

func (b *addressBook) add(row map[string]string) {
	uid := stableUUID("contact", row["id"])
	b.cards["abook-"+row["id"]+".vcf"] = contactCard(uid, row)
	for _, column := range emailColumns() {
		if email := strings.ToLower(strings.TrimSpace(row[column])); email != "" && b.byEmail[email] == "" {
			b.byEmail[email] = uid
		}
	}
}

// addGroups reads the groups: a row for each member, one without member as header. A member that is no
// contact becomes one, so that the group keeps the address.
func (s *Objects) addGroups(ctx context.Context, b *addressBook) error {
	t := s.tables.groups
	if !t.has("groupname") || !t.has("groupemail") || !t.has("account") {
		return nil
	}
	members := map[string][]string{}
	query := "SELECT groupname, groupemail FROM " + quoted(t.name) + " WHERE CONVERT(account USING utf8) = CONVERT(? USING utf8)"
	err := s.reading.eachText(ctx, "table "+t.name, query, []int{0, 1}, func(v []sql.RawBytes, _ []recoding) error {
		group := tidy(string(v[0]))
		email := strings.TrimSpace(string(v[1]))
		known := members[group]
		if email != "" && !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, email) }) {
			known = append(known, email)
		}
		members[group] = known
		return nil
	}, s.account)
	for _, group := range slices.Sorted(maps.Keys(members)) {
		var uids []string
		for _, email := range members[group] {
			uids = append(uids, b.contactOf(email))
		}
		uid := stableUUID("group", s.account, group)
		b.cards["group-"+uid+".vcf"] = groupCard(uid, group, uids)
	}
	return err
}

// contactOf returns the UID of the contact with that address and makes one if there is none.
func (b *addressBook) contactOf(email string) string {
	if uid := b.byEmail[strings.ToLower(email)]; uid != "" {
		return uid
	}
	uid := stableUUID("member", email)
	b.cards["member-"+uid+".vcf"] = contactCard(uid, map[string]string{"useremail": email})
	b.byEmail[strings.ToLower(email)] = uid
	return uid
}

// stableUUID is the same in every pass: a UUID of version 8 (RFC 9562 section 5.8) over what identifies
// a row.
func stableUUID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{"atmail"}, parts...), "\x00")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func (b *addressBook) object(collection, name string) dav.Object {
	data, found := b.cards[name]
	if !found {
		return dav.Object{Href: collection + name, Err: &dav.StatusError{Method: "SELECT", URL: collection + name, Status: http.StatusNotFound}}
	}
	sum := md5.Sum(data)
	return dav.Object{Href: collection + name, ETag: `"` + hex.EncodeToString(sum[:]) + `"`, Data: data}
}

func (b *addressBook) list(collection string, each func(dav.Item) error) error {
	for _, name := range slices.Sorted(maps.Keys(b.cards)) {
		o := b.object(collection, name)
		if err := each(dav.Item{Href: o.Href, ETag: o.ETag, Size: int64(len(o.Data))}); err != nil {
			return err
		}
	}
	return nil
}

func (b *addressBook) read(collection string, items []dav.Item, each func(dav.Object) error) error {
	for _, item := range items {
		if err := each(b.object(collection, strings.TrimPrefix(item.Href, collection))); err != nil {
			return err
		}
	}
	return nil
}
