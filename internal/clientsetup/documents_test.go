// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/protocol"

	"github.com/google/go-cmp/cmp"
)

// runs calls a program of another hand and returns what it prints.
func runs(t *testing.T, input []byte, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, name, args...)
	command.Stdin = bytes.NewReader(input)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, complaint.String())
	}
	return string(output)
}

func taken(t *testing.T) func([]byte, bool) []byte {
	return func(document []byte, ok bool) []byte {
		t.Helper()
		if !ok {
			t.Fatal("there is no document")
		}
		return document
	}
}

func TestAutoconfig_asWritten(t *testing.T) {
	t.Parallel()
	s := sampleService(t, "example.com")
	for _, version := range []string{"1.1", "1.2"} {
		golden(t, "config-v"+version+".xml", taken(t)(s.Autoconfig(version)))
	}
	s.Login, s.IMAP.Port, s.IMAP.Security, s.DAV, s.Help = LoginLocalPart, 143, protocol.StartTLS, nil, ""
	golden(t, "config-starttls.xml", taken(t)(s.Autoconfig("1.1")))
}

// Horde's mail program reads each server; a user name of its own form is what it becomes for one address.
func TestAutoconfig_readByHorde(t *testing.T) {
	t.Parallel()
	s := sampleService(t, "example.com")
	for _, version := range []string{"1.1", "1.2"} {
		for form, login := range map[LoginForm]string{LoginAddress: "a/b@example.com", LoginLocalPart: "a/b"} {
			s.Login = form
			file := put(t, taken(t)(s.Autoconfig(version)))
			got := runs(t, nil, "php", "testdata/horde.php", file, "a/b@example.com")
			name, _ := json.Marshal(s.name(60))
			row := func(kind, port string) string {
				return `["` + kind + `","new.example.net",` + port + `,"tls","` + login + `",` + strings.NewReplacer(`\u003c`, "<", `\u003e`, ">",
					`\u0026`, "&").Replace(string(name)) + `]`
			}
			want := "[" + row("Imap", "993") + "," + row("Pop3", "995") + "," + row("Msa", "465") + "]"
			if got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", version, got, want)
			}
		}
	}
}

