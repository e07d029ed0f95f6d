// SPDX-License-Identifier: Apache-2.0

package dav

import "encoding/xml"

// dialect is all in which CalDAV and CardDAV differ.
type dialect struct {
	kind        Kind
	resource    string   // local name in DAV:resourcetype
	homeSet     xml.Name // property of the principal
	defaultHref xml.Name // property that names the default collection
	data        xml.Name // property that holds an object
	multiget    xml.Name // report
	query       xml.Name // report
	description xml.Name
	mediaType   string
	wellKnown   string    // RFC 6764 section 5
	services    [2]string // SRV service names with and without TLS, RFC 6764 section 3
	vendorPaths []string  // where products are known to be; %s is the account
}

func dialectOf(kind Kind) dialect {
	if kind == AddressBooks {
		return cardDAV()
	}
	return calDAV()
}
