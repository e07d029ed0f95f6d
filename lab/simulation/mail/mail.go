// SPDX-License-Identifier: Apache-2.0

// Package mail simulates the move of one account's mail: the product's conductor, engine, endpoint,
// client, ledger and verifier against models of a source and of a destination that speak IMAP octets.
//
// A run draws a small world, lets passes go over it while users work at both ends, connections break,
// processes are killed and servers are put back from a backup, lets everything come to rest, and then
// asks the models, and nobody else, whether the rules of the product have held.
package mail

// Invariants
//
//   - What is true is told by the models' own books (store.all), which no product code writes or reads.
//   - A habit stays for the whole run; a fault ends with the troubled part of it. Behind that part
//     everything has to become true that can.

import (
	"rehome/lab/simulation"
	"rehome/lab/simulation/ledgers"
)

// Kind returns the simulation of mail. Each run has a folder of its own in dir, and ledgers of the pool.
func Kind(dir string, pool *ledgers.Pool) simulation.Kind {
	return simulation.Kind{
		Name: "mail", Switches: switches(), Sizes: sizes(), Waiting: waiting,
		Run: func(plan simulation.Plan) *simulation.Failure { return play(plan, dir, pool) },
	}
}
