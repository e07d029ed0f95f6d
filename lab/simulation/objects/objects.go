// SPDX-License-Identifier: Apache-2.0

// Package objects simulates moves of contacts and calendars: the real engine, conductor, client, ledger and
// verifier between two model servers that speak WebDAV over connections in memory, on a clock of their own.
//
// A run is made from a seed: what the source holds, what both servers are like, what goes wrong and when, what
// the users do meanwhile, and where rehome crashes. Behind it stands the models' own truth, against which all
// that rehome has said and done is held (judge.go). Nothing here shares a line with the product's view of
// content: the models compare objects by their own lines (content.go).
//
// Whether something departs from the plain course is asked by name, and the answer hangs on the seed and the
// name alone, never on which goroutine asked first (decide.go). Every request takes times of its own: before it
// queues at a host, when its turn has come (run.pace), and on its way (end.latency). So what runs at once has an order,
// too, and a run replays to the last request (replay_test.go).
//
// The servers do what RFC 4918, 4791, 6352, 6578 and 6638 allow, and what real ones were seen to do; faults.go
// lists it.
package objects
