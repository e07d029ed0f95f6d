// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
)

const (
	goodToken    = "a.good.token"
	hashedUser   = "hashed@example.test" // of whom the server holds a hash that fits no other mechanism than PLAIN
	extendedUser = "extended@example.test"
)

// extensions switches on what a plain Dovecot lacks. The two files are made beforehand.
const extensions = `
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer
disable_plaintext_auth = yes
passdb {
  driver = passwd-file
  args = %[1]s/hashed
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = %[1]s/oauth2
}
userdb {
  driver = static
  args = uid=%[2]d gid=%[3]d home=%[1]s/homes/%%u
}
mail_plugins = quota acl zlib
protocol imap {
  mail_plugins = quota imap_quota acl imap_acl zlib imap_zlib
  imap_metadata = yes
}
mail_attribute_dict = file:%%h/attributes
plugin {
  acl = vfile
}
`

// startExtended runs a Dovecot with every mechanism and extension that it has.
func startExtended(t *testing.T) *realServer {
	t.Helper()
	l := lab.Open(t)
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		good := r.FormValue("token") == goodToken // RFC 7662, section 2.2
		_ = json.NewEncoder(w).Encode(map[string]any{"active": good, "username": extendedUser})
	}))
	t.Cleanup(tokens.Close)
	hash, err := exec.CommandContext(within(t), "doveadm", "pw", "-s", "SHA512-CRYPT", "-p", dovecotPassword).Output()
	if err != nil {
		t.Fatalf("doveadm pw: %v: install the package dovecot-core", err)
	}
	for name, text := range map[string]string{
		"hashed": hashedUser + ":" + strings.TrimSpace(string(hash)) + "\n",
		"oauth2": "introspection_mode = post\nintrospection_url = " + tokens.URL + "/\nactive_attribute = active\nactive_value = true\n",
	} {
		if err := os.WriteFile(filepath.Join(l.Dir(), name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.OwnedDir("homes"); err != nil {
		t.Fatal(err)
	}
	uid, gid := l.Owner()
	server, err := dovecot.Start(l, dovecot.Options{
		Layout: dovecot.Mdbox, Separator: "/", MasterUser: "mover", MasterPassword: "m",
		Accounts: []dovecot.Account{{Address: extendedUser, Password: dovecotPassword}},
		Extra:    fmt.Sprintf(extensions, l.Dir(), uid, gid),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &realServer{server, l}
}

func TestDovecot_extended(t *testing.T) {
	t.Parallel()
	server := startExtended(t)
	t.Run("with", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T, *realServer){
			"mechanisms": testDovecotMechanisms, "compression": testDovecotCompression, "rights": testDovecotRights,
			"metadata": testDovecotMetadata, "idle": testDovecotIdle,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, server)
			})
		}
	})
}

func testDovecotMechanisms(t *testing.T, server *realServer) {
	token := func(_ context.Context, refused string) (string, error) {
		if refused == "" {
			return "expired", nil
		}
		return goodToken, nil
	}
	for _, test := range []struct {
		name   string
		secure bool
		login  Credentials
		want   string // mechanism, or what the error says
	}{
		{"strongest", true, Credentials{User: extendedUser, Password: dovecotPassword}, "SCRAM-SHA-256"},
		{"strongest, in the clear", false, Credentials{User: extendedUser, Password: dovecotPassword}, "SCRAM-SHA-256"},
		{"SCRAM-SHA-1", false, Credentials{User: extendedUser, Password: dovecotPassword, Mechanism: "SCRAM-SHA-1"}, "SCRAM-SHA-1"},
		{"CRAM-MD5", false, Credentials{User: extendedUser, Password: dovecotPassword, Mechanism: "CRAM-MD5"}, "CRAM-MD5"},
		{"PLAIN", true, Credentials{User: extendedUser, Password: dovecotPassword, Mechanism: "PLAIN"}, "PLAIN"},
		{"LOGIN", true, Credentials{User: extendedUser, Password: dovecotPassword, Mechanism: "LOGIN"}, "LOGIN"},
		{"PLAIN in the clear", false, Credentials{User: extendedUser, Password: dovecotPassword, Mechanism: "PLAIN"}, "PRIVACYREQUIRED"},
		{"another kind of hash", true, Credentials{User: hashedUser, Password: dovecotPassword}, "PLAIN"},
		{"another kind of hash, in the clear", false, Credentials{User: hashedUser, Password: dovecotPassword}, "AUTHENTICATIONFAILED"},
		{"wrong password", true, Credentials{User: extendedUser, Password: "wrong"}, "AUTHENTICATIONFAILED"},
		{"master with an identity", true, Credentials{Identity: extendedUser, User: "mover", Password: "m"}, "SCRAM-SHA-256"},
		{"OAUTHBEARER", true, Credentials{User: extendedUser, Token: token}, "OAUTHBEARER"},
		{"XOAUTH2", true, Credentials{User: extendedUser, Token: token, Mechanism: "XOAUTH2"}, "XOAUTH2"},
		{"bad token", true, Credentials{User: extendedUser, Token: func(context.Context, string) (string, error) { return "bad", nil }},
			"AUTHENTICATIONFAILED"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			options := Options{Address: server.IMAP, Security: protocol.NoTLS}
			if test.secure {
				options.Security, options.TLS = protocol.StartTLS, server.lab.ClientTLS("")
			}
			client := dial(t, options)
			name, err := client.LogIn(within(t), test.login)
			if err == nil && name != test.want || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %s, %v, want %s", name, err, test.want)
			}
			if err != nil {
				return
			}
			if selected, err := client.Select(within(t), "INBOX"); err != nil || selected.UIDValidity == 0 {
				t.Errorf("Select: %+v, %v", selected, err)
			}
		})
	}
}

