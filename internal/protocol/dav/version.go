// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strconv"
)

// A card is asked for in the version that it has. Servers hand out 3.0 unless another is asked for (RFC 6352 section
// 10.4), also cards that they store as 4.0, and lose on the way what 3.0 writes in another way: Cyrus 3.6 cuts the photo
// off. The etag does not tell, it is that of the stored card in every version. What tells is the MD5 in the etag where it
// is one, and else the listed length, which is that of the stored card.

const versionFour = "text/vcard; version=4.0"

// holdsFour reports whether the book may hold cards of version 4.0, as far as it says.
func (c *Collection) holdsFour() bool {
	return c.AddressData == nil || slices.ContainsFunc(c.AddressData, func(form string) bool {
		return len(form) >= 3 && form[len(form)-3:] == "4.0"
	})
}

var (
	saysFour = regexp.MustCompile(`(?im)^VERSION:4\.0\s*$`)
	onlyFour = regexp.MustCompile(`(?im)^(?:[\w-]+\.)?(?:(?:KIND|GENDER|MEMBER|RELATED|ANNIVERSARY|LANG|XML|CLIENTPIDMAP)[;:]|` +
		`[\w-]+[^:\r\n]*;(?:PREF|ALTID|PID|MEDIATYPE|CALSCALE)=|(?:PHOTO|LOGO|SOUND|KEY)[^:\r\n]*:data:)`)
)

func isFour(data []byte) bool { return saysFour.Match(data) }

// usesFour reports whether a card holds what only version 4.0 has (RFC 6350 section 6, appendix A).
func usesFour(data []byte) bool { return onlyFour.Match(data) }

// mayBeConverted reports whether a card is perhaps not in the version that is stored. size is the listed one, -1 if unknown.
func mayBeConverted(data []byte, size int64, four bool) bool {
	return four && !isFour(data) && (size != int64(len(data)) || usesFour(data))
}

// largeCard is from what length on the length of the stored card is asked for before the card is read a second time: a photo
// is on the way and in memory but once where that tells.
const largeCard = 1 << 20

// asStored returns the card in the version that is stored; object is what came without asking for one.
func (c *Client) asStored(ctx context.Context, object Object, size int64) (Object, error) {
	suspect := c.fidelity.suspects(object)
	if IsMD5(object.ETag, object.Data) || isFour(object.Data) || !suspect && !(c.fidelity.mayConvert() && mayBeConverted(object.Data, size, true)) {
		return object, nil
	}
	if !suspect && len(object.Data) > largeCard && !usesFour(object.Data) && c.sizeOf(ctx, object.Href) == int64(len(object.Data)) {
		return object, nil
	}
	four, err := c.get(ctx, object.Href, versionFour)
	switch {
	case ctx.Err() != nil:
		return Object{}, ctx.Err()
	case err != nil: // it has been read, and is not refused for a question that the server does not like
		return object, nil //nolint:nilerr // see above
	case IsMD5(four.ETag, four.Data):
		c.fidelity.noteMD5()
		return four, nil
	}
	c.fidelity.noteConversion(isFour(four.Data))
	if !isFour(four.Data) || !SameETag(object.ETag, four.ETag) {
		return object, nil
	}
	if n := int64(len(object.Data)); size != n && size != int64(len(four.Data)) {
		size = c.sizeOf(ctx, object.Href)
	}
	if storedAsFour(object.Data, four.Data, size) {
		return four, nil
	}
	return object, nil
}

// storedAsFour decides which of two versions of a card is the stored one: the one of the listed length; without that the one
// that says more, since a conversion only ever loses.
func storedAsFour(three, four []byte, size int64) bool {
	isThree := size == int64(len(three))
	isFour := size == int64(len(four))
	switch {
	case isThree && isFour:
		return usesFour(four)
	case isThree || isFour:
		return isFour
	}
	a, b := properties(three), properties(four)
	return b > a || a == b && len(four) > len(three)
}

// properties counts the lines that are no continuation.
func properties(card []byte) int {
	n := 0
	for line := range bytes.Lines(card) {
		if line[0] != ' ' && line[0] != '\t' {
			n++
		}
	}
	return n
}

// sizeOf asks how long the stored object is; -1 if the server does not say.
func (c *Client) sizeOf(ctx context.Context, href string) int64 {
	target, err := c.target(href)
	if err != nil {
		return -1
	}
	r, _, err := c.properties(ctx, target, davName("getcontentlength"))
	if err != nil {
		return -1
	}
	size, err := strconv.ParseInt(r.value(davName("getcontentlength")), 10, 64)
	if err != nil {
		return -1
	}
	return size
}
