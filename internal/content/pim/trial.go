// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"regexp"
	"strings"
)

// A trial is an object that rehome writes to see how a server takes it, and removes at once. Each is known by a word that
// no other has, so that what is read back is that one and no older one that was left behind or arrived late. By the shape
// of its UID one that was left behind is known for what it is, and is nobody's.

// TrialTitle begins SUMMARY and FN of every trial.
const TrialTitle = "test of a move"

// TrialUID is the UID of a trial of something, and its name without the extension. word is drawn for it alone: 26 of the
// letters a to z and the digits 2 to 7.
func TrialUID(what, word string) string { return "rehome-" + what + "-" + word }

// trialUID is the shape, also that of trials which had no word yet.
var trialUID = regexp.MustCompile(`^rehome-(canary-(organizer|attendee)|test)(-[a-z2-7]{26})?$`)

// IsTrialName reports whether an object of that name, decoded, may be a trial: only its data tells for sure.
func IsTrialName(name string) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".ics"), ".vcf")
	return trialUID.MatchString(name)
}

// IsTrial reports whether an object is a trial.
func IsTrial(data []byte) bool {
	if !bytes.Contains(data, []byte("rehome-")) { // most are looked at no further
		return false
	}
	object, err := Inspect(data)
	return err == nil && object.IsTrial()
}

// IsTrial reports whether the object is a trial.
func (o Object) IsTrial() bool {
	return len(o.UIDs) == 1 && trialUID.MatchString(o.UID) && strings.HasPrefix(o.Title, TrialTitle)
}
