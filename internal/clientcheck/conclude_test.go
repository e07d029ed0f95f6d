// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rehome"
	"rehome/internal/protocol"
	"rehome/internal/protocol/dns"
)

var anna = Person{Address: "anna@a.example", Side: rehome.Destination}

// autoconfigOf is a small document whose servers are at a host.
func autoconfigOf(host string, edits ...string) []byte {
	server := func(tag, kind string, port int) string {
		return fmt.Sprintf(`<%[1]s type="%[2]s"><hostname>%[3]s</hostname><port>%[4]d</port><socketType>SSL</socketType>`+
			`<authentication>password-cleartext</authentication><username>%%EMAILADDRESS%%</username></%[1]s>`, tag, kind, host, port)
	}
	const head = `<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="a.example"><domain>a.example</domain>`
	return []byte(strings.NewReplacer(edits...).Replace(head +
		server("incomingServer", "imap", 993) + server("outgoingServer", "smtp", 465) + `</emailProvider></clientConfig>`))
}

func poxOf(host string, edits ...string) []byte {
	protocol := func(kind string, port int) string {
		return fmt.Sprintf(`<Protocol><Type>%s</Type><Server>%s</Server><Port>%d</Port><LoginName>anna@a.example</LoginName>`+
			`<SPA>off</SPA><SSL>on</SSL></Protocol>`, kind, host, port)
	}
	return []byte(strings.NewReplacer(edits...).Replace(`<Autodiscover><Response><Account><AccountType>email</AccountType><Action>settings</Action>` +
		protocol("IMAP", 993) + protocol("SMTP", 465) + `</Account></Response></Autodiscover>`))
}

// concluded lets a client walk through answers; what they do not have is a name that does not exist.
func concluded(t *testing.T, key string, answers map[question]answer) (conclusion, []string) {
	t.Helper()
	c := clients()[slices.IndexFunc(clients(), func(c client) bool { return c.key == key })]
	all := map[question]answer{}
	var asked []string
	for range maxRounds {
		end, lacking := conclude(c, anna, Subject{Services: services("a.example")}, all)
		if len(lacking) == 0 {
			return end, asked
		}
		for _, q := range lacking {
			given, there := answers[q]
			if !there && q.how != record {
				given = answer{trouble: NoName, why: q.host() + " does not exist"}
			}
			all[q] = given
			asked = append(asked, string(q.how)+" "+q.words())
		}
	}
	t.Fatal("it asks on and on")
	return conclusion{}, nil
}

func page(body []byte) answer { return answer{status: 200, media: "text/xml", body: body} }

func records(t testing.TB, lines ...string) answer {
	t.Helper()
	var a answer
	for _, line := range lines {
		r, err := dns.ParseRecord(line)
		if err != nil {
			t.Fatal(err)
		}
		a.records = append(a.records, r)
	}
	return a
}

