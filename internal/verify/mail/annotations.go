// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"maps"
	"slices"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// Annotations (RFC 5464) are what programs note about a mailbox, or about the account. What only the destination has is its own.

// annotatedAhead is how many mailboxes are asked before the first has answered: what they may tell is held together.
const annotatedAhead = 16

// annotated is what an end tells of one.
type annotated struct {
	imap.Annotations
	told bool
}

// compareAnnotations compares those of the account and of all mailboxes that both ends have, as far as both tell.
func (c *check) compareAnnotations(ctx context.Context, plan mapping.Plan) error {
	if c.how.Level == verify.LevelCounts || !c.src.session.HasMetadata("") {
		return nil
	}
	pairs := []mapping.Pair{{}}
	for _, pair := range plan.Pairs {
		if pair.Destination = imap.PrintableName(pair.Destination); !pair.Container && c.dstList.holds(pair.Destination) {
			pairs = append(pairs, pair)
		}
	}
	pairs = slices.DeleteFunc(pairs, func(pair mapping.Pair) bool { return !c.src.session.HasMetadata(pair.Source) })
	untold := map[string]int{}
	for some := range slices.Chunk(pairs, annotatedAhead) {
		var src, dst []annotated
		err := c.both(ctx, func(ctx context.Context) (err error) {
			src, err = c.src.annotations(ctx, some, func(pair mapping.Pair) string { return pair.Source })
			return err
		}, func(ctx context.Context) (err error) {
			dst, err = c.dst.annotations(ctx, some, func(pair mapping.Pair) string { return pair.Destination })
			return err
		})
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			c.find(annotationsNotCompared, "", rehome.Values{"n": len(pairs), "why": err})
			return c.reconnect(ctx)
		}
		for i, pair := range some {
			if why := c.differAnnotations(pair, src[i], dst[i]); why != "" {
				untold[why]++
			}
		}
	}
	for _, why := range slices.Sorted(maps.Keys(untold)) {
		c.find(annotationsNotCompared, "", rehome.Values{"n": untold[why], "why": why})
	}
	return nil
}

// annotations asks an end about pairs. A refusal tells nothing: Dovecot announces the extension also where it has no place for them.
func (e *end) annotations(ctx context.Context, pairs []mapping.Pair, name func(mapping.Pair) string) ([]annotated, error) {
	all := make([]annotated, len(pairs))
	asked := make([]*imap.MetadataCommand, len(pairs))
	var failed error
	for i, pair := range pairs {
		if failed == nil && e.session.HasMetadata(name(pair)) {
			asked[i], failed = e.session.MetadataAhead(ctx, name(pair))
		}
	}
	for i, command := range asked {
		if command == nil {
			continue
		}
		found, err := command.Wait(ctx)
		refused := imap.IsStatus(err, "NO") || imap.IsStatus(err, "BAD") && !e.lost()
		if err != nil && !refused && failed == nil {
			failed = err
		}
		all[i] = annotated{found, err == nil}
	}
	return all, endpoint.Fault(failed, "read annotations at the", string(e.side))
}

// differAnnotations books in what a pair differs, and says why it is not known.
func (c *check) differAnnotations(pair mapping.Pair, src, dst annotated) (unknown string) {
	if !src.told {
		return "the source does not tell them"
	}
	entries := slices.DeleteFunc(slices.Sorted(maps.Keys(src.Values)), func(entry string) bool { return !mapping.AnnotationMoves(pair.Source, entry) })
	if len(entries) > 0 && !dst.told {
		return "the destination does not tell them (METADATA)"
	}
	if src.Part {
		unknown = "the source has more than it tells"
	}
	for _, entry := range entries {
		value, there := dst.Values[entry]
		switch {
		case there && value == src.Values[entry]:
		case !there && dst.Part:
			unknown = "the destination has more than it tells"
		default:
			c.differAnnotation(pair, entry, there)
		}
	}
	return unknown
}

// differAnnotation names the entry, and never the value.
func (c *check) differAnnotation(pair mapping.Pair, entry string, there bool) {
	d := verify.Difference{Kind: verify.AnnotationsDiffer, Mailbox: printable(pair.Source), Object: printable(entry), Source: "has it",
		Destination: "does not have it"}
	said := "has not"
	if there {
		d.Destination = "has another value"
		said = "has with another value"
	}
	of := "the account"
	if pair.Source != "" {
		of = "mailbox " + quote(pair.Source)
	}
	d.Sentence = of + " has the annotation " + quote(entry) + " at the source, which the destination " + said
	c.differ(d)
}
