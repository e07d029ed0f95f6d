// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"slices"
	"testing"

	"rehome/internal/config"
	"rehome/internal/cutover"
	"rehome/internal/protocol"
)

func TestWantedRecords_comeFromTheSettings(t *testing.T) {
	t.Parallel()
	settings := config.Default()
	settings.Source.IMAP.Address, settings.Source.Webmail = "10.0.0.5:993", "https://webmail.example.com/"
	d := &settings.Destination
	d.IMAP.Address, d.Submission.Address, d.Submission.TLS = "imap.new.example:993", "192.0.2.1:587", protocol.StartTLS
	d.DAV.URL, d.MX.Addresses = "https://dav.new.example/", []string{"mx1.new.example:25"}
	settings.Clients.Hosts = map[string]string{"10.0.0.5": "mail.{domain}", "192.0.2.1": "smtp.new.example"}
	settings.Clients.Responder = "setup.new.example"
	got := New(&settings, "", nil).wantedRecords()
	if !slices.Equal(got.MX, []cutover.MailHost{{Preference: 10, Host: "mx1.new.example"}}) {
		t.Errorf("got MX %v, want the host of destination.mx", got.MX)
	}
	for name, want := range map[string]cutover.Server{
		"_imaps._tcp": {Host: "imap.new.example", Port: 993}, "_submission._tcp": {Host: "smtp.new.example", Port: 587},
		"_caldavs._tcp": {Host: "dav.new.example", Port: 443},
	} {
		if got.Services[name] != want {
			t.Errorf("%s: got %v, want %v", name, got.Services[name], want)
		}
	}
	if want := []string{"mail.{domain}", "webmail.example.com"}; !slices.Equal(got.Hosts, want) || got.Autodiscover != "setup.new.example" {
		t.Errorf("got %v %q, want %v and the responder", got.Hosts, got.Autodiscover, want)
	}
}
