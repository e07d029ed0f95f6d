// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"strings"
	"testing"
)

// report is what Postfix writes.
const report = `From: MAILER-DAEMON@mx.lab.test (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: it@x.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="4F.1/mx.lab.test"

This is a MIME-encapsulated message.

--4F.1/mx.lab.test
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you

--4F.1/mx.lab.test
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.lab.test
Arrival-Date: Sun, 29 Nov 2026 10:00:00 +0000 (UTC)

Final-Recipient: rfc822; anna@x.example
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 <anna@x.example> Quota exceeded
    (mailbox for user is full)

--4F.1/mx.lab.test
Content-Description: Undelivered Message
Content-Type: message/rfc822

Received: by mx
From: IT <it@x.example>
Message-ID:
 <rehome-abcdefghijklmnopqrstuvwxyz@x.example>
Subject: x

body
--4F.1/mx.lab.test--
`

func TestReadReport(t *testing.T) {
	t.Parallel()
	want := Report{"<rehome-abcdefghijklmnopqrstuvwxyz@x.example>", "552 5.2.2 <anna@x.example> Quota exceeded (mailbox for user is full)"}
	for name, text := range map[string]string{
		"as it is": report, "with CRLF": strings.ReplaceAll(report, "\n", "\r\n"),
		"headers only": strings.Replace(report, "message/rfc822", "text/rfc822-headers", 1),
		"cut":          report[:strings.Index(report, "body")],
	} {
		if got, is := ReadReport([]byte(text)); !is || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, is, want)
		}
	}
	untyped := strings.Replace(report, "Diagnostic-Code: smtp; 552 5.2.2", "Diagnostic-Code: 552", 1)
	if got, is := ReadReport([]byte(untyped)); !is || !strings.HasPrefix(got.Words, "5.2.2 552 <anna@x.example> Quota") {
		t.Errorf("got %+v, %v", got, is)
	}
	for name, text := range map[string]string{
		"delayed": strings.Replace(report, "Action: failed", "Action: delayed", 1), "of another": strings.Replace(report, "<rehome-", "<other-", 1),
		"in the body":   strings.Replace(report, "Message-ID:\n", "Subject: x\n\nMessage-ID:\n", 1),
		"somebody away": "Subject: away\nAuto-Submitted: auto-replied\nIn-Reply-To: <rehome-abc@x.example>\n\nI am away", "": "",
		"no boundary": strings.Replace(report, "boundary=", "x=", 1),
	} {
		if got, is := ReadReport([]byte(text)); is {
			t.Errorf("%s: got %+v, want none", name, got)
		}
	}
}

func FuzzReadReport(f *testing.F) {
	f.Add([]byte(report))
	f.Add([]byte("Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n" +
		"Content-Type: message/delivery-status\n\nAction: failed\n\n\n--b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, is := ReadReport(text); is && (got.MessageID == "" || strings.ContainsAny(got.MessageID+got.Words, "\r\n")) {
			t.Errorf("got %+v", got)
		}
	})
}
