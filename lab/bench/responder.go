// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"rehome/lab"
)

// responderRow is "clients serve": what Outlook asks, over connections that are kept, resumed and new. Beside it, what the TLS of new
// connections alone costs a program that does nothing else. Its figures are of the server's CPU time: nobody waits for a document.
func responderRow() Row {
	return Row{
		Key: "responder/outlook", Work: "settings for 4,000 Outlooks", Destination: "clients serve", Line: "TLS, 0 ms", standard: true,
		open: func(_ context.Context, dir string, options Options) (scene, error) {
			return openResponder(dir, options)
		},
	}
}

const responderRequests = 4000

// responderScene is a responder, and a server of OpenSSL with the same certificate.
type responderScene struct {
	lab      *lab.Lab
	requests int
	address  [2]string // of the responder and of OpenSSL
	groups   [2]int
}

const responderSettings = `domains: [example.test]
roster: people.csv
source: {kind: imap, imap: {address: "old.test:993"}, submission: {address: "old.test:465"}}
destination: {kind: imap, imap: {address: "new.test:993"}, submission: {address: "new.test:465"}}
clients: {listen: %q, certificates: [responder.pem], switched: switched.txt, requests_per_minute: 100000000}
`

func openResponder(dir string, options Options) (_ *responderScene, err error) {
	s := &responderScene{requests: options.scaled(responderRequests, 10)}
	if s.lab, err = lab.New(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.lab.Close())
		}
	}()
	certificate, key, err := s.lab.Issue("autodiscover.example.test")
	if err != nil {
		return nil, err
	}
	var pair []byte
	for _, file := range []string{certificate, key} {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		pair = append(pair, text...)
	}
	for i := range s.address {
		if s.address[i], err = s.lab.Addr(); err != nil {
			return nil, err
		}
	}
	for name, text := range map[string]string{
		"rehome.yaml": fmt.Sprintf(responderSettings, s.address[0]), "responder.pem": string(pair), "switched.txt": "example.test destination\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	for i, program := range []lab.Program{
		{Name: "serve", Command: options.Binary, Args: []string{"-c", filepath.Join(dir, "rehome.yaml"), "clients", "serve"}},
		{Name: "openssl", Command: "openssl", Package: "openssl",
			Args: []string{"s_server", "-accept", s.address[1], "-cert", certificate, "-key", key, "-www", "-quiet"}},
	} {
		program.Ready = []string{s.address[i]}
		process, err := s.lab.Start(program)
		if err != nil {
			return nil, err
		}
		s.groups[i] = process.Pid()
	}
	return s, nil
}

func (s *responderScene) load() Load              { return Load{Accounts: s.requests, Items: s.requests} }
func (s *responderScene) counts() (counts, error) { return counts{}, nil }
func (s *responderScene) close() error            { return s.lab.Close() }

// servers are not source and destination here: the second is OpenSSL.
func (s *responderScene) servers() [2][]int { return [2][]int{{s.groups[0]}, {s.groups[1]}} }

func (s *responderScene) contenders() []contender {
	return []contender{
		&askers{scene: s, title: "rehome, kept connections", kept: true}, &askers{scene: s, title: "rehome, resumed TLS", resumes: true},
		&askers{scene: s, title: "rehome, new TLS"}, &askers{scene: s, title: "openssl s_server, new TLS", bare: true},
	}
}

// askers are clients that ask one after the other, four at a time.
type askers struct {
	scene         *responderScene
	title         string
	kept, resumes bool
	bare          bool // they ask OpenSSL for its page
}

func (a *askers) name() string { return a.title }

func (a *askers) prepare(context.Context, string) (*trial, error) {
	settings := a.scene.lab.ClientTLS("autodiscover.example.test")
	if a.resumes {
		settings.ClientSessionCache = tls.NewLRUClientSessionCache(64)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: settings, DisableKeepAlives: !a.kept, MaxIdleConnsPerHost: askersAtOnce}}
	var right, resumed atomic.Int64
	return &trial{
		start: func(ctx context.Context) (usage, error) {
			began := ownCPU()
			err := a.askAll(ctx, client, &right, &resumed)
			return usage{cpu: ownCPU() - began}, err
		},
		check: func(context.Context) error {
			client.CloseIdleConnections()
			if want := int64(a.scene.requests); right.Load() != want || a.resumes && resumed.Load() < want-2*askersAtOnce {
				return fmt.Errorf("%d of %d answers are right, %d connections resumed", right.Load(), want, resumed.Load())
			}
			return nil
		},
		part: 1,
	}, nil
}

const askersAtOnce = 4

func (a *askers) askAll(ctx context.Context, client *http.Client, right, resumed *atomic.Int64) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(askersAtOnce)
	for range a.scene.requests {
		group.Go(func() error {
			response, err := a.ask(ctx, client)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
			if err == nil && response.StatusCode == http.StatusOK && (a.bare || strings.Contains(string(text), "<Server>new.test</Server>")) {
				right.Add(1)
			}
			if response.TLS != nil && response.TLS.DidResume {
				resumed.Add(1)
			}
			return err
		})
	}
	return group.Wait()
}

const outlookRequest = `<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>
<EMailAddress>anna@example.test</EMailAddress>
<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>
</Request></Autodiscover>`

func (a *askers) ask(ctx context.Context, client *http.Client) (*http.Response, error) {
	method, where, body := http.MethodPost, "https://"+a.scene.address[0]+"/autodiscover/autodiscover.xml", outlookRequest
	if a.bare {
		method, where, body = http.MethodGet, "https://"+a.scene.address[1]+"/", ""
	}
	request, err := http.NewRequestWithContext(ctx, method, where, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Host = "autodiscover.example.test"
	return client.Do(request)
}
