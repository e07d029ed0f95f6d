// SPDX-License-Identifier: Apache-2.0

package thunderbird

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"rehome/lab"
	"rehome/lab/xandikos"
)

const bookPassword = "correct horse"

// serveBooks runs a server of contacts at either end, with the same people.
func serveBooks(l *lab.Lab, w *world) error {
	for _, side := range []string{"old", "new"} {
		var accounts []xandikos.Account
		for _, domain := range []string{"moved.test", "stays.test"} {
			accounts = append(accounts, xandikos.Account{Address: "anna@" + domain, Password: bookPassword})
		}
		server, err := xandikos.Start(l, xandikos.Options{Name: "books-" + side, Accounts: accounts})
		if err != nil {
			return err
		}
		there, err := url.Parse(server.URL)
		if err != nil {
			return err
		}
		name := "dav." + side + ".test"
		forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(there) }}
		address, err := webServer(l, []string{name}, func(out http.ResponseWriter, r *http.Request) { forward.ServeHTTP(out, r) })
		if err != nil {
			return err
		}
		w.add(name, "443", address)
	}
	return nil
}

// collectionScripts look for address books and for calendars as the program does when somebody adds them.
func collectionScripts() map[string]string {
	const calls = `finished({ Found: found.map(c => String((c.url && c.url.href) || c.url || c.uri.spec)), Failed: "" }),
  error => finished({ Found: [], Failed: String(error) })
);`
	return map[string]string{
		"carddav": `const [user, password, place, finished] = arguments;
const { CardDAVUtils } = ChromeUtils.importESModule("resource:///modules/CardDAVUtils.sys.mjs");
CardDAVUtils.detectAddressBooks(user, password, place, false).then(found => ` + calls,
		"caldav": `const [user, password, place, finished] = arguments;
const { CalDavProvider } = ChromeUtils.importESModule("resource:///modules/CalDavProvider.sys.mjs");
CalDavProvider.detectCalendars(user, password, place, false).then(found => ` + calls,
	}
}

// Collections looks for address books ("carddav") or calendars ("caldav"), from one place on.
func (t *Thunderbird) Collections(kind, address, place string) (found []string, failed string, err error) {
	var answer struct {
		Found  []string
		Failed string
	}
	err = t.driver.run(collectionScripts()[kind], []any{address, bookPassword, place}, &answer)
	return answer.Found, answer.Failed, err
}

// compareCollections has the program find address books and calendars: at the place to which a service record leads, and by the
// redirect of "rehome clients serve". It does not follow that to another host (it takes no XML from there), which is what "clients
// check" says of it; a version that does would be noticed here.
func compareCollections(program *Thunderbird, out io.Writer) error {
	for kind := range collectionScripts() {
		for _, test := range []struct{ domain, host, at string }{
			{"moved.test", "dav.new.test", "dav.new.test"}, {"stays.test", "dav.old.test", "dav.old.test"}, {"moved.test", "moved.test", ""},
			{"stays.test", "stays.test", ""},
		} {
			place := "https://" + test.host + "/.well-known/" + kind
			found, failed, err := program.Collections(kind, "anna@"+test.domain, place)
			if err != nil {
				return err
			}
			said := "nothing: " + failed
			if len(found) > 0 {
				said = strings.Join(found, ", ")
			}
			if _, err := fmt.Fprintf(out, "%-26s %s by %s\n    %s\n", "anna@"+test.domain, kind, place, said); err != nil {
				return err
			}
			if (len(found) > 0) != (test.at != "") || len(found) > 0 && !strings.HasPrefix(found[0], "https://"+test.at+"/") {
				return fmt.Errorf("%s of %s: found %v, and should be at %q", kind, test.domain, found, test.at)
			}
		}
	}
	return nil
}
