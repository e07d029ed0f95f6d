// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"rehome"
	"rehome/internal/pass"
	"rehome/internal/protocol/dav"
)

// What an end lists and does not show is neither deleted nor free.
func TestPlan_leavesAloneWhatIsNotShown(t *testing.T) {
	t.Parallel()
	hidden := &dav.UnshownError{Hrefs: []string{"/s/work/"}, Err: &dav.StatusError{Status: http.StatusForbidden}}
	rest, err := setApart(faultOf(hidden, "list", "x"))
	if rest == nil || err != nil || !shown(hidden) || shown(errors.New("cut")) {
		t.Fatalf("%v, %v", rest, err)
	}
	v := view{
		kind: dav.Calendars, src: []dav.Collection{{Href: "/s/home/"}, {Href: "/s/other/work/"}}, dst: []dav.Collection{{Href: "/d/work/"}},
		srcHome: &dav.Home{}, dstHome: &dav.Home{HomeSets: []string{"/d/"}}, hidden: hidden.Keys(),
		known: map[string]string{"/s/work/": "/d/work/", "/s/home/": "/d/home/"},
	}
	if moved := v.moved(); len(moved) > 0 {
		t.Errorf("taken for moved: %v", moved)
	}
	p := v.plan()
	if len(p.deleted) > 0 {
		t.Errorf("taken for deleted: %+v", p.deleted)
	}
	if len(p.nowhere) > 0 {
		t.Errorf("taken for nowhere: %+v", p.nowhere)
	}
	p.withhold((&dav.UnshownError{Hrefs: []string{"/d/home/"}}).Keys())
	if len(p.placements) != 1 || p.placements[0].source.Href != "/s/other/work/" {
		t.Errorf("placed: %+v", p.placements)
	}
	s := newSlice(New(Options{Kinds: []rehome.Kind{rehome.KindCalendars}}), account(), time.Now(), pass.Budget{})
	s.tellUnshown(&p, "source", hidden)
	if len(p.unshown) != 1 || len(s.findings) != 1 || s.findings[0].Object != "/s/work/" {
		t.Errorf("told: %v, %+v", p.unshown, s.findings)
	}
}