// The whole order of each client, when there is nothing anywhere.
func TestConclude_order(t *testing.T) {
	t.Parallel()
	mx := map[question]answer{
		{how: record, kind: dns.MX, where: "a.example"}:                     records(t, "a.example. MX 10 mx1.mail.host.example."),
		{how: record, kind: dns.SRV, where: "_autodiscover._tcp.a.example"}: records(t, "_autodiscover._tcp.a.example. SRV 0 0 443 x.host.example."),
	}
	const mail = "emailaddress=anna%40a.example"
	for key, want := range map[string][]string{
		"thunderbird": {
			"GET https://autoconfig.a.example/mail/config-v1.1.xml?" + mail, "GET https://a.example/.well-known/autoconfig/mail/config-v1.1.xml?" + mail,
			"GET http://autoconfig.a.example/mail/config-v1.1.xml?" + mail, "GET http://a.example/.well-known/autoconfig/mail/config-v1.1.xml?" + mail,
			"GET https://live.thunderbird.net/autoconfig/v1.1/a.example", "DNS MX a.example",
			"GET https://autoconfig.mail.host.example/mail/config-v1.1.xml?" + mail, "GET https://live.thunderbird.net/autoconfig/v1.1/mail.host.example",
			"GET https://autoconfig.host.example/mail/config-v1.1.xml?" + mail, "GET https://live.thunderbird.net/autoconfig/v1.1/host.example",
			"POST https://autodiscover.a.example/autodiscover/autodiscover.xml", "POST https://a.example/autodiscover/autodiscover.xml",
			"GET once http://autodiscover.a.example/autodiscover/autodiscover.xml", "DNS SRV _autodiscover._tcp.a.example",
			"POST https://x.host.example/autodiscover/autodiscover.xml",
		},
		"thunderbird_android": {
			"GET https://autoconfig.a.example/mail/config-v1.1.xml", "GET https://a.example/.well-known/autoconfig/mail/config-v1.1.xml",
			"GET http://autoconfig.a.example/mail/config-v1.1.xml", "GET http://a.example/.well-known/autoconfig/mail/config-v1.1.xml",
			"GET https://autoconfig.thunderbird.net/v1.1/a.example", "DNS MX a.example",
			"GET https://autoconfig.mail.host.example/mail/config-v1.1.xml", "GET https://autoconfig.thunderbird.net/v1.1/mail.host.example",
			"GET https://autoconfig.host.example/mail/config-v1.1.xml", "GET https://autoconfig.thunderbird.net/v1.1/host.example",
		},
		"outlook": {
			"GET https://a.example/autodiscover/autodiscover.json?Email=anna%40a.example&Protocol=AutodiscoverV1&RedirectCount=1",
			"POST https://a.example/autodiscover/autodiscover.xml",
			"GET https://autodiscover.a.example/autodiscover/autodiscover.json?Email=anna%40a.example&Protocol=AutodiscoverV1&RedirectCount=1",
			"POST https://autodiscover.a.example/autodiscover/autodiscover.xml",
			"GET once http://autodiscover.a.example/autodiscover/autodiscover.xml", "DNS SRV _autodiscover._tcp.a.example",
			"POST https://x.host.example/autodiscover/autodiscover.xml",
		},
		"apple": {"GET https://autoconfig.a.example/mail/apple.mobileconfig?" + mail},
		"davx5": {
			"DNS SRV _caldavs._tcp.a.example", "DNS TXT _caldavs._tcp.a.example", "DNS SRV _carddavs._tcp.a.example", "DNS TXT _carddavs._tcp.a.example",
			"PROPFIND https://a.example/.well-known/caldav", "PROPFIND https://a.example/.well-known/carddav",
		},
	} {
		end, asked := concluded(t, key, mx)
		if end.found != nil || !slices.Equal(asked, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", key, strings.Join(asked, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestConclude_whatEachTakes(t *testing.T) {
	t.Parallel()
	provider := providerQuestions("a.example", "?emailaddress=anna%40a.example")
	bare := providerQuestions("a.example", "")
	office := question{how: post, where: "https://a.example" + autodiscoverPath, address: "anna@a.example"}
	jsonForm := question{how: get,
		where: "https://a.example/autodiscover/autodiscover.json?Email=anna%40a.example&Protocol=AutodiscoverV1&RedirectCount=1"}
	second := question{how: post, where: "https://autodiscover.a.example" + autodiscoverPath, address: "anna@a.example"}
	for _, test := range []struct {
		name, client string
		answers      map[question]answer
		host, passed string // of the first server; part of why the first place was passed
	}{
		{"the first of two", "thunderbird", map[question]answer{
			provider[0]: page(autoconfigOf("one.example")), provider[1]: page(autoconfigOf("two.example"))}, "one.example", ""},
		{"a page of a web server hides the second place", "thunderbird", map[question]answer{
			provider[0]: page([]byte("<html><body>welcome<br></body></html>")), provider[1]: page(autoconfigOf("two.example"))},
			"", "not such a document"},
		{"and not the database", "thunderbird", map[question]answer{
			provider[0]: {status: 200, media: "text/html", body: []byte("<html>")},
			{how: get, where: database + "a.example"}: page(autoconfigOf("db.example"))},
			"db.example", "takes only text/xml"},
		{"a page of a web server on Android", "thunderbird_android", map[question]answer{
			bare[0]: page([]byte("<html><body>welcome<br></body></html>")), bare[1]: page(autoconfigOf("two.example"))},
			"two.example", "not such a document"},
		{"an error there", "thunderbird", map[question]answer{provider[0]: {status: 404}, provider[1]: page(autoconfigOf("two.example"))},
			"two.example", "answers 404"},
		{"OAuth2 alone is skipped", "thunderbird", map[question]answer{provider[0]: page(autoconfigOf("one.example", "password-cleartext", "OAuth2"))},
			"", "OAuth2"},
		{"OAuth2 with a password", "thunderbird", map[question]answer{
			provider[0]: page(autoconfigOf("one.example", "<authentication>", "<authentication>OAuth2</authentication><authentication>"))},
			"one.example", ""},
		{"only one way", "thunderbird", map[question]answer{provider[0]: page(autoconfigOf("one.example", `"smtp"`, `"nntp"`))}, "", "one of both ways"},
		{"without TLS", "thunderbird", map[question]answer{provider[0]: page(autoconfigOf("one.example", ">SSL<", ">plain<"))}, "one.example", ""},
		{"without TLS, which fails all of it", "thunderbird_android", map[question]answer{
			bare[0]: page(autoconfigOf("one.example", ">SSL<", ">plain<"))}, "", "socketType"},
		{"no domain", "thunderbird", map[question]answer{
			provider[0]: page(autoconfigOf("one.example", "<domain>a.example</domain>", ""))}, "", "no domain"},
		{"an impossible port", "thunderbird", map[question]answer{provider[0]: page(autoconfigOf("one.example", "465", "465465"))}, "", "as a port"},
		{"the database", "thunderbird", map[question]answer{{how: get, where: database + "a.example"}: page(autoconfigOf("db.example"))},
			"db.example", "does not exist"},
		{"Autodiscover in the end", "thunderbird", map[question]answer{second: page(poxOf("pox.example"))}, "pox.example", "does not exist"},
		{"the domain itself first", "outlook", map[question]answer{office: page(poxOf("one.example")), second: page(poxOf("two.example"))},
			"one.example", ""},
		{"another page there", "outlook", map[question]answer{office: {status: 404}, second: page(poxOf("two.example"))}, "two.example", "answers 404"},
		{"an error there", "outlook", map[question]answer{second: page([]byte(
			`<Autodiscover><Response><Error><ErrorCode>600</ErrorCode><Message>no</Message></Error></Response></Autodiscover>`))}, "", "does not exist"},
		{"to another place", "outlook", map[question]answer{
			office: page(poxOf("x", "<Action>settings</Action>", "<Action>redirectUrl</Action><RedirectUrl>https://there.example/x</RedirectUrl>")),
			{how: post, where: "https://there.example/x", address: "anna@a.example"}: page(poxOf("there.example"))}, "there.example", ""},
		{"to another address", "outlook", map[question]answer{
			office: page(poxOf("x", "<Action>settings</Action>", "<Action>redirectAddr</Action><RedirectAddr>a@b.example</RedirectAddr>")),
			{how: post, where: "https://autodiscover.b.example" + autodiscoverPath, address: "a@b.example"}: page(poxOf("b.example"))}, "b.example", ""},
		{"round and round", "outlook", map[question]answer{
			office: page(poxOf("x", "<Action>settings</Action>", "<Action>redirectUrl</Action><RedirectUrl>"+office.where+"</RedirectUrl>"))},
			"", "without an end"},
		{"the JSON form leads elsewhere", "outlook", map[question]answer{
			jsonForm: page([]byte(`{"Protocol":"AutodiscoverV1","Url":"https://json.example/y"}`)),
			{how: post, where: "https://json.example/y", address: "anna@a.example"}: page(poxOf("json.example"))}, "json.example", ""},
	} {
		end, _ := concluded(t, test.client, test.answers)
		host, why := "", ""
		if end.found != nil {
			host = end.found.settings.servers[0].Host
		}
		if len(end.passed) > 0 {
			why = end.passed[0].Why
		}
		if host != test.host || !strings.Contains(why, test.passed) || (test.passed == "") != (why == "") {
			t.Errorf("%s: got %q, passed because %q", test.name, host, why)
		}
	}
}

// What is absent from Autodiscover's form means something else to each program.
func TestReadPOX_defaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		edits    []string
		office   bool
		security protocol.Security
		user     string
		noted    bool
	}{
		{nil, true, protocol.ImplicitTLS, "anna@a.example", false},
		{[]string{"<SPA>off</SPA>", ""}, true, protocol.ImplicitTLS, "anna@a.example", true},
		{[]string{"<SPA>off</SPA>", ""}, false, protocol.ImplicitTLS, "anna@a.example", false},
		{[]string{"<LoginName>anna@a.example</LoginName>", ""}, true, protocol.ImplicitTLS, "anna", false},
		{[]string{"<LoginName>anna@a.example</LoginName>", ""}, false, protocol.ImplicitTLS, "anna@a.example", false},
		{[]string{"993", "143"}, false, protocol.StartTLS, "anna@a.example", false},
		{[]string{"993", "143", "<SSL>on</SSL>", "<SSL>on</SSL><Encryption>TLS</Encryption>"}, true, protocol.StartTLS, "anna@a.example", false},
		{[]string{"<SSL>on</SSL>", "<SSL>on</SSL><Encryption>None</Encryption>"}, true, protocol.NoTLS, "anna@a.example", false},
		{[]string{"<SSL>on</SSL>", "<SSL>off</SSL>"}, false, protocol.NoTLS, "anna@a.example", false},
		{[]string{"<SSL>on</SSL>", "<Encryption>None</Encryption>"}, false, protocol.NoTLS, "anna@a.example", false},
	} {
		got, err := readPOX(poxOf("h.example", test.edits...), anna, test.office)
		if err != nil {
			t.Fatal(err)
		}
		s := got.settings
		if s.servers[0].Security != test.security || s.servers[0].User != test.user || (s.trouble != nil) != test.noted {
			t.Errorf("%v, Outlook %v: got %+v", test.edits, test.office, s)
		}
	}
}

