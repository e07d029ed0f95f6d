// SPDX-License-Identifier: Apache-2.0

package dav

// calDAV is RFC 4791, with scheduling of RFC 6638.
func calDAV() dialect {
	return dialect{
		kind:        Calendars,
		resource:    "calendar",
		homeSet:     calName("calendar-home-set"),
		defaultHref: calName("schedule-default-calendar-URL"), // of the inbox, RFC 6638 section 9.2
		data:        calName("calendar-data"),
		multiget:    calName("calendar-multiget"),
		query:       calName("calendar-query"),
		description: calName("calendar-description"),
		mediaType:   "text/calendar; charset=utf-8",
		wellKnown:   "/.well-known/caldav",
		services:    [2]string{"caldavs", "caldav"},
		vendorPaths: append([]string{"/calendars/%s/", "/calendars/users/%s/"}, sharedPaths()...),
	}
}

// sharedPaths are those that serve both kinds: Nextcloud, SOGo, Cyrus, DAViCal.
func sharedPaths() []string {
	return []string{"/remote.php/dav/", "/SOGo/dav/%s/", "/dav/", "/caldav.php/%s/", "/davical/caldav.php/%s/"}
}
