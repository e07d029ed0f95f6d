// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"encoding/json"
	"net/url"
	"strings"
)

// autodiscoverPath is where the XML form is, on any host of ours; Office writes it in several cases.
const autodiscoverPath = "/autodiscover/autodiscover.xml"

// autodiscoverJSON is what Office asks before the XML form: "Autodiscover v2", for which there is no public norm.
type autodiscoverJSON struct {
	protocol string
	address  string
}

// readAutodiscoverJSON reads ?Email=..&Protocol=.., and the form in which the address is the end of the path. Names of
// parameters are taken in any case.
func readAutodiscoverJSON(path string, query url.Values) autodiscoverJSON {
	var request autodiscoverJSON
	for name, values := range query {
		switch strings.ToLower(name) {
		case "email":
			request.address = values[0]
		case "protocol":
			request.protocol = values[0]
		}
	}
	if last := path[strings.LastIndexByte(path, '/')+1:]; request.address == "" && strings.Contains(last, "@") {
		request.address = last
	}
	return request
}

// answer points to the XML form on a host; every protocol but its own is refused, which makes Office go on to IMAP.
func (r autodiscoverJSON) answer(host string) (status int, document []byte) {
	if !strings.EqualFold(r.protocol, "AutodiscoverV1") {
		return 400, marshalled(struct{ ErrorCode, ErrorMessage string }{
			"InvalidProtocol", "The given protocol value is invalid. Supported values are 'AutodiscoverV1'.",
		})
	}
	return 200, marshalled(struct {
		Protocol string
		URL      string `json:"Url"`
	}{"AutodiscoverV1", "https://" + host + autodiscoverPath})
}

// marshalled is for structs of texts, which cannot fail.
func marshalled(value any) []byte {
	text, _ := json.Marshal(value)
	return text
}
