// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/binary"
	"fmt"
	"sort"
	"strings"
)

// The flags column holds, first, the distinct flag sets of the batch and then one varint for each
// message that names its set: uvarint number of sets, for each set uvarint length and the flags in
// alphabetical order joined by blanks (flags have none), then the indexes. A batch of a hundred
// messages has a handful of sets.

func encodeFlags(items []Item) []byte {
	index := map[string]uint64{}
	var sets []string
	var refs []byte
	for _, item := range items {
		set := FlagSet(item.Flags)
		i, known := index[set]
		if !known {
			i = uint64(len(sets))
			index[set] = i
			sets = append(sets, set)
		}
		refs = binary.AppendUvarint(refs, i)
	}
	encoded := binary.AppendUvarint(nil, uint64(len(sets)))
	for _, set := range sets {
		encoded = binary.AppendUvarint(encoded, uint64(len(set)))
		encoded = append(encoded, set...)
	}
	return append(encoded, refs...)
}

// FlagSet renders flags in one canonical form, for comparison: sorted, system flags and keywords
// alike, letter case kept as keywords are case-insensitive only for some servers.
func FlagSet(flags []string) string {
	sorted := append([]string(nil), flags...)
	sort.Strings(sorted)
	return strings.Join(sorted, " ")
}

// decodeFlags fills the flags of items.
func decodeFlags(encoded []byte, items []Item) error {
	next := func() (uint64, error) {
		v, n := binary.Uvarint(encoded)
		if n <= 0 {
			return 0, fmt.Errorf("flags: %w", errDamaged)
		}
		encoded = encoded[n:]
		return v, nil
	}
	count, err := next()
	if err != nil || count > uint64(len(items)) {
		return fmt.Errorf("flags: %w", errDamaged)
	}
	sets := make([][]string, count)
	for i := range sets {
		length, err := next()
		if err != nil || length > uint64(len(encoded)) {
			return fmt.Errorf("flags: %w", errDamaged)
		}
		if length > 0 {
			sets[i] = strings.Split(string(encoded[:length]), " ")
		}
		encoded = encoded[length:]
	}
	for i := range items {
		ref, err := next()
		if err != nil || ref >= count {
			return fmt.Errorf("flags: %w", errDamaged)
		}
		items[i].Flags = sets[ref]
	}
	if len(encoded) > 0 {
		return fmt.Errorf("flags of more than %d messages: %w", len(items), errDamaged)
	}
	return nil
}
