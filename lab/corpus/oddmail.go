// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"fmt"
	"strings"
)

// oddMessages are the shapes that tools for copying mail have stumbled over, each spelled out as it lies
// on disk. Flags, date and UID are given where they are laid into a mailbox.
func oddMessages() []Message {
	var all []Message
	add := func(trap, stored string) { all = append(all, literalMessage(trap, []byte(stored))) }
	for _, odd := range oddHeaders() {
		add(odd.trap, odd.stored)
	}
	for _, odd := range oddBodies() {
		add(odd.trap, odd.stored)
	}
	return all
}

type odd struct{ trap, stored string }

// oddHead is the beginning of a message that is odd only further down. n keeps the messages apart.
func oddHead(n int, subject string) string {
	return fmt.Sprintf("From: Records <records@example.com>\nTo: anna@example.com\nSubject: %s\n"+
		"Date: Tue, 3 Mar 2009 10:%02d:00 +0100\nMessage-ID: <odd-%d@example.com>\n", subject, n, n)
}

func oddHeaders() []odd {
	return []odd{
		{"no message-id", "From: scanner@example.com\nTo: anna@example.com\nSubject: Scan\nDate: Tue, 3 Mar 2009 10:00:00 +0100\n\nSee page 1.\n"},
		{"no message-id, same as the one before but for the " +
			"body", "From: scanner@example.com\nTo: anna@example.com\nSubject: Scan\nDate: Tue, 3 Mar 2009 10:00:00 +0100\n\nSee page 2.\n"},
		{"raw Latin-1 in the header", "From: J\xfcrgen M\xfcller <juergen@example.com>\nTo: anna@example.com\nSubject: Gr\xfc\xdfe " +
			"aus K\xf6ln\nDate: Mon, 5 Oct 1998 09:00:00 +0200\nMessage-ID: <latin1@example.com>\n\nSch\xf6ne Gr\xfc\xdfe\n"},
		{"raw UTF-8 in the header", oddHead(2, "Größe und Preis: 納期") + "\nraw UTF-8 above\n"},
		{"no date", "From: cron@example.com\nTo: anna@example.com\nSubject: Cron <root@mail> /usr/bin/backup\nMessage-ID: <nodate@example.com>\n\ndone\n"},
		{"impossible date", "From: a@example.com\nTo: anna@example.com\nSubject: clock\nDate: Sun, 31 Feb 99 25:61:00 GMT+1 (old " +
			"clock)\nMessage-ID: <baddate@example.com>\n\ntick\n"},
		{"no header at all", "\nonly a body\n"},
		{"mbox From line on top", "From anna@example.com Tue Mar  3 10:00:00 2009\n" + oddHead(3,
			"from an old mbox") + "\n>From the archive\nFrom here on quoted badly\n"},
		{"header line without a colon", oddHead(4, "broken gateway") + "this line has no colon\nX-After: still header\n\nbody\n"},
		{"message-id of another message", strings.Replace(oddHead(5, "forged id"), "odd-5@", "odd-4@", 1) + "\nother body, same Message-ID\n"},
		{"header of 64 KB", oddHead(6, "long references") + "References:" + strings.Repeat("\n <0123456789abcdef0123456789abcdef@example.com>",
			1400) + "\n\nbody\n"},
		{"copy with webmail's own fields", oddHead(7, "Sent by webmail") + "X-Mailer: Atmail 7.2.0.14467\nX-Atmail-Bcc: " +
			"hidden@example.org\nX-Confirm-Reading-To: anna@example.com\n\nbody\n"},
		{"read receipt asked for", oddHead(8, "please confirm") + "Disposition-Notification-To: " +
			"records@example.com\nReturn-Receipt-To: records@example.com\n\nbody\n"},
	}
}

func oddBodies() []odd {
	commands := "a1 DELETE INBOX\na2 LOGOUT\n* BYE bye\n+ OK\n)\nz1 DELETE \"INBOX.Archive\"\nAPPEND INBOX {10+}\nQUIT\n"
	octets := make([]byte, 0, 255)
	for c := 1; c <= 255; c++ {
		octets = append(octets, byte(c))
	}
	return []odd{
		{"empty body", oddHead(20, "empty") + "\n"},
		{"header only, no blank line", oddHead(21, "header only")},
		{"one octet", "x"},
		{"no newline at the end", oddHead(22, "cut") + "\nthe last line ends here"},
		{"body lines that look like IMAP", oddHead(23, "commands") + "\n" + commands},
		{"dot lines", oddHead(24, "dots") + "\n.\n..\n.hidden\n...\n.\n\n.\n"},
		{"stored with CRLF", crlf(oddHead(25, "crlf") + "\nline one\nline two\n")},
		{"mixed line ends", crlf(oddHead(26, "mixed")) + "\r\nwith CRLF\r\nwith LF only\nagain CRLF\r\nbare \r inside\n\r\n"},
		{"NUL inside", oddHead(27, "nul") + "\nbefore\x00after\n\x00\x00\n"},
		{"line of 20,000 octets", oddHead(28, "long line") + "\n" + strings.Repeat("0123456789", 2000) + "\nshort\n"},
		{"line of 100,000 octets, no newline at the end", oddHead(29, "very long line") + "\n" + strings.Repeat("abcdefghij", 10000)},
		{"every octet but NUL", oddHead(30, "binary") + "Content-Transfer-Encoding: binary\n\n" + string(octets) + "\n"},
		{"boundary that never closes", oddHead(31, "open multipart") + "MIME-Version: 1.0\nContent-Type: multipart/mixed; " +
			"boundary=open\n\n--open\nContent-Type: text/plain\n\npart one\n--open\nContent-Type: image/png\n\n"},
		{"forwarded message inside", oddHead(32, "Fwd") + "MIME-Version: 1.0\nContent-Type: message/rfc822\n\n" + oddHead(33, "inner") + "\ninner body\n"},
		{"blank lines at the end", oddHead(34, "tail") + "\nbody\n\n\n\n"},
		{"ends in a bare CR", oddHead(35, "cr") + "\nbody\r"},
	}
}

// crlf turns LF line ends into CRLF.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
