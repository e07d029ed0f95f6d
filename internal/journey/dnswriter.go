// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"maps"
	"slices"
	"time"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/cutover"
	"rehome/internal/dnswrite"
)

// writer returns what changes a zone: what the settings name for it, or else a person.
func (m *Move) writer(ctx context.Context, zone string, asker dnswrite.Asker) (dnswrite.Writer, error) {
	options := m.writerOptions(zone)
	options.Asker = asker
	if _, provider := m.settings.DNS.Writer(zone); provider != nil {
		var err error
		if options.Secret, err = provider.Secret.Resolve(ctx); err != nil {
			return nil, err
		}
		if options.TLS, err = provider.Client(); err != nil {
			return nil, err
		}
	}
	return dnswrite.New(options)
}

// describe says what can be done with a zone, without a secret.
func (m *Move) describe(zone string) dnswrite.Capability {
	return dnswrite.Describe(m.writerOptions(zone))
}

func (m *Move) writerOptions(zone string) dnswrite.Options {
	_, provider := m.settings.DNS.Writer(zone)
	if provider == nil {
		return dnswrite.Options{Kind: dnswrite.Hand, Zone: zone}
	}
	return dnswrite.Options{Kind: provider.Kind, Zone: zone, Server: provider.Server, URL: provider.URL, Key: provider.Key,
		Algorithm: provider.Algorithm}
}

// aboutWriting is what a check calls the right to change a zone.
const aboutWriting = "changes"

// checkWriter tries, without changing anything, whether what the settings name for a zone lets rehome write. ok is false if they
// name nothing: then there is nothing to try.
func (m *Move) checkWriter(ctx context.Context, zone string) (sentence string, ok bool, err error) {
	capability := m.describe(zone)
	if capability.ByHand {
		return "", false, nil
	}
	w, err := m.writer(ctx, zone, nil)
	if err == nil {
		err = w.Check(ctx)
	}
	proved := capability.Title + " accepts changes of " + zone + " with this key; "
	if capability.Kind != dnswrite.RFC2136 {
		proved = capability.Title + " shows " + zone + " with this secret; whether it may also be changed shows only then; "
	}
	return proved + capability.Race(), true, err
}

// checkWriting adds to what was found out about a domain whether rehome can change its records.
func (m *Move) checkWriting(ctx context.Context, d *cutover.Domain) {
	if d.Zone == "" {
		return
	}
	sentence, ok, err := m.checkWriter(ctx, d.Zone)
	if !ok {
		return
	}
	record := cutover.Record{About: aboutWriting, Name: d.Zone, State: cutover.Right, Sentence: sentence, Who: d.Who, Now: []string{}}
	if err != nil {
		record.State, record.Sentence, record.NextStep = cutover.Wrong, err.Error(), rehome.HintOf(err)
	}
	d.Records = append(d.Records, record)
}

// checkWriters looks at all zones that the settings name a provider for, and at those of the domains that go to one that names
// none.
func (m *Move) checkWriters(ctx context.Context, c *checkup.List) {
	zones := map[string]bool{}
	for _, provider := range m.settings.DNS.Providers {
		for _, zone := range provider.Zones {
			zones[zone] = true
		}
	}
	if _, usual := m.settings.DNS.Writer(""); usual != nil {
		m.addZones(ctx, c, zones)
	}
	for _, zone := range slices.Sorted(maps.Keys(zones)) {
		sentence, ok, err := m.checkWriter(ctx, zone)
		if err != nil {
			c.Fail("dns", err)
		} else if ok {
			c.OK("dns", sentence)
		}
	}
}

// addZones finds the zones of the domains that move.
func (m *Move) addZones(ctx context.Context, c *checkup.List, zones map[string]bool) {
	domains, err := m.domains(ctx)
	if err != nil {
		return // said about the people
	}
	asker := m.publicWorld().DNS
	for _, domain := range domains {
		zone, err := asker.Find(ctx, domain)
		if err != nil {
			c.Fail("dns", &rehome.Fault{Class: rehome.ClassTemporary, Op: "find the zone of", Object: domain, Cause: err,
				Hint: `run "rehome dns check ` + domain + `"`})
			continue
		}
		zones[zone.Name] = true
	}
}

// lowTTL is the TTL that records of a zone get before they are changed: that of the settings, or the smallest that what is written
// to takes.
func (m *Move) lowTTL(zone string) time.Duration {
	return max(m.settings.Cutover.TTL, time.Duration(m.describe(zone).MinTTL)*time.Second)
}
