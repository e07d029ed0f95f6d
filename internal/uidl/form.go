// SPDX-License-Identifier: Apache-2.0

package uidl

import (
	"math"
	"strconv"
	"strings"

	"rehome/internal/protocol/imap"
)

// Form is how a server makes its identifiers.
type Form string

// The forms.
const (
	// Opaque identifiers do not show what they are made of: file names, digests, numbers of another kind.
	Opaque Form = "opaque"
	// DovecotForm is the UID and the UIDVALIDITY in 8 hexadecimal digits each: Dovecot's default, %08Xu%08Xv.
	DovecotForm Form = "uid_uidvalidity_hex"
	// UWForm is the same the other way round: UW's ipop3d.
	UWForm Form = "uidvalidity_uid_hex"
	// CyrusForm is "UIDVALIDITY.UID": Cyrus, and Dovecot 0.99.
	CyrusForm Form = "uidvalidity.uid"
	// CourierForm is "UIDVALIDITY-UID": Courier, for messages that came by IMAP; others have their file's name.
	CourierForm Form = "uidvalidity-uid"
	// NumberForm is the UID alone: old Cyrus, uidl_format: uidonly, hMailServer.
	NumberForm Form = "uid"
)

// forms are those that contain the UID, the ones that prove it first.
func forms() []Form { return []Form{DovecotForm, UWForm, CyrusForm, CourierForm, NumberForm} }

// proves says whether an identifier of the form cannot be mistaken: it contains the UIDVALIDITY.
func (f Form) proves() bool { return f != Opaque && f != NumberForm }

// Sentence says in words what identifiers of the form are.
func (f Form) Sentence() string {
	switch f {
	case DovecotForm:
		return "UID and UIDVALIDITY in hexadecimal digits, Dovecot's usual form"
	case UWForm:
		return "UIDVALIDITY and UID in hexadecimal digits, the form of UW's ipop3d"
	case CyrusForm:
		return "UIDVALIDITY, a dot and the UID, the form of Cyrus"
	case CourierForm:
		return "UIDVALIDITY, a hyphen and the UID, a form of Courier"
	case NumberForm:
		return "the UID alone"
	default:
		return "a form of the server's own"
	}
}

// FormOf returns the form that most identifiers have which contain this UIDVALIDITY, else NumberForm if all are numbers that rise,
// else Opaque.
func FormOf(validity uint32, shown []Shown) Form {
	best, most := Opaque, 0
	for _, form := range forms() {
		count, last := 0, imap.UID(0)
		for _, s := range shown {
			uid, ok := form.UIDOf(validity, s.ID)
			if ok && (form.proves() || uid > last) {
				count++
			}
			last = uid
		}
		if count > most && (form.proves() || count == len(shown) && best == Opaque) {
			best, most = form, count
		}
	}
	return best
}

// Of returns the identifier of a message in a form that contains the UID; "" for Opaque.
func (f Form) Of(validity uint32, uid imap.UID) string {
	decimal := func(n uint64) string { return strconv.FormatUint(n, 10) }
	switch f {
	case DovecotForm:
		return hex8(uint32(uid)) + hex8(validity)
	case UWForm:
		return hex8(validity) + hex8(uint32(uid))
	case CyrusForm:
		return decimal(uint64(validity)) + "." + decimal(uint64(uid))
	case CourierForm:
		return decimal(uint64(validity)) + "-" + decimal(uint64(uid))
	case NumberForm:
		return decimal(uint64(uid))
	default:
		return ""
	}
}

func hex8(n uint32) string {
	digits := strconv.FormatUint(uint64(n), 16)
	return strings.Repeat("0", 8-len(digits)) + digits
}

// UIDOf takes the UID out of an identifier: ok is false where it is not of this form, or of another UIDVALIDITY.
func (f Form) UIDOf(validity uint32, id string) (uid imap.UID, ok bool) {
	text, base := "", 10
	switch f {
	case DovecotForm, UWForm:
		if len(id) != 16 {
			return 0, false
		}
		text, base = id[:8], 16
		if f == UWForm {
			text = id[8:]
		}
	case CyrusForm, CourierForm:
		_, text, _ = strings.Cut(id, map[Form]string{CyrusForm: ".", CourierForm: "-"}[f])
	case NumberForm:
		text = id
	default:
		return 0, false
	}
	n, err := strconv.ParseUint(text, base, 32)
	if err != nil || n == 0 || n > math.MaxUint32 || !strings.EqualFold(f.Of(validity, imap.UID(n)), id) {
		return 0, false
	}
	return imap.UID(n), true
}
