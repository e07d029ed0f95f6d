// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/atmail8"
	"rehome/lab/cyrus"
	"rehome/lab/xandikos"
)

const davPassword = "Correct-Horse-1,2"

func startXandikos(t *testing.T, l *lab.Lab) string {
	t.Helper()
	s, err := xandikos.Start(l, xandikos.Options{Accounts: []xandikos.Account{{Address: address, Password: davPassword}}})
	if err != nil {
		t.Fatal(err)
	}
	return s.URL
}

func startRadicale(t *testing.T, l *lab.Lab) string {
	t.Helper()
	s, err := atmail8.Start(l, atmail8.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]string{{"EmailAddress", "FirstName", "LastName", "Password"}}
	rows = append(rows, accounts(func(who string) []string { return []string{who, "A", "B", davPassword} })...)
	var text strings.Builder
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ImportCSV(strings.NewReader(text.String())); err != nil {
		t.Fatal(err)
	}
	return s.DAVPlain
}

func startCyrusDAV(t *testing.T, l *lab.Lab) string {
	t.Helper()
	s, err := cyrus.Start(l, cyrus.Options{
		Accounts: accounts(func(who string) cyrus.Account { return cyrus.Account{Address: who, Password: davPassword} }),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.DAV()
}

// davClient is somebody who works in an account.
type davClient struct {
	*dav
	t         *testing.T
	books     map[string]string // the path of the collection of a kind
	calendars string            // the home
}

func sitDAV(t *testing.T, at DAVLogin) davClient {
	t.Helper()
	base, err := url.Parse(at.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := davClient{dav: &dav{ctx: t.Context(), at: at, base: base, client: http.DefaultClient}, t: t, books: map[string]string{}}
	for _, one := range c.everything().Collections {
		c.books[one.Kind] = one.Path
		if one.Kind == Calendars {
			c.calendars = path.Dir(strings.TrimSuffix(one.Path, "/"))
		}
	}
	return c
}

func (c davClient) everything() *Objects {
	c.t.Helper()
	all, err := ReadObjects(c.t.Context(), c.at)
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

func (c davClient) do(method, at, contentType, body string) {
	c.t.Helper()
	status, _, said, err := c.request(method, at, map[string]string{"Content-Type": contentType}, body)
	if err != nil || status/100 != 2 || status == http.StatusMultiStatus {
		c.t.Fatalf("%s %s: %d %s %v", method, at, status, said, err)
	}
}

func (c davClient) put(name, body string) {
	c.t.Helper()
	kind, contentType := Contacts, "text/vcard; charset=utf-8"
	if strings.HasSuffix(name, ".ics") {
		kind, contentType = Calendars, "text/calendar; charset=utf-8"
	}
	c.do(http.MethodPut, c.books[kind]+name, contentType, strings.ReplaceAll(body, "\n", "\r\n"))
}

func (c davClient) remove(name string) {
	c.t.Helper()
	kind := Contacts
	if strings.HasSuffix(name, ".ics") {
		kind = Calendars
	}
	c.do(http.MethodDelete, c.books[kind]+name, "text/plain", "")
}

const (
	someCard = "BEGIN:VCARD\nVERSION:3.0\nUID:card-1\nFN:Anna A\nN:A;Anna;;;\nTEL;TYPE=cell,home:+1 555\nCATEGORIES:one,two\n" +
		"NOTE:a\\, b\\nc\nEND:VCARD\n"
	other  = "BEGIN:VCARD\nVERSION:3.0\nUID:card-2\nFN:Bert B\nN:B;Bert;;;\nEMAIL:b@example.test\nEND:VCARD\n"
	series = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//lab//EN\nBEGIN:VTIMEZONE\nTZID:Lab/Zone\n" +
		"BEGIN:STANDARD\nDTSTART:19701025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\n" +
		"BEGIN:DAYLIGHT\nDTSTART:19700329T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n" +
		"END:DAYLIGHT\nEND:VTIMEZONE\n" +
		"BEGIN:VEVENT\nUID:series-1\nDTSTAMP:20240101T000000Z\nDTSTART;TZID=Lab/Zone:20240304T100000\nDTEND;TZID=Lab/Zone:20240304T110000\n" +
		"SUMMARY:Weekly\nRRULE:FREQ=WEEKLY;COUNT=20\nEXDATE;TZID=Lab/Zone:20240318T100000\n" +
		"BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:soon\nTRIGGER:-PT15M\nEND:VALARM\nEND:VEVENT\n" +
		"BEGIN:VEVENT\nUID:series-1\nRECURRENCE-ID;TZID=Lab/Zone:20240325T100000\nDTSTAMP:20240101T000000Z\n" +
		"DTSTART;TZID=Lab/Zone:20240325T120000\nDTEND;TZID=Lab/Zone:20240325T130000\nSUMMARY:Weekly\\, later\nEND:VEVENT\nEND:VCALENDAR\n"
	single = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//lab//EN\nBEGIN:VEVENT\nUID:single-1\nDTSTAMP:20240101T000000Z\n" +
		"DTSTART;VALUE=DATE:20240501\nSUMMARY:Holiday\nEND:VEVENT\nEND:VCALENDAR\n"
)

func (c davClient) furnish() {
	c.put("a.vcf", someCard)
	c.put("b.vcf", other)
	c.put("s.ics", series)
	c.put("h.ics", single)
}

// replaced puts an object anew with something in it changed.
func (c davClient) replaced(name, body, old, now string) {
	c.t.Helper()
	if !strings.Contains(body, old) {
		c.t.Fatalf("%q is not in %s", old, body)
	}
	c.put(name, strings.ReplaceAll(body, old, now))
}

type plantedObject struct {
	name, want string
	do         func(c davClient)
}

func objectPlants() []plantedObject {
	const lost, extra, changed, times = "object lost", "object extra", "object changed", "occurrences"
	edit := func(name, body, old, now string) func(davClient) {
		return func(c davClient) { c.replaced(name, body, old, now) }
	}
	return []plantedObject{
		{"a contact is lost", lost, func(c davClient) { c.remove("a.vcf") }},
		{"an event is lost", lost, func(c davClient) { c.remove("h.ics") }},
		{"an event is only there", extra, edit("more.ics", single, "single-1", "single-2")},
		{"a number is another", changed, edit("a.vcf", someCard, "555", "556")},
		{"a type is gone", changed, edit("a.vcf", someCard, "cell,", "")},
		{"a category is gone", changed, edit("a.vcf", someCard, "one,two", "one")},
		{"two categories are one", changed, edit("a.vcf", someCard, "one,two", `one\,two`)},
		{"a note lost its line", changed, edit("a.vcf", someCard, `b\nc`, "b c")},
		{"a summary is another", changed, edit("h.ics", single, "Holiday", "holiday")},
		{"an exception is gone", changed, edit("s.ics", series, "EXDATE;TZID=Lab/Zone:20240318T100000\n", "")},
		{"a rule is shorter", changed, edit("s.ics", series, "COUNT=20", "COUNT=19")},
		{"an alarm is gone", changed, edit("s.ics", series, "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:soon\nTRIGGER:-PT15M\nEND:VALARM\n", "")},
		{"an alarm is later", changed, edit("s.ics", series, "-PT15M", "-PT5M")},
		{"an override is gone", changed, func(c davClient) {
			before, after, _ := strings.Cut(series, "BEGIN:VEVENT\nUID:series-1\nRECURRENCE-ID")
			_, after, _ = strings.Cut(after, "END:VEVENT\n")
			c.put("s.ics", before+after)
		}},
		{"the zone has another summer", times, edit("s.ics", series, "BYMONTH=3", "BYMONTH=4")},
		{"the zone is an hour off", times, edit("s.ics", series, "TZOFFSETTO:+0100", "TZOFFSETTO:+0000")},
		{"a calendar is only there", "collection extra", func(c davClient) {
			c.do("MKCALENDAR", c.calendars+"/more/", "text/xml", "")
			c.do(http.MethodPut, c.calendars+"/more/x.ics", "text/calendar", strings.ReplaceAll(single, "single-1", "single-3"))
		}},
	}
}

// ofKind pairs the only collections of a kind.
func ofKind(from *Collection, among []*Collection) string {
	for _, to := range among {
		if !strings.Contains(to.Path, "/more") {
			return to.Path
		}
	}
	return "none"
}

func TestCompareObjects_findsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T, l *lab.Lab) string{"Radicale": startRadicale, "Cyrus": startCyrusDAV} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lab.Open(t)
			src := sitDAV(t, DAVLogin{startXandikos(t, l), address, davPassword})
			at := start(t, l)
			src.furnish()
			want, terms := src.everything(), ObjectTerms{Where: ofKind}
			for i, p := range objectPlants() {
				dst := sitDAV(t, DAVLogin{at, person(i), davPassword})
				dst.furnish()
				if found := CompareObjects(want, dst.everything(), terms); len(found) > 0 {
					t.Fatalf("before %s:\n%s", p.name, found)
				}
				p.do(dst)
				found := CompareObjects(want, dst.everything(), terms)
				if len(found) != 1 || string(found[0].Kind) != p.want {
					t.Errorf("%s: the judge says\n%s\nwant %s", p.name, found, p.want)
				}
			}
		})
	}
}

