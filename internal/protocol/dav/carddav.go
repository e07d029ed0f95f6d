// SPDX-License-Identifier: Apache-2.0

package dav

import "encoding/xml"

// cardDAV is RFC 6352.
func cardDAV() dialect {
	return dialect{
		kind:        AddressBooks,
		resource:    "addressbook",
		homeSet:     cardName("addressbook-home-set"),
		defaultHref: cardName("default-addressbook-URL"), // no RFC; Apple's and Cyrus' servers
		data:        cardName("address-data"),
		multiget:    cardName("addressbook-multiget"),
		query:       cardName("addressbook-query"),
		description: cardName("addressbook-description"),
		mediaType:   "text/vcard; charset=utf-8",
		wellKnown:   "/.well-known/carddav",
		services:    [2]string{"carddavs", "carddav"},
		vendorPaths: append([]string{"/addressbooks/%s/", "/addressbooks/users/%s/"}, sharedPaths()...),
	}
}

func cardName(local string) xml.Name { return xml.Name{Space: nsCardDAV, Local: local} }
