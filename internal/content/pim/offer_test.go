// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// docs/contacts-and-calendars.md lists the repairs. UPDATE=1 writes them there.
func TestOffers_areInTheManual(t *testing.T) {
	t.Parallel()
	const file, head = "../../../docs/contacts-and-calendars.md", "| repair | what is wrong | what is done | made |\n|---|---|---|---|\n"
	words := map[Readiness]string{Always: "always", IfNeeded: "where needed", OnRequest: "with `repairs: all`, where needed"}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), head)
	if !found {
		t.Fatalf("%s has no table of the repairs", file)
	}
	for strings.HasPrefix(rest, "|") {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	var table strings.Builder
	for _, offer := range Offers() {
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", offer.Code, offer.Finds, offer.Does, words[offer.When])
	}
	want := before + head + table.String() + rest
	if want == string(page) {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("%s does not list the repairs as they are: run UPDATE=1 go test ./internal/content/pim", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Every repair that can be made is offered, and what is offered can be made.
func TestOffers_areTheRepairs(t *testing.T) {
	t.Parallel()
	made := map[Code]bool{}
	objects := corpus(t)
	objects["agent.vcf"] = []byte("BEGIN:VCARD\r\nVERSION:2.1\r\nN:a\r\nAGENT:\r\nBEGIN:VCARD\r\nN:b\r\nEND:VCARD\r\nEND:VCARD\r\n")
	objects["escape.vcf"], _ = pairOf(KindContact, `X-ABUID:a\:b`, "")
	objects["bare.vcf"], _ = pairOf(KindContact, "TEL;CELL:1", "")
	for name, data := range objects {
		doc, err := Parse(data)
		if err != nil {
			continue
		}
		for _, phase := range phases() {
			for _, found := range phase(doc) {
				if len(found.edits) > 0 {
					made[found.Code] = true
					if !Every()[found.Code] {
						t.Errorf("%s: %s can be repaired and is not offered", name, found.Code)
					}
				}
			}
		}
	}
	seen := map[Code]bool{}
	for _, offer := range Offers() {
		if !made[offer.Code] {
			t.Errorf("%s is offered and never made", offer.Code)
		}
		if seen[offer.Code] || offer.Finds == "" || offer.Does == "" {
			t.Errorf("%+v stands twice or says nothing", offer)
		}
		seen[offer.Code] = true
	}
}
