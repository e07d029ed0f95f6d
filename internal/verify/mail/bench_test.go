// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"testing"

	"rehome"
	"rehome/internal/verify"
)

// BenchmarkAccount reads 5,000 messages of 10 kB in ten mailboxes at both ends.
func BenchmarkAccount(b *testing.B) {
	const address, mailboxes, messages = "anna@example.test", 10, 500
	s := startServers(b, address)
	for side, name := range map[rehome.Side]string{rehome.Source: "INBOX.Box %d", rehome.Destination: "Box %d"} {
		u := s.logIn(b, side, address)
		for i := range mailboxes {
			box := fmt.Sprintf(name, i)
			u.create(box)
			var letters []letter
			for n := range messages {
				l := write(1000)
				l.text = fmt.Sprintf("Message-ID: <%d.%d@example.test>\r\n%s", i, n, l.text)
				letters = append(letters, l)
			}
			u.store(box, letters...)
		}
	}
	for _, level := range verify.Levels() {
		b.Run(string(level), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				got, err := s.options(level).verifier().Account(b.Context(), s.account(address))
				if err != nil || got.Verdict != verify.Equal || got.Mail.Source.Messages != mailboxes*messages {
					b.Fatalf("got %s, %+v, %v", got.Verdict, got.Mail, err)
				}
			}
			b.ReportMetric(float64(mailboxes*messages)*float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}
