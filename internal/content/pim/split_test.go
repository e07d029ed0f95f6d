// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

const splitCard = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:Fold\r\nN:Fold;;;;\r\nNOTE:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\r\n \xbc rest\r\nEND:VCARD\r\n"

func TestRepair_foldsBetweenCharacters(t *testing.T) {
	t.Parallel()
	got, fixes := Repair([]byte(splitCard), KindContact, Needs{CodeSplitCharacter: true})
	if len(fixes) != 1 || !utf8.Valid(got) {
		t.Fatalf("%q, fixes %+v", got, fixes)
	}
	if verdict := Compare([]byte(splitCard), got, KindContact).State; verdict != StateEqual {
		t.Errorf("the repaired one is %s, want equal", verdict)
	}
	if original, err := undo(fixes, got); err != nil || string(original) != splitCard {
		t.Errorf("undone: %q, %v", original, err)
	}
}

// Radicale 3.1.8 reads the physical lines of such a card one by one and stores it as Latin-1 encoded anew.
func TestCompare_textEncodedTwiceAtTheDestinationIsDamage(t *testing.T) {
	t.Parallel()
	repaired, _ := Repair([]byte(splitCard), KindContact, Needs{CodeSplitCharacter: true})
	damaged := bytes.ReplaceAll(repaired, []byte("ü"), []byte("Ã¼"))
	if bytes.Equal(damaged, repaired) {
		t.Fatal("nothing is damaged")
	}
	for _, src := range []string{splitCard, string(repaired)} {
		if verdict := Compare([]byte(src), damaged, KindContact).State; verdict != StateChanged {
			t.Errorf("got %s, want changed", verdict)
		}
	}
	// The other way round it is a repair that somebody has asked for.
	if found := (Terms{Repairs: Every()}).Compare(damaged, []byte(strings.Replace(string(damaged), "Ã¼", "ü", 1)),
		KindContact); found.State != StateRepaired {
		t.Errorf("decoded: %+v, want repaired", found)
	}
}
