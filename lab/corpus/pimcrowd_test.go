// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"net/http"
	"net/url"
	"testing"

	"rehome/internal/content/pim"
	"rehome/lab"
	"rehome/lab/atmail7"
)

func TestContactsAndEvents_areCleanAndDiffer(t *testing.T) {
	t.Parallel()
	for kind, resources := range map[pim.Kind][]Resource{
		pim.KindContact: Contacts(200), pim.KindCalendar: append(Events(300), Meetings("anna@example.test", "bob@example.test",
			"fiona@partner.example")...),
	} {
		names, uids := map[string]bool{}, map[string]bool{}
		for _, r := range resources {
			object, err := pim.Inspect(r.Data)
			if err != nil {
				t.Fatalf("%s: %v", r.Name, err)
			}
			names[r.Name], uids[object.UID] = true, true
			for _, p := range pim.Lint(r.Data, kind) {
				t.Errorf("%s: %s", r.Name, p.Code)
			}
		}
		if len(names) != len(resources) || len(uids) != len(resources) {
			t.Errorf("%s: %d names and %d UIDs of %d", kind, len(names), len(uids), len(resources))
		}
	}
}

func TestMeetings_everySideAndAnswer(t *testing.T) {
	t.Parallel()
	if got, want := len(Meetings("anna@example.test", "bob@example.test", "fiona@partner.example")), 3*(1+2*4); got != want {
		t.Errorf("got %d meetings, want %d", got, want)
	}
}

func TestPIMPerson_largeThingsFitTheServer(t *testing.T) {
	t.Parallel()
	person := PIMPerson(dirtyUser, dirtyPassword, 3, 10_000)
	photo := PhotoContact(20 << 20)
	person.AddressBooks[0].Resources = append(person.AddressBooks[0].Resources, photo)
	server, err := atmail7.Start(lab.Open(t), atmail7.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := SeedPerson(t.Context(), server, person); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, server.DAV+"calendars/"+dirtyUser+"/default/", person); len(got) != 10_000 {
		t.Errorf("the calendar shows %d objects, want 10,000", len(got))
	}
	status, got := request(t, http.MethodGet, server.DAV+"addressbooks/"+dirtyUser+"/default/"+url.PathEscape(photo.Name), person)
	if status != http.StatusOK || len(got) != len(photo.Data) {
		t.Errorf("the photo: %d and %d octets, want %d", status, len(got), len(photo.Data))
	}
}