// Outlook's own reader is not to be had: a second reader of XML finds each value under its name and namespace.
func TestAutodiscover_asWritten(t *testing.T) {
	t.Parallel()
	s := sampleService(t, "example.com")
	document := taken(t)(s.Autodiscover("a&b/<c>@Example.com"))
	golden(t, "autodiscover.xml", document)
	const inner = `/*[local-name()="Autodiscover" and namespace-uri()="` + autodiscoverOuter +
		`"]/*[local-name()="Response" and namespace-uri()="` + autodiscoverInner + `"]`
	off := runs(t, document, "xmllint", "--xpath", "count("+inner+`//*[local-name()="SPA" and text()="off"])`, "-")
	if got := strings.TrimSpace(off); got != "3" {
		t.Errorf("SPA is off for %s of 3 servers", got)
	}
	got := runs(t, document, "xmllint", "--xpath", "string("+inner+`//*[local-name()="LoginName"])`, "-")
	if want := "a&b/<c>@example.com"; strings.TrimSpace(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, ok := s.Autodiscover("anna@elsewhere.example"); ok {
		t.Error("another domain's address gets settings")
	}
}

func TestReadAutodiscover(t *testing.T) {
	t.Parallel()
	request := func(schema string) string {
		return strings.Replace(pox("anna@example.com"), autodiscoverInner, schema, 1)
	}
	for _, test := range []struct {
		name, request string
		err           error
	}{
		{"Outlook", request(autodiscoverInner), nil},
		{"a telephone", request(autodiscoverMobile), errNoActiveSync},
		{"something else", request("urn:x"), errNoRequest},
		{"no address", strings.Replace(request(autodiscoverInner), "anna@example.com", " ", 1), errNoAddress},
		{"empty", "", errNoAddress},
		{"no XML", "hello", errNoAddress},
		{"cut off", request(autodiscoverInner)[:300], errNoRequest},
		{"an entity", `<!DOCTYPE x [<!ENTITY a "b">]>` + request(autodiscoverInner), errNoRequest},
		{"deep", strings.Repeat("<a>", 50), errNoRequest},
		{"many", "<a>" + strings.Repeat("<b/>", 2000) + "</a>", errNoRequest},
		{"long", request(strings.Repeat(" ", 20<<10)), errNoRequest},
		{"another charset", strings.Replace(request(autodiscoverInner), "utf-8", "utf-16", 1), errNoRequest},
	} {
		address, err := readAutodiscover(strings.NewReader(test.request))
		if !errors.Is(err, test.err) || err == nil && address != "anna@example.com" {
			t.Errorf("%s: got %q, %v, want %v", test.name, address, err, test.err)
		}
	}
}

func FuzzReadAutodiscover(f *testing.F) {
	f.Add([]byte(`<Autodiscover><Request><EMailAddress>a@b</EMailAddress></Request></Autodiscover>`))
	s, _ := Describe(sample(rehome.Destination), Naming{}, "example.com")
	f.Fuzz(func(t *testing.T, request []byte) {
		address, err := readAutodiscover(bytes.NewReader(request))
		if len(address) > maxAutodiscover {
			t.Errorf("an address of %d octets", len(address))
		}
		if document, ok := s.Autodiscover(address); err == nil && ok && bytes.Count(document, []byte("<LoginName>")) != 3 {
			t.Errorf("got %s", document)
		}
	})
}

func FuzzSplitAddress(f *testing.F) {
	f.Add("anna@example.com")
	f.Add("a@xn--a.b")
	s, _ := Describe(sample(rehome.Destination), Naming{}, "example.com")
	f.Fuzz(func(t *testing.T, address string) {
		local, domain, ok := splitAddress(address)
		if !ok {
			return
		}
		again, domainAgain, ok := splitAddress(local + "@" + domain)
		if !ok || again != local || domainAgain != domain {
			t.Errorf("%q is %q and %q, and then %q and %q, %v", address, local, domain, again, domainAgain, ok)
		}
		s.Domain = domain
		for _, document := range [][]byte{taken(t)(s.Autodiscover(address)), taken(t)(s.Profile(Person{Address: address}))} {
			if texts := textsOf(t, document); !slices.Contains(texts, local+"@"+domain) {
				t.Errorf("%q is not among %q", local+"@"+domain, texts)
			}
		}
	})
}

// textsOf returns the texts of a document, which has to be well-formed.
func textsOf(t *testing.T, document []byte) (texts []string) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatalf("%v in %s", err, document)
		}
		if text, ok := token.(xml.CharData); ok {
			texts = append(texts, string(text))
		}
	}
}

func TestPACC_andItsRecord(t *testing.T) {
	t.Parallel()
	s := sampleService(t, "example.com")
	document := taken(t)(s.PACC())
	golden(t, "pacc.json", document)
	digest := runs(t, document, "sh", "-c", "openssl dgst -sha256 -binary | openssl base64 -A")
	if got, want := PACCRecord(document), "v=UAAC1; a=sha256; d="+digest; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.Submission.Security, s.Submission.Port = protocol.StartTLS, 587
	if _, ok := s.PACC(); ok {
		t.Error("a document without outgoing mail")
	}
}

func TestRecords_asWritten(t *testing.T) {
	t.Parallel()
	s := sampleService(t, "example.com")
	s.Submission.Security, s.Submission.Port, s.POP3 = protocol.StartTLS, 587, Server{}
	golden(t, "records.zone", zone(s.Records("setup.example.net")))
	s, _ = Describe(End{Side: rehome.Source}, Naming{}, "example.com")
	for _, r := range s.Records("setup.example.net") {
		t.Errorf("nothing is known, and %s says %s", r.Name, r.Value)
	}
}

// odd are people whose data has been wrong somewhere.
func odd() []Person {
	return []Person{
		{Address: "anna@example.com", Name: "Anna Example"},
		{Address: "a/b@x", Name: "", Login: "a b"},
		{Address: "a&b'c@example.com", Name: `<script>"&'`},
		{Address: "moshe@example.com", Name: "משה \u202eכהן"},
		{Address: "x@xn--bcher-kva.example", Name: "名前 👩‍👩‍👧‍👦\x00\x0b"},
	}
}

