// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"rehome/internal/content/pim"
	"rehome/internal/ledger"
)

// foreign is an object at the destination that the ledger does not know.
type foreign struct {
	name, etag string
	uid        string // "" for none
	form       []byte
	taken      bool // it is known by now
}

// strangers are all of them, as they can be recognised: by the UID, and by what they are, for those that have none.
type strangers struct {
	byUID  map[string][]*foreign
	byForm map[string][]*foreign
	hidden map[string]error // decoded names of those that the destination lists and does not return, and why
}

// add takes one in, if it can be read.
func (s *strangers) add(name, etag string, data []byte, kind pim.Kind) {
	object, err := inspect(data)
	if err != nil {
		return // it cannot be recognised: writing it will tell
	}
	if s.byUID == nil {
		s.byUID = map[string][]*foreign{}
		s.byForm = map[string][]*foreign{}
	}
	form, readable := pim.Digest(data, kind)
	f := &foreign{name: name, etag: etag, uid: object.UID, form: form[:]}
	if object.UID != "" {
		s.byUID[object.UID] = append(s.byUID[object.UID], f)
	}
	if readable {
		s.byForm[string(f.form)] = append(s.byForm[string(f.form)], f)
	}
}

// hide takes in one that cannot be read.
func (s *strangers) hide(name string, why error) {
	if s.hidden == nil {
		s.hidden = map[string]error{}
	}
	s.hidden[name] = why
}

// veil reports whether one that could not be read has one of the names that a new object may get. It may be the object itself,
// which its user has brought over, or we before the ledger was lost: nothing is written beside it until the destination has
// shown what it is.
func (s *strangers) veil(names []string) (words string, is bool) {
	if s == nil {
		return "", false
	}
	for _, name := range names {
		if why, is := s.hidden[name]; is {
			return wordsOfVeil(name, why), true
		}
	}
	return "", false
}

func wordsOfVeil(name string, why error) string {
	return fmt.Sprintf("the destination lists %q and does not return it, so this may be the same object: %s", name, wordsOf(why))
}

// called is the one of a name, nil for none.
func (s *strangers) called(name string) *foreign {
	for _, all := range s.byForm {
		if i := slices.IndexFunc(all, func(f *foreign) bool { return f.name == name && !f.taken }); i >= 0 {
			return all[i]
		}
	}
	return nil
}

// withUID are those of a UID that are still strangers.
func (s *strangers) withUID(uid string) []*foreign {
	if uid == "" {
		return nil
	}
	return free(s.byUID[uid])
}

// withPlainUID are those that stand for any part of the event of a UID, the event first.
func (s *strangers) withPlainUID(uid string) (all []*foreign) {
	for _, identity := range slices.Sorted(maps.Keys(s.byUID)) {
		if plainUID(identity) == uid {
			all = append(all, s.withUID(identity)...)
		}
	}
	return all
}

// withForms are those of one of the forms that are still strangers.
func (s *strangers) withForms(forms ...[]byte) []*foreign {
	var all []*foreign
	for _, form := range forms {
		if len(form) > 0 {
			all = append(all, free(s.byForm[string(form)])...)
		}
	}
	return all
}

// of are those that may be what a row has, under another name: of its UID, or of the one that it was given; and what has none
// by what it is, or may be since an answer was lost.
func (s *strangers) of(row ledger.Object) []*foreign {
	all := s.withUID(cmp.Or(row.UID, row.MadeUID))
	if row.UID == "" {
		forms := slices.AppendSeq([][]byte{row.Form, row.Kept}, slices.Chunk(row.Tried, sha256.Size))
		all = append(all, s.withForms(forms...)...)
	}
	return all
}

// take notes that the one of that name is known by now.
func (s *strangers) take(name string) {
	for _, all := range s.byUID {
		for _, f := range all {
			f.taken = f.taken || f.name == name
		}
	}
}

func free(all []*foreign) []*foreign {
	return slices.DeleteFunc(slices.Clone(all), func(f *foreign) bool { return f.taken })
}

// pick takes one out: the first that is preferred, by whatever comes first, else the first, so that no other object is
// taken for the same.
func pick(all []*foreign, preferred ...func(*foreign) bool) (foreign, bool) {
	if len(all) == 0 {
		return foreign{}, false
	}
	found := all[0]
	for _, is := range preferred {
		if i := slices.IndexFunc(all, is); i >= 0 {
			found = all[i]
			break
		}
	}
	found.taken = true
	return *found, true
}
