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

// Books looks for address books as the program does when somebody adds them, from one address on.
func (t *Thunderbird) Books(address, place string) (found []string, failed string, err error) {
	var answer struct {
		Books  []string
		Failed string
	}
	err = t.driver.run(booksScript, []any{address, bookPassword, place}, &answer)
	return answer.Books, answer.Failed, err
}

const booksScript = `const [user, password, place, finished] = arguments;
const { CardDAVUtils } = ChromeUtils.importESModule("resource:///modules/CardDAVUtils.sys.mjs");
CardDAVUtils.detectAddressBooks(user, password, place, false).then(
  books => finished({ Books: books.map(b => String(b.url.href || b.url)), Failed: "" }),
  error => finished({ Books: [], Failed: String(error) + (error.result ? " " + error.result : "") })
);`

// compareBooks has the program find address books: at the place to which a service record leads, and by the redirect of "rehome clients
// serve". It does not follow that to another host (it takes no XML from there), which is what "clients check" says of it; a
// version that does would be noticed here.
func compareBooks(program *Thunderbird, out io.Writer) error {
	for _, test := range []struct{ domain, place, host string }{
		{"moved.test", "https://dav.new.test/.well-known/carddav", "dav.new.test"},
		{"stays.test", "https://dav.old.test/.well-known/carddav", "dav.old.test"},
		{"moved.test", "https://moved.test/.well-known/carddav", ""},
		{"stays.test", "https://stays.test/.well-known/carddav", ""},
	} {
		books, failed, err := program.Books("anna@"+test.domain, test.place)
		if err != nil {
			return err
		}
		said := "nothing: " + failed
		if len(books) > 0 {
			said = strings.Join(books, ", ")
		}
		if _, err := fmt.Fprintf(out, "%-26s address books by %s\n    %s\n", "anna@"+test.domain, test.place, said); err != nil {
			return err
		}
		if (len(books) > 0) != (test.host != "") || len(books) > 0 && !strings.HasPrefix(books[0], "https://"+test.host+"/") {
			return fmt.Errorf("the address books of %s are %v, and should be at %q", test.domain, books, test.host)
		}
	}
	return nil
}
