// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"slices"
	"testing"

	"rehome/internal/protocol/dav"
)

func TestCompareProperties_namesWhatIsOther(t *testing.T) {
	t.Parallel()
	src := dav.Collection{Name: "Work", Color: "#ff2968FF", Order: "02",
		Timezone: "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\n", Transparent: true,
		Components: []string{"VEVENT", "VTODO"}}
	same := src
	same.Color, same.Order, same.Timezone, same.Components = "#FF2968", "2", "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nX:1\nEND:VTIMEZONE\n", nil
	if got := compareProperties(src, same); got != nil || lostComponents(src, same) != nil {
		t.Errorf("the same in other words: got %v and %v", got, lostComponents(src, same))
	}
	other := dav.Collection{Name: "Play", Description: "the destination's own", Color: "#000000", Components: []string{"vevent"}}
	want := []dav.Property{dav.PropertyName, dav.PropertyColor, dav.PropertyOrder, dav.PropertyTimezone, dav.PropertyTransparency}
	if got := compareProperties(src, other); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := lostComponents(src, other); !slices.Equal(got, []string{"VTODO"}) {
		t.Errorf("lost components: got %v, want VTODO", got)
	}
	if got := compareProperties(dav.Collection{}, other); got != nil {
		t.Errorf("a source that says nothing: got %v", got)
	}
}
