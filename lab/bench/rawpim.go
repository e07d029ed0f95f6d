// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"golang.org/x/sync/errgroup"

	"rehome/internal/content/pim"
	"rehome/lab/corpus"
)

// rawPIMProbe is a contender that only writes: a PUT for each object from memory, with so many connections
// over the book and the calendar, no question before it and no look after it.
type rawPIMProbe struct {
	scene       *pimScene
	connections int
}

func rawPIMProbes(s *pimScene) []contender {
	var probes []contender
	for _, n := range []int{1, 2, 4, 8} {
		probes = append(probes, &rawPIMProbe{scene: s, connections: n})
	}
	return probes
}

func (r *rawPIMProbe) name() string {
	return fmt.Sprintf("%s, connections: %d", rawWrite, r.connections)
}

func (r *rawPIMProbe) prepare(ctx context.Context, _ string) (*trial, error) {
	account, err := r.scene.freshAccount()
	if err != nil {
		return nil, err
	}
	for _, kind := range []pim.Kind{pim.KindContact, pim.KindCalendar} { // some servers make them at the first look
		if _, err := r.scene.dst.stored(ctx, account, kind); err != nil {
			return nil, err
		}
	}
	return &trial{
		start: func(ctx context.Context) (usage, error) {
			before := ownCPU()
			err := r.run(ctx, account)
			return usage{cpu: ownCPU() - before}, err
		},
		check: func(ctx context.Context) error { return r.scene.check(ctx, account) },
		part:  1,
	}, nil
}

// upload is one PUT.
type upload struct {
	url  string
	kind pim.Kind
	data []byte
}

// uploads are the objects of the book and of the calendar.
func (r *rawPIMProbe) uploads(account string) [2]chan upload {
	var all [2]chan upload
	for i, side := range []struct {
		kind pim.Kind
		from corpus.Collection
	}{{pim.KindContact, r.scene.person.AddressBooks[0]}, {pim.KindCalendar, r.scene.person.Calendars[0]}} {
		place := r.scene.dst.places(account)[i]
		all[i] = make(chan upload, len(side.from.Resources))
		for _, resource := range side.from.Resources {
			all[i] <- upload{r.scene.url[destination] + place.home + place.name + "/" + url.PathEscape(resource.Name), side.kind, resource.Data}
		}
		close(all[i])
	}
	return all
}

// run has every other connection begin with the calendar, so that both are written at the same time.
func (r *rawPIMProbe) run(ctx context.Context, account string) error {
	uploads := r.uploads(account)
	group, ctx := errgroup.WithContext(ctx)
	for i := range r.connections {
		group.Go(func() error {
			client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
			defer client.CloseIdleConnections()
			for _, queue := range []chan upload{uploads[i%2], uploads[1-i%2]} {
				for u := range queue {
					if err := u.send(ctx, client, account); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (u upload) send(ctx context.Context, client *http.Client, account string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, u.url, bytes.NewReader(u.data))
	if err != nil {
		return err
	}
	request.SetBasicAuth(account, password)
	request.Header.Set("If-None-Match", "*")
	request.Header.Set("Content-Type", "text/vcard; charset=utf-8")
	if u.kind == pim.KindCalendar {
		request.Header.Set("Content-Type", "text/calendar; charset=utf-8")
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	if err == nil && answer.StatusCode != http.StatusCreated {
		err = fmt.Errorf("PUT %s: %s: %s", u.url, answer.Status, said)
	}
	return err
}
