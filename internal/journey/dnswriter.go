// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"time"

	"rehome/internal/dnswrite"
)

// writer returns what changes a zone: what the settings name for it, or else a person.
func (m *Move) writer(ctx context.Context, zone string, asker dnswrite.Asker) (dnswrite.Writer, error) {
	_, provider := m.settings.DNS.Writer(zone)
	options := dnswrite.Options{Kind: dnswrite.Hand, Zone: zone, Asker: asker}
	if provider == nil {
		return dnswrite.New(options)
	}
	secret, err := provider.Secret.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	options.Kind, options.Server, options.Secret = provider.Kind, provider.Server, secret
	options.Key, options.Algorithm = provider.Key, provider.Algorithm
	return dnswrite.New(options)
}

// lowTTL is the TTL that records of a zone get before they are changed: that of the settings, or the smallest that what is written
// to takes.
func (m *Move) lowTTL(w dnswrite.Writer) time.Duration {
	return max(m.settings.Cutover.TTL, time.Duration(w.Capability().MinTTL)*time.Second)
}