// Two readers of property lists that are not ours read back what was written.
func TestProfile_readByOthers(t *testing.T) {
	t.Parallel()
	for _, p := range odd() {
		_, domain, _ := splitAddress(p.Address)
		profile := taken(t)(sampleService(t, domain).Profile(p))
		runs(t, profile, "xmllint", "--noout", "--nonet", "-")
		file := filepath.Join(t.TempDir(), "profile.plist")
		if err := os.WriteFile(file, profile, 0o600); err != nil {
			t.Fatal(err)
		}
		runs(t, nil, "plistutil", "-i", file, "-o", file+".bin", "-f", "bin")
		read := runs(t, nil, "python3", "-c", "import plistlib,json,sys; print(json.dumps(plistlib.load(open(sys.argv[1],'rb'))))", file+".bin")
		checkProfile(t, p, read)
	}
}

func checkProfile(t *testing.T, p Person, read string) {
	t.Helper()
	var profile map[string]any
	if err := json.Unmarshal([]byte(read), &profile); err != nil {
		t.Fatal(err)
	}
	payloads, _ := profile["PayloadContent"].([]any)
	if len(payloads) != 3 || strings.Contains(read, "Password\": \"") {
		t.Fatalf("got %s", read)
	}
	seen := map[any]bool{profile["PayloadUUID"]: true}
	for _, payload := range payloads {
		one := payload.(map[string]any)
		for _, key := range []string{"PayloadType", "PayloadVersion", "PayloadIdentifier", "PayloadUUID", "PayloadDisplayName"} {
			if one[key] == nil {
				t.Errorf("%s has no %s", one["PayloadType"], key)
			}
		}
		if seen[one["PayloadUUID"]] {
			t.Errorf("%v twice", one["PayloadUUID"])
		}
		seen[one["PayloadUUID"]] = true
	}
	mail := payloads[0].(map[string]any)
	login := p.Login
	if login == "" {
		login = p.Address
	}
	want := map[string]any{
		"EmailAddress": p.Address, "IncomingMailServerUsername": login, "OutgoingMailServerUsername": login, "IncomingMailServerUseSSL": true,
		"OutgoingMailServerUseSSL": true, "IncomingMailServerPortNumber": 993.0, "OutgoingMailServerPortNumber": 465.0,
		"IncomingMailServerHostName": "new.example.net", "OutgoingMailServerHostName": "new.example.net",
	}
	for key, value := range want {
		if mail[key] != value {
			t.Errorf("%s of %s: got %v, want %v", key, p.Address, mail[key], value)
		}
	}
	name := strings.Map(func(r rune) rune {
		if r < ' ' {
			return '\uFFFD' // XML cannot hold it
		}
		return r
	}, p.Name)
	if got, there := mail["EmailAccountName"]; there != (p.Name != "") || there && got != name {
		t.Errorf("name of %s: got %v, want %q", p.Address, got, name)
	}
	if carddav := payloads[2].(map[string]any); carddav["CardDAVHostName"] != "dav.new.example.net" || carddav["CardDAVUseSSL"] != true {
		t.Errorf("got %v", carddav)
	}
}

// The profile after the switch takes the place of the one before: its identifiers are the person's, not the side's.
func TestProfile_identifiersStay(t *testing.T) {
	t.Parallel()
	identifiers := func(side rehome.Side, address string) string {
		s, _ := Describe(sample(side), Naming{}, "example.com")
		profile := taken(t)(s.Profile(Person{Address: address}))
		var kept []string
		lines := strings.Split(string(profile), "\n")
		for i, line := range lines {
			if strings.Contains(line, "PayloadUUID") || strings.Contains(line, "PayloadIdentifier") {
				kept = append(kept, lines[i+1])
			}
		}
		return strings.Join(kept, "\n")
	}
	before, after := identifiers(rehome.Source, "anna@example.com"), identifiers(rehome.Destination, "anna@example.com")
	if before != after || strings.Count(before, "\n") != 7 {
		t.Errorf("got\n%s\nand\n%s", before, after)
	}
	if before == identifiers(rehome.Source, "bert@example.com") {
		t.Error("two people share their identifiers")
	}
}

