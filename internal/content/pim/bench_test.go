// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"testing"
)

func BenchmarkInspect(b *testing.B) {
	for _, name := range []string{"event.ics", "recurring.ics", "card.vcf"} {
		data := sample(b, name)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = Inspect(data)
			}
		})
	}
}

func BenchmarkCompare(b *testing.B) {
	for _, name := range []string{"event.ics", "recurring.ics", "card.vcf"} {
		data := sample(b, name)
		other := append(bytes.TrimSuffix(bytes.Clone(data), []byte("\r\n")), '\n')
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Compare(data, other, KindUnknown)
			}
		})
	}
}

func BenchmarkRepair(b *testing.B) {
	for _, name := range []string{"event.ics", "recurring.ics", "card.vcf"} {
		data := sample(b, name)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Repair(data, KindUnknown, SafeNeeds())
			}
		})
	}
}
