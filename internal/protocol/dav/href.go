// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"net/url"
	"strings"
)

// Key returns the form of an href by which two can be compared: the path decoded and encoded again
// segment by segment, without a slash at the end. An absolute URL keeps its origin in front. It is
// not to be sent.
func Key(href string) string {
	origin, path := splitOrigin(strings.TrimSpace(href))
	path, query, _ := strings.Cut(path, "?")
	key := strings.ToLower(origin) + encodedAnew(strings.TrimRight(path, "/"))
	if query != "" {
		key += "?" + query
	}
	return key
}

// encodedAnew decodes a path and encodes it again segment by segment.
func encodedAnew(path string) string {
	plain := true // what is never encoded stays as it is
	for i := 0; i < len(path) && plain; i++ {
		plain = path[i] == '/' || isUnreserved(path[i])
	}
	if plain {
		return path
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		segments[i] = url.PathEscape(decodeSegment(segment))
	}
	return strings.Join(segments, "/")
}

// Name returns the decoded last segment of an href: the file name that the server uses.
func Name(href string) string {
	_, path := splitOrigin(strings.TrimSpace(href))
	path, _, _ = strings.Cut(path, "?")
	path = strings.TrimRight(path, "/")
	return decodeSegment(path[strings.LastIndexByte(path, '/')+1:])
}

// Child returns the href of an object in a collection; name is encoded.
func Child(collection, name string) string {
	return strings.TrimRight(collection, "/") + "/" + url.PathEscape(name)
}

// SameETag compares two etags as RFC 9110 section 8.8.3.2 does weakly: a proxy that compresses
// turns strong ones into weak ones. Two empty ones are not the same.
func SameETag(a, b string) bool {
	a, b = opaqueTag(a), opaqueTag(b)
	return a == b && a != ""
}

// opaqueTag returns what is inside the quotes, where there are any.
func opaqueTag(etag string) string {
	etag = strings.TrimSpace(etag)
	etag = strings.TrimPrefix(strings.TrimPrefix(etag, "W/"), "w/")
	if len(etag) >= 2 && etag[0] == '"' && etag[len(etag)-1] == '"' {
		etag = etag[1 : len(etag)-1]
	}
	return etag
}

// splitOrigin cuts "https://host:port" from the path behind it.
func splitOrigin(href string) (origin, path string) {
	scheme := strings.Index(href, "://")
	if scheme < 0 || strings.ContainsAny(href[:scheme], "/?") {
		return "", href
	}
	slash := strings.IndexAny(href[scheme+3:], "/?")
	if slash < 0 {
		return href, ""
	}
	return href[:scheme+3+slash], href[scheme+3+slash:]
}

// decodeSegment decodes what is validly encoded and leaves a raw percent sign as it is.
func decodeSegment(segment string) string {
	if !strings.Contains(segment, "%") {
		return segment
	}
	var out strings.Builder
	for i := 0; i < len(segment); i++ {
		if segment[i] == '%' && isEscape(segment[i:]) {
			out.WriteByte(unhex(segment[i+1])<<4 | unhex(segment[i+2]))
			i += 2
		} else {
			out.WriteByte(segment[i])
		}
	}
	return out.String()
}

func isEscape(s string) bool { return len(s) >= 3 && isHex(s[1]) && isHex(s[2]) }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// wirePath encodes only what cannot stand in a request line, so that an href goes back as it came.
func wirePath(path string) string {
	var out strings.Builder
	out.Grow(len(path))
	for i := 0; i < len(path); i++ {
		c := path[i]
		if isUnreserved(c) || strings.IndexByte("/!$&'()*+,;=:@[]", c) >= 0 || c == '%' && isEscape(path[i:]) {
			out.WriteByte(c)
			continue
		}
		const digits = "0123456789ABCDEF"
		out.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return out.String()
}

// isUnreserved is RFC 3986 section 2.3.
func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// resolve makes the URL that an href means on a page at base. Unlike url.Parse it takes whatever
// servers write, and it keeps the encoding.
func resolve(base *url.URL, href string) (*url.URL, error) {
	origin, path := splitOrigin(strings.TrimSpace(href))
	target := &url.URL{Scheme: base.Scheme, Host: base.Host}
	if strings.HasPrefix(path, "//") && origin == "" { // a network path, or a script that joined two slashes
		path = "/" + strings.TrimLeft(path, "/")
	}
	if origin != "" {
		parsed, err := url.Parse(origin)
		if err != nil {
			return nil, err
		}
		target.Scheme, target.Host = strings.ToLower(parsed.Scheme), strings.ToLower(parsed.Host)
	}
	path, target.RawQuery, _ = strings.Cut(path, "?")
	if origin == "" && !strings.HasPrefix(path, "/") {
		parent := base.EscapedPath()
		path = parent[:strings.LastIndexByte(parent, '/')+1] + path
	}
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	setPath(target, path)
	return target, nil
}

func setPath(u *url.URL, path string) {
	u.RawPath = wirePath(path)
	u.Path = decodeSegment(u.RawPath)
}

// hrefOf is the form in which a URL goes to the caller: a path where it is on the client's own
// origin, so that it stays true when the server is reached by another name.
func (c *Client) hrefOf(u *url.URL) string {
	path := u.EscapedPath()
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	if sameOrigin(u, c.base) {
		return path
	}
	return u.Scheme + "://" + u.Host + path
}

// display is a URL without what must not be shown.
func display(u *url.URL) string {
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
