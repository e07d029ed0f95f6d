// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
	"rehome/lab"
)

// Both web servers take what is written for them, and answer as the responder does: the documents as XML, which Thunderbird demands,
// and the way on with the method and the path as they came.
func TestRedirects_inRealWebServers(t *testing.T) {
	t.Parallel()
	both, _ := DescribeBoth(sample(rehome.Source), sample(rehome.Destination), Naming{}, "", "example.com")
	paths := map[string]string{"/calendars/users/": "/dav/calendars/", "/a+b(c)/": "/x$1y/"}
	for _, server := range []WebServer{Nginx, Apache} {
		t.Run(string(server), func(t *testing.T) {
			t.Parallel()
			l := lab.Open(t)
			folder := t.TempDir()
			if err := WriteDomain(folder, both, "setup.example.com", paths); err != nil {
				t.Fatal(err)
			}
			folder = filepath.Join(folder, "example.com", "destination")
			address := startWebServer(t, l, server, folder)
			for _, test := range []struct{ method, path, want string }{
				{"GET", autoconfigPath + "?emailaddress=a%40b", "200 text/xml "},
				{"GET", autoconfigWellKnown, "200 text/xml "},
				{"GET", paccPath, "200 application/json "},
				{"PROPFIND", "/.well-known/caldav", "307 https://dav.new.example.net/dav/"},
				{"PROPFIND", "/.well-known/carddav", "307 https://dav.new.example.net/dav/"},
				{"POST", autodiscoverPath, "307 https://setup.example.com/autodiscover/autodiscover.xml"},
				{"REPORT", "/calendars/users/a%20b/%C3%BC.ics?x=1", "307 https://dav.new.example.net/dav/calendars/a%20b/%C3%BC.ics?x=1"},
				{"GET", "/calendars/users/x%0D%0ASet-Cookie:y", "307 https://dav.new.example.net/dav/calendars/x%0"},
				{"PUT", "/a+b(c)/d", "307 https://dav.new.example.net/x"},
				{"GET", "/.well-known/caldavx", "404 "},
				{"GET", "/other", "404 "},
			} {
				got := asked(t, test.method, "http://"+address+test.path)
				if !strings.HasPrefix(strings.ToLower(got), strings.ToLower(test.want)) || strings.Contains(got, "Set-Cookie:y\n") {
					t.Errorf("%s %s: got %q, want %q", test.method, test.path, got, test.want)
				}
			}
		})
	}
}

// asked is the status of an answer, and its media type or where it leads; curl adds nothing and repairs nothing.
func asked(t *testing.T, method, address string) string {
	t.Helper()
	head := runs(t, nil, "curl", "--silent", "--show-error", "--max-time", "30", "--path-as-is", "--globoff", "--include", "--request", method, address)
	head, _, _ = strings.Cut(head, "\r\n\r\n")
	fields := map[string]string{}
	lines := strings.Split(head, "\r\n")
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		fields[strings.ToLower(name)] = value
	}
	status := strings.Fields(lines[0])[1]
	if status == "200" {
		return status + " " + fields["content-type"] + " "
	}
	return status + " " + fields["location"]
}

// startWebServer runs one in the foreground with the text in a host of its own; the documents are where they were written.
func startWebServer(t *testing.T, l *lab.Lab, server WebServer, folder string) (address string) {
	t.Helper()
	address, err := l.Addr()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, string(server)+".conf"))
	if err != nil {
		t.Fatal(err)
	}
	directives := strings.ReplaceAll(string(text), placed+"example.com", folder)
	program := lab.Program{Name: string(server), Ready: []string{address}}
	conf := filepath.Join(t.TempDir(), "server.conf")
	dir := filepath.Dir(conf)
	var settings string
	switch server {
	case Nginx:
		unpacked, err := lab.FindUnpacked("/usr/sbin/nginx", "nginx")
		if err != nil {
			t.Fatal(err)
		}
		program.Command, program.Env = unpacked.Path("/usr/sbin/nginx"), unpacked.Env()
		program.Args = []string{"-p", dir, "-c", conf, "-e", filepath.Join(dir, "error.log")}
		settings = fmt.Sprintf("daemon off;\nmaster_process off;\npid %[1]s/pid;\nevents { }\nhttp {\naccess_log off;\nclient_body_temp_path %[1]s/b;\n"+
			"proxy_temp_path %[1]s/p;\nfastcgi_temp_path %[1]s/f;\nuwsgi_temp_path %[1]s/u;\nscgi_temp_path %[1]s/s;\n"+
			"server {\nlisten %[2]s;\nroot %[1]s;\n%[3]s}\n}\n", dir, address, directives)
	case Apache:
		program.Command, program.Package, program.Args = "apache2", "apache2-bin", []string{"-d", dir, "-f", conf, "-DFOREGROUND"}
		host, port, _ := net.SplitHostPort(address)
		settings = fmt.Sprintf("ServerName example.com\nPidFile %[1]s/pid\nErrorLog %[1]s/error.log\nDefaultRuntimeDir %[1]s\nListen %[2]s:%[3]s\n",
			dir, host, port)
		for _, module := range []string{"mpm_event", "authz_core", "alias", "headers", "mime"} {
			settings += fmt.Sprintf("LoadModule %[1]s_module /usr/lib/apache2/modules/mod_%[1]s.so\n", module)
		}
		settings += fmt.Sprintf("TypesConfig /dev/null\nDocumentRoot %s\n%s", dir, directives)
	}
	if err := os.WriteFile(conf, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Start(program); err != nil {
		t.Fatal(err)
	}
	return address
}
