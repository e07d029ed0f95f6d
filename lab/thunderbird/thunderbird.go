// SPDX-License-Identifier: Apache-2.0

// Package thunderbird drives a real Thunderbird, without a screen, at the part of it that finds the settings of an address, and
// returns what it would propose. The program reaches only the places that the caller names, by whatever names and ports it asks.
//
// It is a tool and no part of "make test": the program is large. "make thunderbird" compares what it finds with what package clientcheck
// says that it finds.
package thunderbird

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rehome/lab"
)

// patience is for a start on a busy machine, and for one look-up.
const patience = 2 * time.Minute

// Thunderbird is a program that runs.
type Thunderbird struct {
	driver *marionette
}

// Start runs the program with a fresh profile, which trusts the lab's authority. places are what it reaches: "autoconfig.example.com:443"
// and where that is on this machine.
func Start(ctx context.Context, l *lab.Lab, places map[string]string) (*Thunderbird, error) {
	proxy, err := newProxy(l, places)
	if err != nil {
		return nil, err
	}
	driven, err := freePort()
	if err != nil {
		return nil, err
	}
	profile, err := l.OwnedDir("thunderbird")
	if err != nil {
		return nil, err
	}
	if err := l.WriteOwned(filepath.Join(profile, "user.js"), preferences(driven, proxy.address)); err != nil {
		return nil, err
	}
	_, err = l.Start(lab.Program{Name: "thunderbird", Command: "thunderbird", Package: "thunderbird", AsOwner: true,
		Args: []string{"--headless", "--marionette", "-remote-allow-system-access", "--no-remote", "--profile", profile},
		Env:  []string{"HOME=" + profile, "MOZ_HEADLESS=1"}})
	if err != nil {
		return nil, err
	}
	t := &Thunderbird{}
	if t.driver, err = connect(ctx, driven); err != nil {
		return nil, err
	}
	return t, t.trust(l.CAFile())
}

// freePort is one of 127.0.0.1, the only address at which Mozilla's programs let themselves be driven.
func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// connect waits until the program can be driven.
func connect(ctx context.Context, address string) (*marionette, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		driver, err := dialMarionette(ctx, address)
		if err == nil {
			return driver, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("drive Thunderbird: %w", err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// preferences let it ask for nothing by itself.
func preferences(driven, proxy string) string {
	_, port, _ := net.SplitHostPort(driven)
	host, proxyPort, _ := net.SplitHostPort(proxy)
	var b strings.Builder
	for name, value := range map[string]string{
		"marionette.port": port, "app.update.enabled": "false", "datareporting.policy.dataSubmissionEnabled": "false",
		"mail.provider.suppress_dialog_on_startup": "true", "network.proxy.type": "1", "network.proxy.http": `"` + host + `"`,
		"network.proxy.http_port": proxyPort, "network.proxy.ssl": `"` + host + `"`, "network.proxy.ssl_port": proxyPort,
	} {
		fmt.Fprintf(&b, "user_pref(%q, %s);\n", name, value)
	}
	return b.String()
}

func (t *Thunderbird) trust(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return fmt.Errorf("%s is no certificate", file)
	}
	var done bool
	return t.driver.run(`const [certificate, finished] = arguments;
		Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(certificate, "CTu,,");
		finished(true);`, []any{base64.StdEncoding.EncodeToString(block.Bytes)}, &done)
}

// Server is one that it proposes.
type Server struct {
	Type     string // imap, pop3, smtp
	Hostname string
	Port     int
	Socket   string // plain, STARTTLS, SSL
	Username string // with the address put in
}

// Found is what it proposes for an address.
type Found struct {
	Source   string // such as "xml-from-isp-https"; "" is nothing
	Incoming []Server
	Outgoing []Server
}

// Find looks for the settings of an address, as the program does when somebody adds an account.
func (t *Thunderbird) Find(address string) (Found, error) {
	var found Found
	err := t.driver.run(findScript, []any{address}, &found)
	return found, err
}

// findScript calls what the window for new accounts calls, and agrees to every question.
const findScript = `const [address, finished] = arguments;
(async () => {
  const { FindConfig } = ChromeUtils.importESModule("resource:///modules/accountcreation/FindConfig.sys.mjs");
  const window = Services.wm.getMostRecentWindow(null);
  const domain = address.split("@").pop();
  const way = FindConfig.parallelAutoDiscovery(domain, address, new window.AbortController().signal, "", "");
  let step = await way.next();
  while (!step.done) {
    step = await way.next({ acceptRedirect: true });
  }
  const config = step.value;
  if (!config) {
    finished({ Source: "", Incoming: [], Outgoing: [] });
    return;
  }
  const sockets = { [Ci.nsMsgSocketType.plain]: "plain", [Ci.nsMsgSocketType.alwaysSTARTTLS]: "STARTTLS", [Ci.nsMsgSocketType.SSL]: "SSL" };
  const local = address.slice(0, address.lastIndexOf("@"));
  const server = s => ({
    Type: s.type, Hostname: s.hostname, Port: s.port, Socket: sockets[s.socketType] || String(s.socketType),
    Username: (s.username || "").replace("%EMAILADDRESS%", address).replace("%EMAILLOCALPART%", local).replace("%EMAILDOMAIN%", domain),
  });
  finished({
    Source: config.subSource || config.source || "unknown",
    Incoming: [config.incoming, ...config.incomingAlternatives].filter(s => s.hostname).map(server),
    Outgoing: [config.outgoing, ...config.outgoingAlternatives].filter(s => s.hostname).map(server),
  });
})().catch(error => finished({ Source: "", Incoming: [], Outgoing: [], Failed: String(error) }));`
