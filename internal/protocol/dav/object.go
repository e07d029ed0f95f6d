// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"io"
	"net/http"
	"runtime"
	"strings"
)

// Object is one object with its bytes.
type Object struct {
	Href string // as asked, or as listed
	ETag string
	// Data is what the server hands out by GET: it came that way, or its MD5 is the ETag, or the
	// XML of this server was found to be true on other objects.
	Data []byte
	// Err says why there is no Data: *StatusError with 404 if it is gone, *TooLargeError, ...
	Err error
}

// Body is an object that is being read. Read fails with *TooLargeError behind Options.MaxBody.
// The caller closes it.
type Body struct {
	io.ReadCloser
	ETag        string
	ContentType string
	Size        int64 // -1 if the server does not say
}

// Open begins to read one object as it is handed out by GET, for those that are too large to be
// held in memory.
func (c *Client) Open(ctx context.Context, href string) (*Body, error) { return c.open(ctx, href, "") }

// open sends no Accept unless one is given: SabreDAV converts cards to what it names.
func (c *Client) open(ctx context.Context, href, accept string) (*Body, error) {
	target, err := c.target(href)
	if err != nil {
		return nil, err
	}
	// Compressed on the way, Apache and nginx give it another ETag, which later matches nothing.
	header := http.Header{"Accept-Encoding": {"identity"}}
	if accept != "" {
		header.Set("Accept", accept)
	}
	a, err := c.do(ctx, request{method: http.MethodGet, url: target, header: header}, http.StatusOK)
	if err != nil {
		return nil, err
	}
	if a.length > c.options.MaxBody {
		a.close()
		return nil, &TooLargeError{URL: a.url, Limit: c.options.MaxBody}
	}
	return &Body{
		ReadCloser: &limitedBody{a: a, left: c.options.MaxBody, limit: c.options.MaxBody},
		ETag:       a.header.Get("ETag"), ContentType: a.header.Get("Content-Type"), Size: a.length,
	}, nil
}

// limitedBody fails behind the limit, where io.LimitReader would pretend an end.
type limitedBody struct {
	a           *answer
	left, limit int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.a.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, &TooLargeError{URL: b.a.url, Limit: b.limit}
	}
	return n, err
}

func (b *limitedBody) Close() error { return b.a.body.Close() }

// Get reads one object, a card in the version that is stored. A refusal is returned as the error; Object.Err is not
// used.
func (c *Client) Get(ctx context.Context, href string, kind Kind) (Object, error) {
	object, err := c.get(ctx, href, "")
	if err != nil || kind != AddressBooks {
		return object, err
	}
	return c.asStored(ctx, object, -1)
}

func (c *Client) get(ctx context.Context, href, accept string) (Object, error) {
	body, err := c.open(ctx, href, accept)
	if err != nil {
		return Object{}, err
	}
	defer body.Close()
	data, err := readAll(body, body.Size)
	if err != nil {
		return Object{}, err
	}
	return Object{Href: href, ETag: body.ETag, Data: data}, nil
}

// piece is what a body of unknown length is read in: a buffer that doubles would need three times its length.
const piece = 256 << 10

// largeBody is from what length on the memory of what was read before is given back first, which is seldom and takes no time
// beside the reading.
const largeBody = 4 << 20

func readAll(in io.Reader, size int64) ([]byte, error) {
	if size > largeBody {
		runtime.GC()
	}
	if size > 0 {
		data := make([]byte, size)
		_, err := io.ReadFull(in, data)
		return data, err
	}
	var pieces [][]byte
	for {
		data := make([]byte, piece)
		n, err := io.ReadFull(in, data)
		pieces = append(pieces, data[:n])
		switch {
		case err == io.EOF, err == io.ErrUnexpectedEOF:
			return bytes.Join(pieces, nil), nil
		case err != nil:
			return nil, err
		}
	}
}

// IsMD5 reports whether the etag is the MD5 of the data, as in all versions of SabreDAV.
func IsMD5(etag string, data []byte) bool {
	sum := md5.Sum(data)
	return strings.EqualFold(opaqueTag(etag), hex.EncodeToString(sum[:]))
}

// looksLikeMD5 reports whether it could be one.
func looksLikeMD5(etag string) bool {
	raw, err := hex.DecodeString(opaqueTag(etag))
	return err == nil && len(raw) == md5.Size
}
