// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"blitiri.com.ar/go/spf"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// world is a resolver that knows records by "name type".
type world map[string][]string

func (w world) Resolve(_ context.Context, name string, kind Type) (Answer, error) {
	if strings.HasPrefix(name, "unreachable") {
		return Answer{}, &LookupError{Name: name, Err: net.ErrClosed}
	}
	a := Answer{Name: name}
	for _, data := range w[name+" "+string(kind)] {
		r := Record{Name: name, Type: kind, Data: data}
		if kind != TXT {
			r.fields = strings.Fields(data)
		}
		a.Records = append(a.Records, r)
	}
	return a, nil
}

func TestReadMX_sortsAndKnowsTheNullMX(t *testing.T) {
	t.Parallel()
	w := world{"a MX": {"20 b.test", "10 c.test", "10 a.test"}}
	found, _ := w.Resolve(t.Context(), "a", MX)
	if got, want := ReadMX(found.Records).Names(), []string{"a.test", "c.test", "b.test"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := ReadMX([]Record{{Type: MX, fields: []string{"0", ""}}}); !got.Refused || got.Implicit {
		t.Errorf("got %+v, want a domain that takes no mail", got)
	}
	if got := ReadMX(nil); !got.Implicit {
		t.Errorf("got %+v, want that the addresses of the domain count", got)
	}
}

func TestReadSPF_whatReceiversRefuse(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"v=spf1 include:a.test -all":             "",
		"V=SPF1 MX a/24//64 ip6:2001:db8::/32":   "",
		"v=spf1 a:example.test/24 ?all":          "",
		"v=spf1 exists:%{i}.x.test redirect=b.t": "",
		"v=spf1 unknown=modifier ~all":           "",
		"v=spf1 ip4:1.2.3.4/33":                  "not understood",
		"v=spf1 ip4:2001:db8::1":                 "not understood",
		"v=spf1 ip6:1.2.3.4":                     "not understood",
		"v=spf1 includ:a.test":                   "not understood",
		"v=spf1 include: -all":                   "not understood",
		"v=spf1 mx: -all":                        "not understood",
		"v=spf1 all:x":                           "not understood",
		"v=spf1 -":                               "not understood",
		"v=spf1 redirect=a redirect=b":           "twice",
		"v=spf1 redirect=":                       "without a value",
	} {
		got, err := ReadSPF([]string{"google-site-verification=x", text})
		if why == "" && (err != nil || got.Text != text) || why != "" && (err == nil || !strings.Contains(err.Error(), why)) {
			t.Errorf("%q: got %v, want %q", text, err, why)
		}
	}
	if _, err := ReadSPF([]string{"v=spf1 -all", "v=spf1 ~all"}); err == nil || !strings.Contains(err.Error(), "there are 2") {
		t.Errorf("got %v, want that two records are none", err)
	}
	if got, err := ReadSPF([]string{"v=spf10 all"}); err != nil || got.Text != "" {
		t.Errorf("got %+v %v, want no record", got, err)
	}
}

