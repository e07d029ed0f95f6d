// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"slices"

	"rehome/internal/content/pim"
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
}

// add takes one in, if it can be read.
func (s *strangers) add(name, etag string, data []byte, kind pim.Kind) {
	object, err := pim.Inspect(data)
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

// withUID are those of a UID that are still strangers.
func (s *strangers) withUID(uid string) []*foreign {
	if uid == "" {
		return nil
	}
	return free(s.byUID[uid])
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
