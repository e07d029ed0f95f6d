// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bytes"
	"sync"
)

// fidelity is what a client has learned about how true the server's XML is to what GET hands out.
// XML may lose carriage returns, white space at the ends, and every octet that is not UTF-8. Where
// the ETag is an MD5 each object proves itself; otherwise some are compared.
type fidelity struct {
	mu       sync.Mutex
	md5      bool // an etag was the MD5 of the data
	doubts   int  // etags that looked like an MD5 and were another
	equal    int  // objects with carriage returns that were the same both ways
	distrust bool // one was not

	converts bool // a card of 3.0 came as 4.0 when that was asked for
	stays    int  // cards that came as 3.0 nevertheless
}

const (
	enoughEqual  = 3
	enoughDoubts = 3
	enoughStays  = 3
)

func (f *fidelity) noteMD5() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.md5 = true
}

// mayConvert reports whether the server may hand out cards in another version than the stored one.
func (f *fidelity) mayConvert() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.converts || f.stays < enoughStays
}

// noteConversion notes what came when 4.0 was asked for.
func (f *fidelity) noteConversion(converted bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.converts = f.converts || converted
	if !converted {
		f.stays++
	}
}

// suspects reports whether an object is perhaps not what is stored, although it came by GET.
func (f *fidelity) suspects(o Object) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case IsMD5(o.ETag, o.Data):
		f.md5 = true
		return false
	case !looksLikeMD5(o.ETag), !f.md5 && f.doubts >= enoughDoubts:
		return false
	}
	f.doubts++
	return true
}

// believes reports whether an object that came through XML can be taken as it is.
func (f *fidelity) believes(kind Kind, o Object) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if IsMD5(o.ETag, o.Data) {
		f.md5 = true
		return true
	}
	return !f.distrust && f.equal >= enoughEqual && !(kind == AddressBooks && f.md5)
}

// proven returns the octets that the ETag is the MD5 of, where those that came through XML only lack their
// carriage returns: SabreDAV 1.x takes them out of calendar-data. Otherwise it returns what came.
func proven(o Object) []byte {
	if !looksLikeMD5(o.ETag) || IsMD5(o.ETag, o.Data) || bytes.IndexByte(o.Data, '\r') >= 0 {
		return o.Data
	}
	whole := bytes.ReplaceAll(o.Data, []byte("\n"), []byte("\r\n"))
	if IsMD5(o.ETag, whole) {
		return whole
	}
	return o.Data
}

// learn compares an object that came through XML with what GET says. If it has changed in between
// nothing is learned, and without a carriage return in it nothing about these.
func (f *fidelity) learn(byXML, byGet Object) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case byXML.Data == nil || !SameETag(byXML.ETag, byGet.ETag):
	case !bytes.Equal(byXML.Data, byGet.Data):
		f.distrust = true
	case bytes.IndexByte(byGet.Data, '\r') >= 0:
		f.equal++
	}
}
