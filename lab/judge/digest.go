// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// challenged are the parts of a Digest challenge (RFC 2617, section 3.2.1), which old servers still ask for.
var challenged = regexp.MustCompile(`(realm|nonce|opaque)="([^"]*)"`)

// digestAnswer returns the Authorization for a challenge; "" if it is not one that the judge can answer.
func digestAnswer(challenge string, request *http.Request, at DAVLogin) string {
	if !strings.HasPrefix(challenge, "Digest ") {
		return ""
	}
	told := map[string]string{}
	for _, part := range challenged.FindAllStringSubmatch(challenge, -1) {
		told[part[1]] = part[2]
	}
	const client, count = "judge", "00000001"
	uri := request.URL.RequestURI()
	secret := md5Hex(at.User + ":" + told["realm"] + ":" + at.Password)
	response := md5Hex(secret + ":" + told["nonce"] + ":" + count + ":" + client + ":auth:" + md5Hex(request.Method+":"+uri))
	answer := fmt.Sprintf(`Digest username=%q, realm=%q, nonce=%q, uri=%q, qop=auth, nc=%s, cnonce=%q, response=%q`,
		at.User, told["realm"], told["nonce"], uri, count, client, response)
	if told["opaque"] != "" {
		answer += fmt.Sprintf(`, opaque=%q`, told["opaque"])
	}
	return answer
}

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}
