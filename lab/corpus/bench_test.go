// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"io"
	"testing"
)

func BenchmarkMessage_writeStored(b *testing.B) {
	for _, c := range []struct {
		name string
		size int64
	}{{"10KB", 10 << 10}, {"10MB", 10 << 20}} {
		b.Run(c.name, func(b *testing.B) {
			msg := Uniform(1, c.size, 1)[0].Messages[0]
			b.SetBytes(msg.Size)
			for b.Loop() {
				if err := msg.WriteStored(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkUniform_describe10000(b *testing.B) {
	for b.Loop() {
		Uniform(10_000, 10<<10, 20)
	}
}
