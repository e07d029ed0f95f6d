// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"fmt"
	"testing"
)

func TestNamespace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, capabilities, command, answer string
		want                                Namespaces
	}{
		{"one", "NAMESPACE", "NAMESPACE", `* NAMESPACE (("" "/")) NIL NIL`, Namespaces{Personal: []Namespace{{"", "/"}}}},
		{"prefix", "NAMESPACE", "NAMESPACE", `* NAMESPACE (("INBOX." ".")) NIL NIL`, Namespaces{Personal: []Namespace{{"INBOX.", "."}}}},
		{
			"all classes", "NAMESPACE", "NAMESPACE", `* NAMESPACE (("" "/")("#mh/" "/" "X-PARAM" ("FLAG1"))) (("~" "/")) (("#shared/" "/")("#ftp/" NIL))`,
			Namespaces{Personal: []Namespace{{"", "/"}, {"#mh/", "/"}}, Others: []Namespace{{"~", "/"}}, Shared: []Namespace{{"#shared/", "/"},
				{"#ftp/", ""}}},
		},
		{"literal and modified UTF-7", "IMAP4rev2", "NAMESPACE", "* NAMESPACE (({9}\r\n&APw-ber/ \"/\")) NIL NIL",
			Namespaces{Personal: []Namespace{{"über/", "/"}}}},
		{"none", "NAMESPACE", "NAMESPACE", "* NAMESPACE NIL NIL NIL", Namespaces{}},
		{"too short", "NAMESPACE", "NAMESPACE", `* NAMESPACE (("x")())`, Namespaces{}},
		{"nothing said", "NAMESPACE", "NAMESPACE", "* OK", Namespaces{}},
		{"without the extension", "", `LIST "" ""`, `* LIST (\Noselect) "." ""`, Namespaces{Personal: []Namespace{{"", "."}}, Guessed: true}},
		{"without the extension, flat", "", `LIST "" ""`, `* LIST (\Noselect) NIL ""`, Namespaces{Personal: []Namespace{{"", ""}}, Guessed: true}},
		{"without the extension, and nothing said", "", `LIST "" ""`, "* OK", Namespaces{Personal: []Namespace{{"", ""}}, Guessed: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, test.capabilities, func(s *script) {
				s.ok(test.command, test.answer)
				s.silent()
			})
			got, err := client.Namespace(within(t))
			if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", test.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestNamespace_refused(t *testing.T) {
	t.Parallel()
	for _, capabilities := range []string{"NAMESPACE", ""} {
		client := connect(t, capabilities, func(s *script) { s.send(s.expect(".*") + " NO not now") })
		if _, err := client.Namespace(within(t)); !IsStatus(err, "NO") {
			t.Errorf("%q: got %v, want NO", capabilities, err)
		}
	}
}
