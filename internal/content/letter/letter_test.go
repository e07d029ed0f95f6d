// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
)

func content() Letter {
	return Letter{To: Address{Name: "ليلى الأحمد, \"L\"", Address: "a/b@x.example"}, Language: "de",
		Subject: "Ihre E-Mail zieht am Freitag, 4. Dezember 2026, um: bitte lesen",
		Text:    []byte("Guten Tag,\n\nzwei Wörter\n.\nFrom hier\n"), HTML: []byte("<p>Wörter</p>\n<img src=\"cid:android\">"),
		Images:   []Image{{ID: "android", Data: bytes.Repeat([]byte{0x89, 'P'}, 100)}},
		Attached: []File{{Name: "a_b.mobileconfig", Type: "application/x-y", Data: []byte("x")}}}
}

// leaf is a part without parts.
type leaf struct{ kind, disposition, id, data string }

func leaves(t *testing.T, kind, encoding string, header func(string) string, body io.Reader) (all []leaf) {
	t.Helper()
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(media, "multipart/") {
		switch encoding {
		case "quoted-printable":
			body = quotedprintable.NewReader(body)
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, body)
		}
		data, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return []leaf{{kind, header("Content-Disposition"), header("Content-ID"), string(data)}}
	}
	parts := multipart.NewReader(body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, leaves(t, part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part.Header.Get, part)...)
	}
}

func TestMessage_isOneThatEveryProgramReads(t *testing.T) {
	t.Parallel()
	c := content()
	e := Envelope{From: Address{Name: "IT-Service Müller & Co.", Address: "it@x.example"}, ReplyTo: Address{Address: "help@x.example"}}
	id := NewMessageID(e.From)
	raw := c.Message(e, id, time.Date(2026, 12, 1, 8, 0, 0, 0, time.FixedZone("", 3600)))
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 78 || strings.ContainsAny(line, "\r\n\x00") || strings.ContainsFunc(line, func(r rune) bool { return r > 0x7f }) {
			t.Errorf("a line that not every server takes: %q", line)
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || *to[0] != c.To {
		t.Errorf("to: got %v, %v, want %v", to, err, c.To)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || *from[0] != e.From {
		t.Errorf("from: got %v, %v", from, err)
	}
	decoder := &mime.WordDecoder{}
	subject, err := decoder.DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != c.Subject {
		t.Errorf("subject: got %q, %v", subject, err)
	}
	for name, want := range map[string]string{"Auto-Submitted": "auto-generated", "Message-Id": id, "Mime-Version": "1.0",
		"Date":     "Tue, 01 Dec 2026 08:00:00 +0100",
		"Reply-To": "<help@x.example>", "Content-Language": "de", "Precedence": "", "List-Id": "", "Bcc": "", "Cc": ""} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	all := leaves(t, m.Header.Get("Content-Type"), "", m.Header.Get, m.Body)
	if len(all) != 4 || all[0].kind != "text/plain; charset=utf-8" || all[1].kind != "text/html; charset=utf-8" ||
		strings.ReplaceAll(all[0].data, "\r\n", "\n") != string(c.Text) || strings.ReplaceAll(all[1].data, "\r\n", "\n") != string(c.HTML) ||
		all[2].id != "<android>" || all[2].data != string(c.Images[0].Data) ||
		all[3].disposition != "attachment; filename=a_b.mobileconfig" || all[3].data != "x" {
		t.Errorf("got %q", all)
	}
}

func TestDigest_isThatOfWhatAPersonReads(t *testing.T) {
	t.Parallel()
	c, e := content(), Envelope{From: Address{Address: "it@x.example"}}
	same := content()
	same.Attached[0].Data = []byte("signed at another time")
	if c.Digest(e) != same.Digest(e) {
		t.Error("a signature changes the digest")
	}
	for i, change := range []func(c *Letter, e *Envelope){
		func(c *Letter, _ *Envelope) { c.Subject += "!" }, func(c *Letter, _ *Envelope) { c.Text = append(c.Text, '!') },
		func(c *Letter, _ *Envelope) { c.HTML = append(c.HTML, '!') }, func(c *Letter, _ *Envelope) { c.To.Name = "x" },
		func(c *Letter, _ *Envelope) { c.Images[0].Data = []byte{1} }, func(c *Letter, _ *Envelope) { c.Attached = nil },
		func(_ *Letter, e *Envelope) { e.From.Name = "x" }, func(_ *Letter, e *Envelope) { e.ReplyTo.Address = "x@x.example" },
	} {
		other, envelope := content(), e
		change(&other, &envelope)
		if other.Digest(envelope) == c.Digest(e) {
			t.Errorf("change %d does not show", i)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("Anna \"B\" <x>", "Sub\r\nBcc: evil@x.example", "text\r\n.\r\n")
	f.Add("\u202eü"+strings.Repeat("ä", 300), strings.Repeat("x", 2000), "\xff\x00")
	f.Fuzz(func(t *testing.T, name, subject, text string) {
		c := content()
		c.To.Name, c.Subject, c.Text = name, subject, []byte(text)
		m, err := mail.ReadMessage(bytes.NewReader(c.Message(Envelope{From: Address{Name: name, Address: "it@x.example"}}, "<1@x>", time.Unix(0, 0))))
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Header) != 9 {
			t.Errorf("got the fields %v", m.Header)
		}
		if list, err := m.Header.AddressList("To"); err != nil || len(list) != 1 || list[0].Address != "a/b@x.example" {
			t.Errorf("got %v, %v of %q", list, err, m.Header.Get("To"))
		}
	})
}
