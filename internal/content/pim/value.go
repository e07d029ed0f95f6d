// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// What a value means is a matter of its type (RFC 5545 section 3.3, RFC 6350 section 4), and a server may write
// the same one in another way: "52.5" and "52.500000", "http://Example.ORG" and "http://example.org/". The
// functions here write each type in one way. Text that is not of its type stays as it is, so that only what
// surely means the same has the same form.

// decimal writes FLOAT and INTEGER without the signs and zeros that say nothing.
func decimal(text string) (string, bool) {
	text = strings.TrimSpace(text)
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 {
		return "", false
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole+fraction == "" || whole != "" && !onlyDigits(whole) || fraction != "" && !onlyDigits(fraction) {
		return "", false
	}
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if text[0] == '-' && whole != "0" {
		whole = "-" + whole
	}
	return whole, true
}

func integer(text string) string {
	if number, ok := decimal(text); ok {
		return number
	}
	return text
}

// position writes GEO: of iCalendar and vCard 3.0 ("52.5;13.4"), and of vCard 4.0 ("geo:52.5,13.4", RFC 5870).
// Six decimals are what RFC 5545 section 3.8.1.6 asks for, and what some servers keep: a tenth of a meter.
func position(value string) string {
	text := strings.ReplaceAll(strings.TrimSpace(value), `\`, "")
	separator := ";"
	if rest, ok := cutScheme(text, "geo:"); ok {
		text = rest
		separator = ","
	}
	latitude, longitude, found := strings.Cut(text, separator)
	if !found {
		return value
	}
	var written [2]string
	for i, number := range []string{latitude, longitude} {
		if _, ok := decimal(number); !ok || len(number) > 64 {
			return value
		}
		degrees, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil {
			return value
		}
		written[i], _ = decimal(strconv.FormatFloat(degrees, 'f', 6, 64))
	}
	return "geo:" + written[0] + "," + written[1]
}

// cutScheme cuts a prefix off in any case.
func cutScheme(text, scheme string) (rest string, ok bool) {
	if len(text) < len(scheme) || !strings.EqualFold(text[:len(scheme)], scheme) {
		return text, false
	}
	return text[len(scheme):], true
}

// reference writes a URI in the way of RFC 3986 section 6.2.2 and 6.2.3: scheme and host in lower case, the hex
// digits of "%2F" in upper case, the path "/" where there is none.
func reference(value string) string {
	value = strings.TrimSpace(value)
	scheme, rest, found := strings.Cut(value, ":")
	switch {
	case !found || scheme == "" || len(scheme) > 32 || strings.Trim(strings.ToLower(scheme), "abcdefghijklmnopqrstuvwxyz0123456789+-.") != "":
		return value
	case strings.EqualFold(scheme, "mailto"):
		return address(value)
	case strings.EqualFold(scheme, "geo"):
		return position(value)
	}
	scheme = strings.ToLower(scheme)
	if authority, ok := strings.CutPrefix(rest, "//"); ok {
		end := strings.IndexAny(authority, "/?#")
		if end < 0 {
			end = len(authority)
		}
		host := authority[:end]
		path := authority[end:]
		at := strings.LastIndexByte(host, '@') + 1
		if path == "" && (scheme == "http" || scheme == "https") {
			path = "/"
		}
		rest = "//" + host[:at] + strings.ToLower(host[at:]) + path
	}
	return scheme + ":" + upperEscapes(rest)
}

func upperEscapes(text string) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	written := []byte(text)
	for i := 0; i+2 < len(written); i++ {
		if written[i] == '%' {
			copy(written[i+1:i+3], strings.ToUpper(text[i+1:i+3]))
		}
	}
	return string(written)
}

// utcOffset writes the TZ of a contact ("-05:00", "-0500") in one way.
func utcOffset(value string) string {
	plain := strings.ReplaceAll(strings.TrimSpace(value), ":", "")
	if len(plain) == 3 {
		plain += "00"
	}
	if _, ok := parseOffset(plain); ok {
		return plain
	}
	return value
}

// typed writes the value of an extension as its VALUE says.
func typed(line Line, text string) string {
	switch strings.ToUpper(line.Param("VALUE")) {
	case "FLOAT", "INTEGER":
		return integer(text)
	case "BOOLEAN":
		return strings.ToUpper(strings.TrimSpace(text))
	case "URI", "CAL-ADDRESS":
		return reference(text)
	case "UTC-OFFSET":
		return utcOffset(text)
	case "LANGUAGE-TAG":
		return strings.ToLower(strings.TrimSpace(text))
	}
	return text
}

// longText is the length in octets from which a text is compared by its hash, so that it is not copied for each
// step of its normal form.
const longText = 64 << 10

// plainly returns the text of a line for comparing: as it is, or the hash of one that is long.
func plainly(line Line) string {
	if len(line.Value) <= longText || line.Param("CHARSET") != "" || isQuotedPrintable(line.content[:len(line.content)-len(line.Value)]) {
		return line.Text()
	}
	hash := sha256.New()
	for value := line.Value; len(value) > 0; {
		piece := value[:min(len(value), longText)]
		if backslashes := len(piece) - len(bytes.TrimRight(piece, `\`)); backslashes%2 == 1 && len(piece) < len(value) {
			piece = value[:len(piece)-1] // the last one goes with what it escapes
		}
		_, _ = io.WriteString(hash, unescape(string(piece)))
		value = value[len(piece):]
	}
	return fmt.Sprintf("long %x", hash.Sum(nil))
}
