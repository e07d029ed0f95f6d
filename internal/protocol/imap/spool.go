// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bytes"
	"io"
	"os"
)

// spool keeps a body that comes before the UID that it belongs to: the attributes of a FETCH response
// have no order (RFC 9051, section 7.5.2). A short one is kept in memory, another in a file that has no
// name any more.
type spool struct {
	section string
	size    int64
	memory  []byte
	file    *os.File
}

const (
	spoolInMemory = 256 << 10
	mostSpools    = 4 // bodies of one response
)

// newSpool reads all of body.
func newSpool(section string, size int64, body io.Reader) (*spool, error) {
	s := &spool{section: section, size: size}
	if size <= spoolInMemory {
		s.memory = make([]byte, size)
		_, err := io.ReadFull(body, s.memory)
		return s, unexpected(err)
	}
	var err error
	if s.file, err = os.CreateTemp("", "rehome-"); err != nil {
		return nil, err
	}
	if err = os.Remove(s.file.Name()); err == nil {
		_, err = io.Copy(s.file, body)
	}
	if err == nil {
		_, err = s.file.Seek(0, io.SeekStart)
	}
	if err != nil {
		s.drop()
		return nil, err
	}
	return s, nil
}

// literal is the body, now that its UID is known.
func (s *spool) literal(uid UID) *Literal {
	l := &Literal{UID: uid, Section: s.section, Size: s.size}
	if s.file != nil {
		l.Reader = s.file
	} else {
		l.Reader = bytes.NewReader(s.memory)
	}
	return l
}

// drop gives the file back; closing one that was only read, or never filled, has nothing to tell.
func (s *spool) drop() {
	if s.file != nil {
		_ = s.file.Close()
	}
}
