// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bufio"
	"compress/flate"
	"context"
)

// Compress turns compression on in both directions (COMPRESS=DEFLATE, RFC 4978). It pays on slow lines
// only: on fast ones it costs more processor time than it saves. Without the extension it returns an
// *UnsupportedError; a server that says NO leaves the connection as it was.
func (c *Client) Compress(ctx context.Context) error {
	if !c.Capabilities().Has("COMPRESS=DEFLATE") {
		return &UnsupportedError{Command: "COMPRESS", Extension: "COMPRESS=DEFLATE"}
	}
	cmd := &command{name: "COMPRESS", accepted: c.decompress}
	if err := c.begin(ctx, cmd); err != nil {
		return err
	}
	defer c.guard(ctx)()
	// The write side is held until the answer is there: the next octet is compressed (RFC 4978, section 3).
	defer func() { <-c.writeLock }()
	err := c.flushLine(cmd.tag + " COMPRESS DEFLATE")
	c.owes(cmd)
	if err != nil {
		return c.orServerWords(cmd, err)
	}
	if err := c.wait(ctx, cmd); err != nil {
		return err
	}
	c.deflater, err = flate.NewWriter(c.transport, flate.DefaultCompression)
	if err != nil {
		return err
	}
	c.out.Reset(c.deflater)
	return nil
}

// decompress makes the reader go on behind the server's OK with what is compressed. It runs on the
// reader, before another octet is read; flate takes single octets from what is buffered already.
func (c *Client) decompress() {
	c.dec.in = bufio.NewReaderSize(flate.NewReader(c.dec.in), readBuffer)
}
