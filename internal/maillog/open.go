// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
	"golang.org/x/text/encoding/unicode"
)

// maxWindow bounds what a decompressor remembers, 128 MiB: "xz -9" and "zstd --ultra" need 64 and 128.
const maxWindow = 128 << 20

// The marks that files begin with, and what to do about those that cannot be read.
var unreadable = []struct{ magic, why string }{
	{"PK\x03\x04", "is a zip archive: unpack it first"},
	{"\x1f\x9d", "was compressed by compress: run uncompress on it first"},
	{"\x04\x22\x4d\x18", "was compressed by lz4: decompress it first"},
	{"7z\xbc\xaf\x27\x1c", "is a 7z archive: unpack it first"},
	{"LZIP", "was compressed by lzip: decompress it first"},
	{"LPKSHHRH", "is a journal of systemd: write it as text with journalctl --file first"},
}

// plain returns the text of a file, decompressed if need be, as a stream. written is when the file's last line can have
// been written, as far as the compressed file knows better than its modification time; zero if it does not.
func plain(file io.Reader) (text io.Reader, written time.Time, err error) {
	content := bufio.NewReaderSize(file, 64<<10)
	begin, _ := content.Peek(32) // less, if the file is shorter
	for _, form := range unreadable {
		if bytes.HasPrefix(begin, []byte(form.magic)) {
			return nil, time.Time{}, errors.New(form.why)
		}
	}
	switch {
	case bytes.HasPrefix(begin, []byte("\x1f\x8b")): // RFC 1952 section 2.3.1
		unzipped, err := gzip.NewReader(content)
		if err != nil {
			return nil, time.Time{}, err
		}
		return unzipped, unzipped.ModTime, nil
	case bytes.HasPrefix(begin, []byte("BZh")):
		return bzip2.NewReader(content), time.Time{}, nil
	case bytes.HasPrefix(begin, []byte("\xfd7zXZ\x00")):
		if err := checkXZ(begin); err != nil {
			return nil, time.Time{}, err
		}
		text, err = xz.NewReader(content)
		return text, time.Time{}, err
	case bytes.HasPrefix(begin, []byte("\x28\xb5\x2f\xfd")): // RFC 8878 section 3.1.1
		decoder, err := zstd.NewReader(content, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, time.Time{}, err
		}
		return decoder, time.Time{}, nil
	}
	return inUTF8(content, begin), time.Time{}, nil
}

// inUTF8 reads what Windows has copied in UTF-16, as its mark of the order of octets tells.
func inUTF8(content io.Reader, begin []byte) io.Reader {
	if bytes.HasPrefix(begin, []byte("\xff\xfe")) || bytes.HasPrefix(begin, []byte("\xfe\xff")) {
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(content)
	}
	return content
}

// checkXZ refuses a dictionary beyond the bound, which the library would make at once. It stands in the header of the
// first block: stream header of 12 octets; size, flags, perhaps two sizes of the block, then the filter's name, 0x21 for
// LZMA2, the length 1 and the size of the dictionary (the .xz file format 1.1.0, 3.1 and 5.3.1).
func checkXZ(begin []byte) error {
	if len(begin) < 14 {
		return nil // the library says what is missing
	}
	at := 14
	for _, flag := range []byte{0x40, 0x80} {
		if begin[13]&flag == 0 {
			continue
		}
		for at < len(begin) && begin[at]&0x80 != 0 { // a number of as many octets as have this bit, and one
			at++
		}
		at++
	}
	if at+2 >= len(begin) || begin[at] != 0x21 {
		return nil
	}
	if size, err := lzma.DecodeDictCap(begin[at+2]); err == nil && size > maxWindow {
		return errors.New("needs more memory to be decompressed than is given to it: decompress it first")
	}
	return nil
}