func TestSPF_Without(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"v=spf1 mx ip4:192.0.2.0/28 include:New.test. -all": "v=spf1 include:New.test. -all",
		"v=spf1 -mx ?ip4:192.0.2.0/28 a -all":               "v=spf1 -mx ?ip4:192.0.2.0/28 a -all", // these let nobody send
		"v=spf1 +mx MX ~all":                                "v=spf1 ~all",
		"v=spf1 mx:example.test -all":                       "v=spf1 mx:example.test -all",
	} {
		spf, err := ReadSPF([]string{text})
		if got := spf.Without("mx", "ip4:192.0.2.0/28", "include:other.test"); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestSPF_With(t *testing.T) {
	t.Parallel()
	for before, want := range map[string]string{
		"":                                "v=spf1 mx include:new.test ~all",
		"v=spf1 mx -all":                  "v=spf1 mx include:new.test -all",
		"v=spf1 mx redirect=a.test":       "v=spf1 mx include:new.test redirect=a.test",
		"v=spf1 a/24":                     "v=spf1 a/24 include:new.test",
		"v=spf1 include:NEW.test. ~all":   "v=spf1 include:NEW.test. ~all",
		"v=spf1 -all ip4:192.0.2.1":       "v=spf1 include:new.test -all ip4:192.0.2.1",
		"v=spf1 ?a:b.test/24//64 ip6:::1": "v=spf1 ?a:b.test/24//64 ip6:::1 include:new.test",
	} {
		var texts []string
		if before != "" {
			texts = []string{before}
		}
		spf, err := ReadSPF(texts)
		if got := spf.With("include:new.test"); err != nil || got != want {
			t.Errorf("%q: got %q %v, want %q", before, got, err, want)
		}
	}
}

func TestFlatten_countsAsAReceiverDoes(t *testing.T) {
	t.Parallel()
	w := world{
		"d TXT": {"v=spf1 a mx include:i.test include:empty.test ip4:192.0.2.0/25 exists:%{i}.d -all"}, "d A": {"192.0.2.129"}, "d AAAA": {"2001:db8::1"},
		"d MX": {"10 mx.test"}, "mx.test A": {"198.51.100.1"}, "i.test TXT": {"v=spf1 ip4:203.0.113.7 a:void.test a:void2.test a:void3.test ~all"},
	}
	record, err := ReadSPF(w["d TXT"])
	if err != nil {
		t.Fatal(err)
	}
	got, err := Flatten(t.Context(), w, "d", record)
	if err != nil {
		t.Fatal(err)
	}
	var networks []string
	for _, n := range got.Networks {
		networks = append(networks, n.String())
	}
	want := []string{"192.0.2.0/25", "192.0.2.129/32", "198.51.100.1/32", "203.0.113.7/32", "2001:db8::1/128"}
	if diff := cmp.Diff(want, networks); diff != "" {
		t.Errorf("networks (-want +got):\n%s", diff)
	}
	if got.Lookups != 8 || got.Void != 4 || len(got.Dynamic) != 1 || len(got.Problems) != 2 {
		t.Errorf("got %d lookups, %d void, %v dynamic, problems %q; want 8, 4, one, two", got.Lookups, got.Void, got.Dynamic, got.Problems)
	}
}

func TestFlatten_ends(t *testing.T) {
	t.Parallel()
	w := world{"a TXT": {"v=spf1 include:b include:unreachable.test -all"}, "b TXT": {"v=spf1 include:a redirect=b"}}
	wide := []string{}
	for i := range 100 {
		wide = append(wide, fmt.Sprintf("include:w%d.test", i))
	}
	w["w TXT"] = []string{"v=spf1 " + strings.Join(wide, " ")}
	for i := range 100 {
		w[fmt.Sprintf("w%d.test TXT", i)] = w["w TXT"]
	}
	for _, domain := range []string{"a", "w"} {
		record, err := ReadSPF(w[domain+" TXT"])
		if err != nil {
			t.Fatal(err)
		}
		got, err := Flatten(t.Context(), w, domain, record)
		if err != nil || len(got.Problems) == 0 {
			t.Errorf("%s: got %+v %v, want a problem", domain, got, err)
		}
		if domain == "a" && !slices.Equal(got.Unknown, []string{"include:unreachable.test"}) {
			t.Errorf("got unknown %v, want the include that could not be asked", got.Unknown)
		}
	}
}

// TestFlatten_agreesWithAReceiver has another implementation judge addresses of the networks, and the limit.
func TestFlatten_agreesWithAReceiver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, names := world{}, []string{"d.test", "e.test", "f.test", "g.test"}
		for i, name := range names {
			terms := []string{"v=spf1"}
			for range rapid.IntRange(0, 5).Draw(t, "terms") {
				kinds := []string{"ip4:10.0." + fmt.Sprint(i) + "." + fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "ip")), "a:" + name, "mx"}
				if i+1 < len(names) {
					kinds = append(kinds, "include:"+names[rapid.IntRange(i+1, len(names)-1).Draw(t, "which")])
				}
				terms = append(terms, rapid.SampledFrom(kinds).Draw(t, "term"))
			}
			w[name+" TXT"] = []string{strings.Join(append(terms, "-all"), " ")}
			w[name+" A"] = []string{fmt.Sprintf("10.1.%d.1", i)}
			w[name+" MX"] = []string{"10 " + name}
		}
		record, err := ReadSPF(w["d.test TXT"])
		if err != nil {
			t.Fatal(err)
		}
		flat, err := Flatten(context.Background(), w, "d.test", record)
		if err != nil {
			t.Fatal(err)
		}
		judge := func(ip string) spf.Result {
			result, _ := spf.CheckHostWithSender(net.ParseIP(ip), "helo.test", "x@d.test", spf.WithResolver(receiver{w}))
			return result
		}
		if got := judge("172.16.0.1"); (got == spf.PermError) != (flat.Lookups > MaxSPFLookups) {
			t.Fatalf("a receiver says %s for a stranger, and we count %d lookups of %v", got, flat.Lookups, w)
		}
		for _, network := range flat.Networks {
			if got := judge(network.Addr().String()); got != spf.Pass && flat.Lookups <= MaxSPFLookups {
				t.Errorf("a receiver says %s for %s, which is among %v", got, network, flat.Networks)
			}
		}
	})
}

