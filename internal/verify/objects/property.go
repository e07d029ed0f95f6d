// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"slices"
	"strings"

	"rehome"
	"rehome/internal/protocol/dav"
)

// compareProperties names the properties of a source collection that are others at the destination. They are
// told and decide nothing: what somebody has chosen at the destination is left alone.
func compareProperties(src, dst dav.Collection) []dav.Property {
	var differ []dav.Property
	for _, p := range []struct {
		property dav.Property
		src, dst string
	}{
		{dav.PropertyName, src.Name, dst.Name},
		{dav.PropertyDescription, src.Description, dst.Description},
		{dav.PropertyColor, plainColor(src.Color), plainColor(dst.Color)},
		{dav.PropertyOrder, strings.TrimLeft(src.Order, "0"), strings.TrimLeft(dst.Order, "0")},
		{dav.PropertyTimezone, zoneName(src.Timezone), zoneName(dst.Timezone)},
		{dav.PropertyTransparency, transparency(src), transparency(dst)},
	} {
		if p.src != "" && p.src != p.dst {
			differ = append(differ, p.property)
		}
	}
	return differ
}

// plainColor writes "#FF2968" and "#ff2968ff" in one way: clients add how opaque a colour is.
func plainColor(color string) string {
	color = strings.ToUpper(strings.TrimSpace(color))
	if len(color) == len("#RRGGBBAA") {
		color = strings.TrimSuffix(color, "FF")
	}
	return color
}

// zoneName is the TZID of a calendar-timezone: its rules are every server's own.
func zoneName(zone string) string {
	for line := range strings.Lines(zone) {
		if name, found := strings.CutPrefix(strings.TrimSpace(line), "TZID:"); found {
			return name
		}
	}
	return strings.TrimSpace(zone)
}

func transparency(c dav.Collection) string {
	if c.Transparent {
		return "transparent"
	}
	return ""
}

// lostComponents are kinds of object that the source's collection takes and the destination's does not, as far
// as both say.
func lostComponents(src, dst dav.Collection) []string {
	if len(dst.Components) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(src.Components), func(name string) bool {
		return slices.ContainsFunc(dst.Components, func(other string) bool { return strings.EqualFold(name, other) })
	})
}

// concludeProperties compares each collection with the one in which most of its objects are.
func (c *check) concludeProperties() {
	for i := range c.result.Collections {
		at := &c.result.Collections[i]
		dst, found := c.targets[at.Destination]
		if !found {
			continue
		}
		src := c.sources[i]
		var all []string
		for _, property := range compareProperties(src, dst) {
			at.Properties = append(at.Properties, string(property))
			all = append(all, string(property))
		}
		if lost := lostComponents(src, dst); len(lost) > 0 {
			at.Properties = append(at.Properties, "components")
			all = append(all, "place for "+strings.Join(lost, " and "))
		}
		if len(all) > 0 {
			c.findings = append(c.findings, propertiesDiffer.On(at.Source, rehome.Values{"what": strings.Join(all, ", ")}))
		}
	}
}
