// SPDX-License-Identifier: Apache-2.0

package mechanism

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
)

// cramMD5 is a SASL client for CRAM-MD5 (RFC 2195): the password stays hidden, but the server proves
// nothing, and has to keep the password in a form that is as good as the password itself.
type cramMD5 struct{ user, password string }

// Start implements sasl.Client.
func (m *cramMD5) Start() (string, []byte, error) { return CRAM, nil, nil }

// Next implements sasl.Client.
func (m *cramMD5) Next(challenge []byte) ([]byte, error) {
	mac := hmac.New(md5.New, []byte(m.password))
	mac.Write(challenge)
	return []byte(m.user + " " + hex.EncodeToString(mac.Sum(nil))), nil
}