// receiver gives the other implementation the same world.
type receiver struct{ world }

func (r receiver) LookupTXT(_ context.Context, name string) ([]string, error) {
	return r.world[canonical(name)+" TXT"], nil
}

func (r receiver) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	var all []*net.MX
	for _, data := range r.world[canonical(name)+" MX"] {
		all = append(all, &net.MX{Host: strings.Fields(data)[1]})
	}
	return all, nil
}

func (r receiver) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	var all []net.IPAddr
	for _, data := range r.world[canonical(name)+" A"] {
		all = append(all, net.IPAddr{IP: net.ParseIP(data)})
	}
	return all, nil
}

func (r receiver) LookupAddr(context.Context, string) ([]string, error) { return nil, nil }

func TestReadDKIM_keys(t *testing.T) {
	t.Parallel()
	const rsa1024 = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v" +
		"/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB" // of RFC 6376, appendix C
	for text, want := range map[string]struct {
		key DKIM
		why string
	}{
		"v=DKIM1; k=rsa; p=" + rsa1024:                           {DKIM{Algorithm: "rsa", Bits: 1024}, ""},
		"k=rsa; t=y:s; p=" + rsa1024:                             {DKIM{Algorithm: "rsa", Bits: 1024, Testing: true}, ""},
		"v=DKIM1; k=ed25519; p=" + strings.Repeat("A", 43) + "=": {DKIM{Algorithm: "ed25519", Bits: 256}, ""},
		"v=DKIM1; p=":                {DKIM{Revoked: true}, ""},
		"v=DKIM1; k=rsa":             {DKIM{}, "no key"},
		"p=" + rsa1024 + "; v=DKIM1": {DKIM{}, "begin with"},
		"v=DKIM1; p=" + rsa1024[:60]: {DKIM{Algorithm: "rsa"}, "cut off"},
		"v=DKIM1; p=!!":              {DKIM{Algorithm: "rsa"}, "base64"},
		"v=DKIM1; k=dsa; p=AAAA":     {DKIM{Algorithm: "dsa"}, "unknown kind"},
		"v=DKIM1; p=AA; p=AA":        {DKIM{}, "twice"},
		"just words":                 {DKIM{}, "no tag"},
	} {
		got, found, err := ReadDKIM([]string{text})
		if !found || got != want.key || (err == nil) != (want.why == "") || err != nil && !strings.Contains(err.Error(), want.why) {
			t.Errorf("%q: got %+v %v %v, want %+v %q", excerpt(text), got, found, err, want.key, want.why)
		}
	}
	if _, found, err := ReadDKIM(nil); found || err != nil {
		t.Errorf("got %v %v, want no key and no error", found, err)
	}
}

