// SPDX-License-Identifier: Apache-2.0

package maillog

import "regexp"

// OpenSMTPD tells of a delivery as "SESSION mda delivery evpid=... from=<...> to=<final> rcpt=<before aliases> ...
// result=Ok stat=Delivered", and with mta in the place of mda of what leaves the host.
var openSMTPD = regexp.MustCompile(`^[0-9a-f]+ (mda|mta) delivery evpid=\S+ from=<[^<>]*> to=<([^<>]*)> (?:rcpt=<([^<>]*)> )?.*\bresult="?Ok"? `)

func openSMTPd(text string) Event {
	m := openSMTPD.FindStringSubmatch(text)
	if m == nil {
		return nothing()
	}
	return delivered(Final, namesIn([]string{m[2], m[3]}))
}
