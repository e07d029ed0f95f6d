// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"bytes"
	"cmp"
	"encoding/json"

	"rehome/internal/protocol"

	"rsc.io/qr"
)

// The numbers of Thunderbird for Android's transfer code (its module feature/migration/qrcode).
const (
	qrVersion   = 1
	qrIMAP      = 0
	qrPOP3      = 1
	qrSMTP      = 0
	qrSTARTTLS  = 2
	qrTLS       = 3
	qrCleartext = 1 // of the password, inside TLS
)

// AndroidCode returns the text of the code that Thunderbird for Android reads with its camera, without a password. ok is false
// where the service cannot send and receive.
func (s Service) AndroidCode(p Person) (text []byte, ok bool) {
	local, domain, ok := splitAddress(p.Address)
	if !ok || !s.SendsAndReceives() {
		return nil, false
	}
	address := local + "@" + domain
	login := cmp.Or(p.Login, s.Login.of(local, domain))
	incoming := []any{qrIMAP, s.IMAP.Host, s.IMAP.Port, qrSecurity(s.IMAP), qrCleartext, login}
	if !s.IMAP.Known() {
		incoming = []any{qrPOP3, s.POP3.Host, s.POP3.Port, qrSecurity(s.POP3), qrCleartext, login}
	}
	outgoing := []any{qrSMTP, s.Submission.Host, s.Submission.Port, qrSecurity(s.Submission), qrCleartext, login}
	identity := []any{address, cmp.Or(p.Name, address)}
	return qrJSON([]any{qrVersion, []any{1, 1}, incoming, []any{[]any{outgoing, identity}}}), true
}

func qrSecurity(server Server) int {
	if server.Security == protocol.StartTLS {
		return qrSTARTTLS
	}
	return qrTLS
}

// qrJSON leaves characters as they are: an escape would make the code larger.
func qrJSON(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // texts and numbers cannot fail
	return bytes.TrimSpace(b.Bytes())
}

// Picture returns a text as a PNG of a QR code that a camera reads from a screen or from paper. A text of more than 2,331 octets is an
// error.
func Picture(text []byte) ([]byte, error) {
	code, err := qr.Encode(string(text), qr.M)
	if err != nil {
		return nil, err // more than 2,331 octets
	}
	return code.PNG(), nil
}
