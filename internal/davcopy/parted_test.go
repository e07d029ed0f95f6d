// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"maps"
	"slices"
	"testing"

	"rehome/internal/ledger"
)

// Whatever counted as there because of what stood under a name is written as its own once something else stands there,
// whatever was known of the object that took the place.
func TestPartedFrom_whatStoodUnderTheName(t *testing.T) {
	t.Parallel()
	known := map[string]ledger.Object{
		"merged.vcf":  {Source: "merged.vcf", Destination: "m1.vcf", State: ledger.ObjectMerged, Form: []byte("old")},
		"adopted.vcf": {Source: "adopted.vcf", Destination: "m1.vcf", State: ledger.ObjectAdopted, Form: []byte("old")},
		"same.vcf":    {Source: "same.vcf", Destination: "m1.vcf", State: ledger.ObjectMerged, Form: []byte("new")},
		"other.vcf":   {Source: "other.vcf", Destination: "other.vcf", State: ledger.ObjectAdopted, Form: []byte("old")},
	}
	for _, before := range []ledger.ObjectState{"", ledger.ObjectIntent, ledger.ObjectQuarantined, ledger.ObjectConflict, ledger.ObjectStored} {
		j := &collectionJob{slice: &slice{engine: &Engine{}}, known: maps.Clone(known)}
		p := &transfer{
			way: wayWrite, written: true, before: ledger.Object{Source: "m1.vcf", State: before, Form: []byte("new")},
			row: ledger.Object{Source: "m1.vcf", Destination: "m1.vcf", State: ledger.ObjectStored, Form: []byte("new")},
		}
		var parted []string
		for _, row := range j.partedFrom(p) {
			parted = append(parted, row.Source)
			if row.State != ledger.ObjectIntent || row.Destination != "" {
				t.Errorf("%q before: %+v, want it to be written as its own", before, row)
			}
		}
		slices.Sort(parted)
		if want := []string{"adopted.vcf", "merged.vcf"}; !slices.Equal(parted, want) {
			t.Errorf("%q before: parted %q, want %q", before, parted, want)
		}
		p.written = false
		if left := j.partedFrom(p); left != nil {
			t.Errorf("%q before: parted %+v from what was not written", before, left)
		}
	}
}
