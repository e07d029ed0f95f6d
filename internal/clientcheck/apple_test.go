// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/smallstep/pkcs7"

	"rehome/internal/clientsetup"
)

func profileOf(t *testing.T) []byte {
	t.Helper()
	both := services("a.example")
	profile, ok := both.Destination.Profile(clientsetup.Person{Address: anna.Address})
	if !ok {
		t.Fatal("there is no profile")
	}
	return profile
}

// A signed profile says the same as one that is not; what only looks like one says nothing.
func TestReadProfile_signed(t *testing.T) {
	t.Parallel()
	profile := profileOf(t)
	n := newInternet(t)
	signed, err := pkcs7.NewSignedData(profile)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := x509.ParseCertificate(n.issue(t, false, "signer.example"))
	if err != nil {
		t.Fatal(err)
	}
	if err := signed.AddSigner(signer, n.key, pkcs7.SignerInfoConfig{}); err != nil {
		t.Fatal(err)
	}
	der, err := signed.Finish()
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"signed": der, "as it is": profile} {
		s, err := readProfile(body)
		if err != nil || len(s.servers) != 2 || s.servers[0].Host != "new.example.net" || s.servers[0].Port != 993 || s.servers[1].User != anna.Address ||
			s.contacts != "https://dav.new.example.net/dav/" || s.calendars != s.contacts {
			t.Errorf("%s: got %+v, %v", name, s, err)
		}
	}
	for _, body := range []string{"", "<plist><array/></plist>", "<plist><dict><key>PayloadContent</key></dict></plist>", string(der[:100]),
		"<plist>" + strings.Repeat("<dict><key>a</key>", 100), "<html><body>sign in</body></html>"} {
		if s, err := readProfile([]byte(body)); err == nil {
			t.Errorf("%.40q: got %+v", body, s)
		}
	}
}

// A Mac takes contacts from /.well-known of the server in the profile, and from nowhere else.
func TestConclude_contactsOnAMac(t *testing.T) {
	t.Parallel()
	link := question{how: get, where: "https://autoconfig.a.example/mail/apple.mobileconfig?emailaddress=anna%40a.example"}
	known := question{how: propfind, where: "https://dav.new.example.net/.well-known/carddav"}
	for status, troubled := range map[int]bool{401: false, 404: true} {
		end, _ := concluded(t, "apple", map[question]answer{
			link: {status: 200, media: "application/x-apple-aspen-config", body: profileOf(t)}, known: {status: status, schemes: []string{"basic"}}})
		if end.found == nil || (end.found.settings.trouble != nil) != troubled {
			t.Errorf("%d: got %+v", status, end)
		}
		if troubled && (end.found.settings.trouble.host != "dav.new.example.net" || end.found.settings.trouble.step == "") {
			t.Errorf("nobody can act on %+v", end.found.settings.trouble)
		}
	}
}
