// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// What is told of a request holds its method and the status, and nothing of what either side says.
func TestAnswered_tellsMethodsOnly(t *testing.T) {
	t.Parallel()
	const hushed = "Hush-Hush-42"
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "no "+hushed)
	})
	var told []Exchange
	client, err := New(Options{URL: server.URL, User: "anna", Password: secret(hushed), Answered: func(e Exchange) { told = append(told, e) }})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Put(t.Context(), "/"+hushed+".ics", Upload{Data: []byte(hushed), Kind: Calendars}); err == nil {
		t.Fatal("the refusal went unnoticed")
	}
	if len(told) != 1 || told[0].Method != http.MethodPut || told[0].Status != http.StatusForbidden || told[0].Sent != int64(len(hushed)) ||
		told[0].Received != int64(len("no "+hushed)) {
		t.Errorf("got %+v", told)
	}
	if shown := fmt.Sprintf("%+v", told); strings.Contains(shown, hushed) {
		t.Errorf("content is told: %s", shown)
	}
}
