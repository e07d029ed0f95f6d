// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rehome"
)

// answering is an interface that gives one answer to everything.
func answering(t *testing.T, code int, body string) (API, *int) {
	t.Helper()
	calls := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return API{URL: server.URL + "/admin/index.php/api/", User: "admin", Password: rehome.NewSecret("hidden-in-tests"), Client: server.Client()}, &calls
}

func TestProbe_formats(t *testing.T) {
	t.Parallel()
	for format, body := range map[string]string{
		"xml":  `<?xml version="1.0"?><api generator="zend" version="1.0"><permissionlist><status>success</status><p>account.import</p><account><list>1</list><view>0</view></account></permissionlist></api>`,
		"json": `{"permissionlist": {"status": "success", "list": ["account.import", {"account": {"list": true, "view": false}}]}}`,
	} {
		api, calls := answering(t, 200, body)
		probed, err := api.Probe(t.Context())
		if err != nil || probed.Format != format || strings.Join(probed.Granted, " ") != "account.import account.list" ||
			len(probed.Granted)+len(probed.Lacking) != len(Rights()) {
			t.Errorf("%s: got %+v, %v", format, probed, err)
		}
		if *calls != 2 {
			t.Errorf("%s: %d calls, want the two documented ones", format, *calls)
		}
	}
}

func TestProbe_refusedOrNotThere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code  int
		body  string
		class rehome.Class
	}{
		"refused":     {401, "", rehome.ClassAuth},
		"failed, 200": {200, `<api><authenticate><status>failed</status></authenticate></api>`, rehome.ClassAuth},
		"missing":     {404, "", rehome.ClassUntrusted},
		"redirect":    {302, "", rehome.ClassUntrusted},
		"a web page":  {200, "<html><body>Log in</body></html>", rehome.ClassUntrusted},
		"no status":   {200, `<api><x>1</x></api>`, rehome.ClassUntrusted},
		"cut":         {200, `<api><authenticate><status>success</status>`, rehome.ClassUntrusted},
		"empty":       {200, "", rehome.ClassUntrusted},
	} {
		api, calls := answering(t, c.code, c.body)
		_, err := api.Probe(t.Context())
		if rehome.ClassOf(err) != c.class || *calls != 1 {
			t.Errorf("%s: got class %q after %d calls, want %q after one: %v", name, rehome.ClassOf(err), *calls, c.class, err)
		}
		if err == nil || strings.Contains(err.Error(), "hidden-in-tests") || rehome.HintOf(err) == "" {
			t.Errorf("%s: got %v, want an error with a hint and no secret", name, err)
		}
	}
}

func FuzzParseAnswer(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"status":"success"}`, `[[[{"status":1}]]]`, `<api><x><status>success</status></x></api>`,
		"<api>", "</api>", `<api></api><api><status/></api>`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parseAnswer(body)
		if err == nil && len(a.leaves) == 0 {
			t.Error("an answer without anything in it passes")
		}
		a.grants("account.import")
	})
}