// Calendars are followed from the records of DNS, with their path.
func TestConclude_calendarsByDNS(t *testing.T) {
	t.Parallel()
	answers := map[question]answer{}
	for _, kind := range []string{"caldav", "carddav"} {
		name := "_" + kind + "s._tcp.a.example"
		answers[question{how: record, kind: dns.SRV, where: name}] = records(t, name+". SRV 0 1 8443 dav.example.")
		answers[question{how: record, kind: dns.TXT, where: name}] = records(t, name+`. TXT "path=/dav/"`)
	}
	const want = "https://dav.example:8443/dav/"
	answers[question{how: propfind, where: want}] = answer{status: 401, schemes: []string{"digest"}}
	end, _ := concluded(t, "davx5", answers)
	if end.found == nil || end.found.settings.calendars != want || end.found.settings.contacts != want {
		t.Errorf("got %+v", end)
	}
	answers[question{how: propfind, where: want}] = answer{status: 401, schemes: []string{"negotiate"}}
	if end, _ := concluded(t, "davx5", answers); end.found != nil {
		t.Errorf("got %+v from a server that takes no password", end.found)
	}
}

// A redirect of the domain leads DAVx5 to another host, and Thunderbird only within one.
func TestConclude_contactsByRedirect(t *testing.T) {
	t.Parallel()
	known := question{how: propfind, where: "https://a.example/.well-known/carddav"}
	there := answer{status: 401, schemes: []string{"basic"}, via: []string{"https://dav.example/dav/"}}
	for _, test := range []struct{ client, host, want string }{
		{"davx5", "dav.example", "dav.example"}, {"thunderbird_dav", "dav.example", ""}, {"thunderbird_dav", "a.example", "a.example"},
	} {
		there.via = []string{"https://" + test.host + "/dav/"}
		end, _ := concluded(t, test.client, map[question]answer{known: there})
		got := ""
		if end.found != nil {
			got = hostOf(end.found.settings.contacts)
		}
		if got != test.want {
			t.Errorf("%s to %s: got %q, %v", test.client, test.host, got, end.passed)
		}
	}
}