// enter opens a session under TLS.
func (s *realServer) enter(t *testing.T) *Client {
	t.Helper()
	client := dial(t, Options{Address: s.IMAPS, Security: protocol.ImplicitTLS, TLS: s.lab.ClientTLS("")})
	if err := client.LogInPlain(within(t), "", extendedUser, dovecotPassword); err != nil {
		t.Fatal(err)
	}
	return client
}

func testDovecotCompression(t *testing.T, server *realServer) {
	client := server.enter(t)
	if err := client.Compress(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := client.Create(within(t), "Compressed"); err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	var uids []UID
	for i := range 5 {
		body := bytes.Repeat(fmt.Appendf(nil, "line %d of a body\r\n", i), 1+i*20_000)
		bodies = append(bodies, body)
		uids = append(uids, appendBytes(t, client, "Compressed", body).UIDs...)
	}
	checkBodies(t, client, "Compressed", uids, bodies)
	if err := client.Compress(within(t)); err == nil {
		t.Error("a second COMPRESS is accepted")
	}
}

func testDovecotRights(t *testing.T, server *realServer) {
	client := server.enter(t)
	if err := client.Create(within(t), "Rights"); err != nil {
		t.Fatal(err)
	}
	rights, ok, err := client.MyRights(within(t), "Rights")
	if !ok || err != nil || !strings.HasPrefix(rights, "lr") {
		t.Errorf("MyRights: %q, %v, %v", rights, ok, err)
	}
	if err := client.do(within(t), &command{name: "SETACL"}, raw(`SETACL Rights "otto@example.test" lr`)); err != nil {
		t.Fatal(err)
	}
	grants, err := client.ACL(within(t), "Rights")
	if err != nil || len(grants) < 1 || !strings.Contains(fmt.Sprint(grants), "{otto@example.test lr}") {
		t.Errorf("ACL: %v, %v", grants, err)
	}
}

func testDovecotMetadata(t *testing.T, server *realServer) {
	client := server.enter(t)
	if err := client.do(within(t), &command{name: "SETMETADATA"}, raw(`SETMETADATA INBOX (/private/comment "two`), raw(` words")`)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"INBOX": "two words", "": ""} {
		found, err := client.Metadata(within(t), name)
		if err != nil || found.Values["/private/comment"] != want {
			t.Errorf("%q: %q, %v, want %q", name, found.Values, err, want)
		}
	}
}

func testDovecotIdle(t *testing.T, server *realServer) {
	waiting, writer := server.enter(t), server.enter(t)
	if err := waiting.Create(within(t), "Late"); err != nil {
		t.Fatal(err)
	}
	if _, err := waiting.Examine(within(t), "Late"); err != nil {
		t.Fatal(err)
	}
	if news, err := waiting.Idle(within(t), 50*time.Millisecond); news || err != nil {
		t.Errorf("before: %v, %v", news, err)
	}
	heard := make(chan error, 1)
	go func() {
		news, err := waiting.Idle(within(t), patience)
		if !news && err == nil {
			err = fmt.Errorf("nothing heard in %v", patience)
		}
		heard <- err
	}()
	appendBytes(t, writer, "Late", []byte("Subject: late\r\n\r\n"))
	if err := <-heard; err != nil {
		t.Error(err)
	}
	if found, err := waiting.SearchAll(within(t), 1); err != nil || found.Len() != 1 {
		t.Errorf("behind: %s, %v", found, err)
	}
}