// zbar reads the picture as a camera would.
func TestAndroidCode_readByAnother(t *testing.T) {
	t.Parallel()
	for _, p := range odd() {
		_, domain, _ := splitAddress(p.Address)
		text := taken(t)(sampleService(t, domain).AndroidCode(p))
		image, err := Picture(text)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "code.png")
		if err := os.WriteFile(file, image, 0o600); err != nil {
			t.Fatal(err)
		}
		got := strings.TrimSuffix(runs(t, nil, "zbarimg", "--quiet", "--raw", "-Sbinary", file), "\n")
		if got != string(text) {
			t.Errorf("%s: got %q, want %q", p.Address, got, text)
		}
		var read []any
		if err := json.Unmarshal(text, &read); err != nil || len(read) != 4 || read[0] != 1.0 {
			t.Errorf("%s: got %s, %v", p.Address, text, err)
		}
	}
	text := taken(t)(sampleService(t, "example.com").AndroidCode(odd()[0]))
	want := `[1,[1,1],[0,"new.example.net",993,3,1,"anna@example.com"],` +
		`[[[0,"new.example.net",465,3,1,"anna@example.com"],["anna@example.com","Anna Example"]]]]`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestDAVLinks_readBack(t *testing.T) {
	t.Parallel()
	for _, p := range odd() {
		_, domain, _ := splitAddress(p.Address)
		calendars, contacts, ok := sampleService(t, domain).DAVLinks(p)
		for scheme, link := range map[string]string{"caldavs": calendars, "carddavs": contacts} {
			u, err := url.Parse(link)
			login := p.Login
			if login == "" {
				login = p.Address
			}
			if err != nil || !ok || u.Scheme != scheme || u.User.Username() != login || u.Host != "dav.new.example.net" || u.Path != "/dav/" {
				t.Errorf("%s: got %s, %v", p.Address, link, err)
			}
			if _, given := u.User.Password(); given {
				t.Errorf("%s has a password", link)
			}
		}
	}
}

func TestAutodiscoverJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path, query, address string
		status               int
		want                 string
	}{
		{"/autodiscover/autodiscover.json", "Email=anna%40example.com&Protocol=AutodiscoverV1&RedirectCount=1", "anna@example.com", 200,
			`{"Protocol":"AutodiscoverV1","Url":"https://autodiscover.example.com/autodiscover/autodiscover.xml"}`},
		{"/autodiscover/autodiscover.json/v1.0/anna@example.com", "protocol=autodiscoverv1", "anna@example.com", 200,
			`{"Protocol":"AutodiscoverV1","Url":"https://autodiscover.example.com/autodiscover/autodiscover.xml"}`},
		{"/autodiscover/autodiscover.json", "Email=anna@example.com&Protocol=ActiveSync", "anna@example.com", 400,
			`{"ErrorCode":"InvalidProtocol","ErrorMessage":"The given protocol value is invalid. Supported values are 'AutodiscoverV1'."}`},
	} {
		query, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		request := readAutodiscoverJSON(test.path, query)
		status, document := request.answer("autodiscover.example.com")
		if request.address != test.address || status != test.status || !json.Valid(document) {
			t.Errorf("%s: got %q, %d, %s", test.query, request.address, status, document)
		}
		if got := strings.NewReplacer(`\u0027`, "'").Replace(string(document)); got != test.want {
			t.Errorf("%s: got %s", test.query, got)
		}
	}
}

func TestWrite_replacesWhatIsOutdated(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	both, _ := DescribeBoth(sample(rehome.Source), sample(rehome.Destination), Naming{}, "setup.example.net", "example.com")
	write := func() {
		t.Helper()
		if err := WriteDomain(folder, both, "setup.example.net", nil); err != nil {
			t.Fatal(err)
		}
		for _, p := range odd() {
			if _, err := WritePerson(filepath.Join(folder, "people"), both.Destination, p, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	write()
	first := files(t, folder)
	write()
	if again := files(t, folder); !cmp.Equal(first, again) {
		t.Error("the same settings gave other documents")
	}
	if n := len(first); n != 2*7+3*5+2*4 {
		t.Errorf("got %d files", n)
	}
	both.Destination.Submission = Server{}
	write()
	for name := range files(t, folder) {
		if strings.Contains(name, "destination/config") || strings.Contains(name, ".mobileconfig") || strings.Contains(name, ".png") {
			t.Errorf("%s was left", name)
		}
	}
}

func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