// Whatever is answered, a client comes to an end; what it takes has servers for both ways, and none without a host; the same answers
// give the same end; and nobody has found something where nothing is known.
func TestConclude_anyAnswers(t *testing.T) {
	t.Parallel()
	bodies := []string{"", "<html>", string(autoconfigOf("one.example")), string(autoconfigOf("two.example", ">SSL<", ">plain<")),
		string(poxOf("pox.example")),
		string(poxOf("x", "<Action>settings</Action>",
			"<Action>redirectUrl</Action><RedirectUrl>https://a.example/autodiscover/autodiscover.xml</RedirectUrl>")),
		string(poxOf("x", "<Action>settings</Action>", "<Action>redirectAddr</Action><RedirectAddr>anna@a.example</RedirectAddr>")),
		`{"Protocol":"AutodiscoverV1","Url":"https://a.example/x"}`}
	rapid.Check(t, func(t *rapid.T) {
		dead := rapid.Bool().Draw(t, "dead")
		answers := map[question]answer{}
		for _, c := range clients() {
			var end conclusion
			for round := 0; ; round++ {
				var lacking []question
				if end, lacking = conclude(c, anna, Subject{Services: services("a.example")}, answers); len(lacking) == 0 {
					break
				}
				if round == maxRounds {
					t.Fatalf("%s asks on and on: %v", c.key, lacking)
				}
				for _, q := range lacking {
					answers[q] = answer{trouble: Unknown, why: "no answer in time"}
					if !dead && rapid.Bool().Draw(t, q.words()) {
						status := rapid.SampledFrom([]int{200, 200, 401, 404}).Draw(t, "status")
						answers[q] = answer{status: status, media: "text/xml", body: []byte(rapid.SampledFrom(bodies).Draw(t, "body"))}
					}
				}
			}
			again, _ := conclude(c, anna, Subject{Services: services("a.example")}, answers)
			if fmt.Sprint(again.passed) != fmt.Sprint(end.passed) || (again.found == nil) != (end.found == nil) {
				t.Fatalf("%s: got %v, and then %v", c.key, end, again)
			}
			switch {
			case dead && (end.found != nil || !slices.ContainsFunc(end.passed, func(p Passed) bool { return p.unknown })):
				t.Fatalf("%s: nothing is known, got %+v", c.key, end)
			case end.found != nil && !c.dav && !end.found.settings.sendsAndReceives():
				t.Fatalf("%s: got %+v", c.key, end.found)
			}
		}
	})
}