// What no server that refuses a second UID can be made to hold.
func TestCompareObjects_twiceAndAcrossCollections(t *testing.T) {
	t.Parallel()
	object := func(name, body string) Object {
		return Object{Name: name, Data: []byte(strings.ReplaceAll(body, "\n", "\r\n"))}
	}
	account := func(a, b []Object) *Objects {
		return &Objects{Collections: []*Collection{{Kind: Calendars, Path: "/x/a/", Objects: a}, {Kind: Calendars, Path: "/x/b/", Objects: b}}}
	}
	s, h := object("s.ics", series), object("h.ics", single)
	again := object("other.ics", single)
	one := func(body string) *Objects { return account([]Object{object("x", body)}, nil) }
	half, colon := one("BEGIN:VCARD\n"), one("BEGIN:VCARD\nUID:1\nlost\nEND:VCARD\n")
	second := one(strings.Replace(single, "SUMMARY", "SEQUENCE:2\nSUMMARY", 1))
	for name, test := range map[string]struct {
		src, dst *Objects
		want     string
	}{
		"equal":            {account([]Object{s, h}, []Object{again}), account([]Object{h, s}, []Object{h}), ""},
		"twice":            {account([]Object{h}, nil), account([]Object{h, again}, nil), "object twice: /x/a/"},
		"one of two":       {account([]Object{h, again}, nil), account([]Object{again}, nil), "object lost: /x/a/"},
		"in the other":     {account([]Object{h}, nil), account(nil, []Object{h}), "collection extra: /x/b/, object lost: /x/a/"},
		"not in both":      {account([]Object{h}, []Object{h}), account([]Object{h}, nil), "object lost: /x/b/"},
		"collection lost":  {account([]Object{h}, nil), &Objects{}, "collection lost: /x/a/, collection lost: /x/b/"},
		"not readable":     {half, one("BEGIN:VCARD\nX:1\n"), "object changed: /x/a/"},
		"no colon":         {colon, one("BEGIN:VCARD\nUID:1\nEND:VCARD\n"), "object changed: /x/a/"},
		"sequence is less": {second, account([]Object{h}, nil), "object changed: /x/a/"},
		"refused":          {account([]Object{{Name: "x", Refusal: "GET answers 500"}}, nil), account(nil, nil), "object unread: /x/a/"},
	} {
		found := CompareObjects(test.src, test.dst, ObjectTerms{})
		if name == "in the other" {
			found = CompareObjects(&Objects{Collections: test.src.Collections[:1]}, test.dst, ObjectTerms{})
		}
		if got := told(found); got != test.want {
			t.Errorf("%s: the judge says %s, want %s", name, found, test.want)
		}
	}
}

