// SPDX-License-Identifier: Apache-2.0

package imap

import "bufio"

// Most connections move little: they log in, look, and find nothing to do, and a move of many accounts opens and closes them
// all the time. So each begins with small buffers, and gets large ones when it has moved more than busy octets in that direction.
const (
	smallBuffer = 4 << 10
	readBuffer  = 64 << 10
	writeBuffer = 64 << 10
	busy        = 16 << 10
)

// growIn is called by the reader between two responses. What the small buffer still holds is read first.
func (c *Client) growIn() {
	if c.dec.in.Size() < readBuffer && c.transport.read.Load() > busy {
		c.dec.in = bufio.NewReaderSize(c.dec.in, readBuffer)
	}
}

// growOut is called by whoever has the write side.
func (c *Client) growOut() {
	if c.out.Size() < writeBuffer && c.out.Buffered() == 0 && c.deflater == nil && c.transport.written.Load() > busy {
		c.out = bufio.NewWriterSize(c.transport, writeBuffer)
	}
}
