// SPDX-License-Identifier: Apache-2.0

package maillog

import "regexp"

// Courier's modules log "id=...,from=<...>,addr=<...>,size=...,success: words" for what has arrived, and
// "...,addr=<...>,status: failure" for what has not.
var courierLine = regexp.MustCompile(`^id=[^,]*,from=<[^>]*>,addr=<([^<>]*)>(?:,size=\d+)?,(?:success: |status: success)`)

func courier(service, text string) Event {
	switch service {
	case "courierpop3d", "courierpop3login", "courierpop3d-ssl":
		return courierLogin(text)
	}
	m := courierLine.FindStringSubmatch(text)
	if m == nil {
		return nothing()
	}
	return delivered(Final, namesIn([]string{m[1]}))
}

var courierUser = regexp.MustCompile(`^LOGIN, user=([^,]+), `)

func courierLogin(text string) Event {
	if m := courierUser.FindStringSubmatch(text); m != nil {
		return popLogin(m[1])
	}
	return Event{Kind: OtherLogin}
}
