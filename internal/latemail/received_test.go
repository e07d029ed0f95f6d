// SPDX-License-Identifier: Apache-2.0

package latemail

import (
	"net/netip"
	"strings"
	"testing"
)

func nobody(netip.Addr) bool { return false }

func TestSender_asServersWriteIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ header, want string }{
		"Postfix": {"Received: from helo.out.test (mx.out.test [192.0.2.1])\r\n\t(using TLSv1.3 by hand)\r\n\tby old.test (Postfix) with ESMTPS id 4x\r\n" +
			"\tfor <anna@a.test>; Sun, 29 Nov 2026 10:00:00 +0000 (UTC)\r\n", "mx.out.test (192.0.2.1)"},
		"Postfix that has found no name": {
			"Received: from helo.out.test (unknown [192.0.2.1]) by old.test with SMTP id 1; x\r\n", "helo.out.test (192.0.2.1)"},
		"Exim": {
			"Received: from mx.out.test ([192.0.2.1] helo=helo.out.test)\r\n by old.test with esmtp (Exim 4.96)\r\n id 1; x\r\n", "mx.out.test (192.0.2.1)"},
		"Exim without a name": {"Received: from [192.0.2.1] (helo=helo.out.test)\r\n by old.test with esmtp id 1; x\r\n", "192.0.2.1"},
		"qmail":               {"Received: from unknown (HELO helo.out.test) (192.0.2.1) by 0 with SMTP; x\r\n", "192.0.2.1"},
		"IPv6": {
			"Received: from a.test (mx.out.test [IPv6:2001:db8::1]) by old.test with ESMTP id 1; x\r\n", "mx.out.test (2001:db8::1)"},
		"within the host, then an edge, then the world": {
			"Received: from old.test by old.test with LMTP id 1; x\r\n" +
				"Received: from edge.old.test (edge.old.test [10.0.0.7]) by store.old.test with ESMTP id 2; x\r\n" +
				"Received: from mx.out.test (mx.out.test [192.0.2.1]) by edge.old.test with ESMTP id 3; x\r\n" +
				"Received: from made.up.test (made.up.test [198.51.100.1]) by mx.out.test with ESMTP id 4; x\r\n", "mx.out.test (192.0.2.1)"},
		"one house":                {"Received: from a.lan (a.lan [10.0.0.7]) by old.test with ESMTP id 2; x\r\n", "a.lan (10.0.0.7)"},
		"saved by a mail program":  {"", ""},
		"nobody":                   {"Received: from by old.test with SMTP id 1; x\r\n", ""},
		"a script of the server":   {"Received: by old.test (Postfix, from userid 0) id 1; x\r\n", ""},
		"a name that is not plain": {"Received: from \x1b[31mx (\x1b[0m [192.0.2.1]) by old.test with SMTP; x\r\n", "192.0.2.1"},
		"a long name":              {"Received: from " + strings.Repeat("a", 300) + " by old.test with SMTP; x\r\n", strings.Repeat("a", maxName)},
	} {
		if got := sender([]byte(c.header), nobody); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestSender_leavesOutWhatIsTheSourcesOwn(t *testing.T) {
	t.Parallel()
	header := "Received: from edge.old.test (edge.old.test [198.51.100.9]) by store.old.test with ESMTP; x\r\n" +
		"Received: from mx.out.test (mx.out.test [192.0.2.1]) by edge.old.test with ESMTP; x\r\n"
	own := func(a netip.Addr) bool { return a == netip.MustParseAddr("198.51.100.9") }
	if got := sender([]byte(header), own); got != "mx.out.test (192.0.2.1)" {
		t.Errorf("got %q", got)
	}
}

func FuzzSender(f *testing.F) {
	f.Add([]byte("Received: from a.test (b.test [192.0.2.1]) by c.test with LMTP; x\r\n (((\r\n"))
	f.Add([]byte("received:from [IPv6:::1%lo] (helo=x) by"))
	f.Fuzz(func(t *testing.T, header []byte) {
		got := sender(header, nobody)
		if len(got) > maxName+60 || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("got %q", got)
		}
	})
}
