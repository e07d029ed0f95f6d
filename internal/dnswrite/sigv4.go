// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// awsRegion is what requests to services for the whole world are signed for.
const awsRegion = "us-east-1"

// signAWS signs a request as AWS wants it (Signature Version 4, docs.aws.amazon.com/IAM, "Create a signed AWS API request"). It is
// done here because the library for it is a hundred times as large as what rehome needs: two headers, and no chunks.
func signAWS(r *http.Request, body []byte, now time.Time, service, key, secret string) {
	stamp := now.UTC().Format("20060102T150405Z")
	r.Header.Set("X-Amz-Date", stamp)
	const signed = "host;x-amz-date"
	canonical := strings.Join([]string{
		r.Method,
		r.URL.EscapedPath(),
		strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20"), // sorted by name, as it has to be
		"host:" + r.URL.Host,
		"x-amz-date:" + stamp,
		"",
		signed,
		hashed(body),
	}, "\n")
	scope := strings.Join([]string{stamp[:8], awsRegion, service, "aws4_request"}, "/")
	text := strings.Join([]string{"AWS4-HMAC-SHA256", stamp, scope, hashed([]byte(canonical))}, "\n")
	mac := []byte("AWS4" + secret)
	for _, part := range append(strings.Split(scope, "/"), text) {
		mac = keyed(mac, part)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/"+scope+", SignedHeaders="+signed+", Signature="+hex.EncodeToString(mac))
}

func hashed(octets []byte) string {
	sum := sha256.Sum256(octets)
	return hex.EncodeToString(sum[:])
}

func keyed(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
