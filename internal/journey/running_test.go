// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"rehome"
	"rehome/internal/beacon"
	"rehome/internal/conductor"
	"rehome/internal/config"
	"rehome/internal/endpoint"
	"rehome/internal/pass"
)

// Every number that a process shows comes across as it is, also one that is added to the Snapshot later.
func TestRunning_snapshotComesAcross(t *testing.T) {
	t.Parallel()
	var want conductor.Snapshot
	fields := reflect.ValueOf(&want).Elem()
	for i := range fields.NumField() {
		switch field := fields.Field(i); field.Kind() {
		case reflect.Int, reflect.Int64:
			field.SetInt(int64(i)*1_000_000_007 + 123)
		case reflect.Float64:
			field.SetFloat(float64(i) + 0.123)
		case reflect.String:
			field.SetString(fields.Type().Field(i).Name)
		case reflect.Struct:
			want.HeldUp = conductor.HeldUp{Lately: []endpoint.Share{{By: endpoint.BySource, Percent: 100}},
				Whole: []endpoint.Share{{By: endpoint.ByLine, Percent: 60}, {By: endpoint.ByUs, Percent: 40}},
				Servers: []endpoint.ServerShares{{Side: rehome.Source, Service: "imap", Host: "a:993",
					Shares: []endpoint.Share{{By: endpoint.ByOthers, Percent: 100}}}}}
		default:
			t.Fatalf("%s: give it a value here", fields.Type().Field(i).Name)
		}
	}
	var told Running
	told.take(want)
	line, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	var heard Running
	if err := json.Unmarshal(line, &heard); err != nil {
		t.Fatal(err)
	}
	if got := heard.Snapshot(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func watchable(t *testing.T) *Move {
	t.Helper()
	settings := config.Default()
	settings.Store = filepath.Join(t.TempDir(), "rehome.db")
	return New(&settings, "test", nil)
}

// The numbers are those of the process that works, at each tick and at the end.
func TestWatch_sameNumbers(t *testing.T) {
	t.Parallel()
	m := watchable(t)
	progress := conductor.NewProgress()
	progress.Expect(&pass.Size{Messages: 30, Octets: 600})
	over := m.show(workSync, progress)
	ticks := make(chan time.Time)
	heard := make(chan Running)
	ended := make(chan Running)
	go func() {
		last, err := m.Watch(t.Context(), ticks, func(r Running) error { heard <- r; return nil })
		if err != nil {
			t.Error(err)
		}
		ended <- last
	}()
	if got := <-heard; got.State != RunRunning || got.Work != "sync" || got.Accounts != 1 || got.Messages != 30 || got.Done != 0 {
		t.Errorf("at first: got %+v", got)
	}
	progress.Begin("anna", &pass.Size{Messages: 30, Octets: 600})
	progress.Looked("anna", 30, 600)
	progress.Copied("anna", 12, 240)
	ticks <- time.Time{}
	now := progress.Snapshot()
	if got := (<-heard).Snapshot(); got.Done != now.Done || got.Done != 12 || got.CopiedOctets != now.CopiedOctets {
		t.Errorf("in the middle: got %+v, want %+v", got, now)
	}
	progress.Copied("anna", 18, 360)
	progress.Finished("anna", false)
	over()
	ticks <- time.Time{}
	<-heard
	if got := <-ended; got.State != RunEnded || got.Done != 30 || got.Finished != 1 || got.Outcome() != rehome.OutcomeDone {
		t.Errorf("at the end: got %+v", got)
	}
	if got, err := m.Watch(t.Context(), nil, nil); err != nil || got.State != RunNone {
		t.Errorf("afterwards: got %+v, %v", got, err)
	}
}

// What has ended without a word has died. What is not understood is no number.
func TestWatch_diesOrSpeaksAnotherLanguage(t *testing.T) {
	t.Parallel()
	m := watchable(t)
	light, err := beacon.Kindle(m.beacons(), workVerify, func(bool) any { return "twelve" })
	if err != nil {
		t.Fatal(err)
	}
	defer light.Out()
	var fault *rehome.Fault
	if _, err := m.Watch(t.Context(), nil, nil); !errors.As(err, &fault) || fault.Hint == "" {
		t.Errorf("got %v, want a fault with a next step", err)
	}
	died := Running{State: RunDied}
	if died.Outcome() != rehome.OutcomeRemaining {
		t.Errorf("got %v, want that the same command goes on", died.Outcome())
	}
}