func TestFindDMARC_climbs(t *testing.T) {
	t.Parallel()
	w := world{"_dmarc.example.test TXT": {"v=DMARC1; p=reject; sp=none; rua=mailto:a@b.test, https://c.test/x", "other"}}
	got, err := FindDMARC(t.Context(), w, "mail.example.test")
	if err != nil || got.At != "example.test" || got.Policy != "reject" || got.Subdomain != "none" || len(got.Reports) != 2 {
		t.Errorf("got %+v %v, want the policy of example.test", got, err)
	}
	for _, text := range []string{"v=DMARC1", "v=DMARC1; p=maybe", "v=DMARC1; p=none; rua=ftp://x.test"} {
		if _, err := ReadDMARC([]string{text}); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
}

func TestReadSTS(t *testing.T) {
	t.Parallel()
	if id, err := ReadSTSRecord([]string{"v=STSv1; id=20260101T00;"}); id != "20260101T00" || err != nil {
		t.Errorf("got %q %v", id, err)
	}
	for _, text := range []string{"v=STSv1;", "v=STSv1; id=a-b", "v=STSv1; id=" + strings.Repeat("x", 33)} {
		if _, err := ReadSTSRecord([]string{text}); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
	got, err := ReadSTSPolicy("version: STSv1\r\nmode: enforce\r\nmx: mail.Example.test\nmx: *.example.net\nmax_age: 604800\nnew: x\n")
	want := STSPolicy{Mode: "enforce", Hosts: []string{"mail.example.test", "*.example.net"}, MaxAge: 7 * 24 * time.Hour}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for host, allowed := range map[string]bool{
		"mail.example.test": true, "MX.example.net.": true, "a.mx.example.net": false, "example.net": false, "x.test": false,
	} {
		if got.Allows(host) != allowed {
			t.Errorf("%s: got %v, want %v", host, !allowed, allowed)
		}
	}
	for _, text := range []string{"", "version: STSv1\nmode: enforce\nmax_age: 1\n", "version: STSv1\nmode: no\nmx: a\nmax_age: 1\n",
		"version: STSv1\nmode: none\nmax_age: 99999999\n", "version: STSv1\nmode: none\nmax_age: x\n"} {
		if _, err := ReadSTSPolicy(text); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
}

func TestFetchSTSPolicy(t *testing.T) {
	t.Parallel()
	const good = "version: STSv1\nmode: testing\nmx: mail.example.test\nmax_age: 86400\n"
	for name, c := range map[string]struct {
		status    int
		kind, why string
		body      string
	}{
		"good":     {200, "text/plain; charset=utf-8", "", good},
		"redirect": {301, "text/plain", "redirect", good},
		"missing":  {404, "text/plain", "404", good},
		"page":     {200, "text/html", "text/html", good},
		"endless":  {200, "text/plain", "64 KiB", strings.Repeat("x", maxPolicy+10)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != policyPath || r.Host != "mta-sts.example.com" {
					t.Errorf("asked for %s at %s", r.URL.Path, r.Host)
				}
				w.Header().Set("Content-Type", c.kind)
				w.Header().Set("Location", "https://example.com/")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			config := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
			config.ServerName = "example.com" // what the certificate of this test server names
			got, err := FetchSTSPolicy(t.Context(), "example.com", PolicyOptions{TLS: config,
				Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
				}})
			if c.why == "" && (err != nil || got.MaxAge != 24*time.Hour) || c.why != "" && (err == nil || !strings.Contains(err.Error(), c.why)) {
				t.Errorf("got %+v %v, want %q", got, err, c.why)
			}
		})
	}
}

func TestReadSmallRecords(t *testing.T) {
	t.Parallel()
	if got, err := ReadTLSRPT([]string{"v=TLSRPTv1; rua=mailto:a@b.test"}); err != nil || len(got) != 1 {
		t.Errorf("TLS-RPT: got %v %v", got, err)
	}
	if _, err := ReadTLSRPT([]string{"v=TLSRPTv1"}); err == nil {
		t.Error("TLS-RPT without an address: got no error")
	}
	tlsa := func(fields ...string) Record { return Record{Type: TLSA, fields: fields} }
	digest := strings.Repeat("ab", 32)
	if n, err := ReadTLSA([]Record{tlsa("3", "1", "1", digest), tlsa("1", "1", "1", digest), tlsa("3", "1", "1", "ab")}); n != 1 || err == nil {
		t.Errorf("TLSA: got %d %v, want one of use and an error", n, err)
	}
	srv := func(fields ...string) Record { return Record{Type: SRV, fields: fields} }
	targets, none := ReadSRV([]Record{srv("10", "0", "993", "b.test"), srv("0", "1", "993", "a.test")})
	if none || len(targets) != 2 || targets[0] != (Target{0, 1, 993, "a.test"}) {
		t.Errorf("SRV: got %v %v", targets, none)
	}
	if _, none := ReadSRV([]Record{srv("0", "0", "0", "")}); !none {
		t.Error("SRV: a single dot says that the service is not offered")
	}
	issuers, err := FindCAA(t.Context(), world{"test CAA": {"0 issue ca.test", "128 strange x"}}, "a.b.test")
	if err != nil || issuers.At != "test" || !slices.Equal(issuers.Names, []string{"ca.test"}) || len(issuers.Critical) != 1 {
		t.Errorf("CAA: got %+v %v", issuers, err)
	}
}