// Servers write things in their own way.
func TestCompareThings_tolerance(t *testing.T) {
	t.Parallel()
	card := func(lines string) *thing {
		t.Helper()
		data := []byte("BEGIN:VCARD\nVERSION:3.0\nUID:1\n" + lines + "\nEND:VCARD\n")
		root, err := readObject(data)
		if err != nil {
			t.Fatal(err)
		}
		return &thing{Object: Object{Data: data}, root: root}
	}
	for _, same := range [][2]string{
		{"FN:Anna\nTEL:1", "TEL:1\nFN:Anna"},
		{"NOTE:a long\n  line", "NOTE:a long line"},
		{"TEL;TYPE=HOME;TYPE=cell:1", "TEL;type=cell,home:1"},
		{`NOTE:a\, b\;c`, "NOTE:a, b;c"},
		{"GEO:52.5;13.4", "GEO:52.500000;13.400000"},
		{"FN:Anna", "FN:Anna\nX-SERVER:1"},
		{"TEL:1", "TEL;X-ID=7:1"},
		{"N:A;Anna;;;", "N:A;Anna"},
		{"item1.TEL:1", "ITEM1.TEL:1"},
	} {
		if found := compareThings(card(same[0]), card(same[1])); len(found) > 0 {
			t.Errorf("%q and %q: %s", same[0], same[1], found)
		}
	}
	for _, other := range [][2]string{
		{"X-MINE:1", "FN:"}, {"TEL;X-MINE=1:1", "TEL:1"}, {"FN:a", "FN:A"}, {`CATEGORIES:a\,b`, "CATEGORIES:a,b"}, {"item1.TEL:1", "TEL:1"},
		{"TEL:1\nTEL:1", "TEL:1"}, {"N:A;B", "N:A,B"}, {"TEL;TYPE=home:1", "TEL;TYPE=work:1"}, {"NOTE:a", "NOTE:a\nNOTE:b"},
	} {
		if found := compareThings(card(other[0]), card(other[1])); len(found) != 1 {
			t.Errorf("%q and %q are taken for the same", other[0], other[1])
		}
	}
}

// A rule that would take gigabytes to expand is compared by its text.
func TestOccurrences_bounded(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{
		"FREQ=SECONDLY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY", "nonsense",
		"FREQ=YEARLY;BYHOUR=" + numbers(24) + ";BYMINUTE=" + numbers(60) + ";BYSETPOS=1",
	} {
		root, err := readObject([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20240101T000000Z\nRRULE:" + rule + "\nEND:VEVENT\nEND:VCALENDAR\n"))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(root.occurrences()); n < 1 || n > mostOccurrences+1 {
			t.Errorf("%.30s: %d occurrences", rule, n)
		}
	}
}

func numbers(n int) string {
	var all []string
	for i := range n {
		all = append(all, strconv.Itoa(i))
	}
	return strings.Join(all, ",")
}

func FuzzReadObject(f *testing.F) {
	for _, body := range []string{someCard, series, single} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := readObject(data)
		if err != nil {
			return
		}
		a, b := &thing{Object: Object{Data: data}, root: root}, &thing{Object: Object{Data: append(data, '\n')}, root: root}
		if found := compareThings(a, b); len(found) > 0 {
			t.Errorf("it differs from itself: %s", found)
		}
	})
}
