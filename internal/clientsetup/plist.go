// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
)

// dict is a dictionary of Apple's property list format, in order. A value is a string, bool, int, dict or []dict.
type dict []entry

type entry struct {
	key   string
	value any
}

// plist writes a property list in its XML form. This is all of the format that a profile needs, and its order is ours, so
// that the same profile has the same octets.
func plist(root dict) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n")
	b.WriteString(`<plist version="1.0">` + "\n")
	writePlist(&b, root)
	b.WriteString("</plist>\n")
	return b.Bytes()
}

func writePlist(b *bytes.Buffer, value any) {
	switch v := value.(type) {
	case string:
		writePlistText(b, "string", v)
	case int:
		writePlistText(b, "integer", strconv.Itoa(v))
	case bool:
		fmt.Fprintf(b, "<%t/>\n", v)
	case dict:
		b.WriteString("<dict>\n")
		for _, e := range v {
			writePlistText(b, "key", e.key)
			writePlist(b, e.value)
		}
		b.WriteString("</dict>\n")
	case []dict:
		b.WriteString("<array>\n")
		for _, one := range v {
			writePlist(b, one)
		}
		b.WriteString("</array>\n")
	}
}

func writePlistText(b *bytes.Buffer, tag, text string) {
	b.WriteString("<" + tag + ">")
	_ = xml.EscapeText(b, []byte(text)) // a buffer takes all; what XML cannot hold becomes U+FFFD
	b.WriteString("</" + tag + ">\n")
}
