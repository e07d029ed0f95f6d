// SPDX-License-Identifier: Apache-2.0

package sieve

import "slices"

// A command or test that is not on one of these lists may do anything: it counts as one that sends, so that it runs at one
// server at a time. A list that named what sends would miss what nobody has thought of.

// quiet are the commands and tests that send nothing to anybody.
func quiet(name string) bool {
	return slices.Contains([]string{
		"require", "if", "elsif", "else", "stop", "keep", "fileinto", "discard", // RFC 5228
		"address", "allof", "anyof", "envelope", "exists", "false", "header", "not", "size", "true",
		"set", "string", // RFC 5229
		"setflag", "addflag", "removeflag", "hasflag", "mark", "unmark", // RFC 5232 and its draft
		"body", "environment", "date", "currentdate", // RFC 5173, 5183, 5260
		"addheader", "deleteheader", "replaceheader", // RFC 5293
		"spamtest", "virustest", // RFC 5235
		"valid_notify_method", "notify_method_capability", // RFC 5435
		"ihave", "error", // RFC 5463
		"mailboxexists", "metadata", "metadataexists", "servermetadata", "servermetadataexists", "mailboxidexists", // RFC 5490, 9042
		"foreverypart", "break", "replace", "enclose", "extracttext", "convert", // RFC 5703, 6558
		"valid_ext_list", "duplicate", "specialuse_exists", "snooze", "unsnooze", // RFC 6134, 7352, 8579, a draft
		"return", "global", "import", "export", // RFC 6609 and its draft
		"debug_log", "log", "implicit_keep_target", "denotify", // of Dovecot and Cyrus
	}, name)
}

// answers names what sends something beside redirect and include.
func answers(name string) bool { return !quiet(name) && name != "redirect" && name != "include" }

// acts names what sends something, or may.
func acts(name string) bool { return !quiet(name) }

// known are the commands and tests whose arguments are understood.
func known(name string) bool {
	return quiet(name) || slices.Contains([]string{
		"redirect", "include", "vacation", "notify", "reject", "ereject", "refuse", "report", "pipe", "execute", "filter", "processcalendar",
	}, name)
}
