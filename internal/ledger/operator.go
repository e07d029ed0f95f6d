// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Operators keeps who may sign in to the screen.
type Operators struct{ *store }

// Role is what somebody may do on the screen. Each may do what those before it may.
type Role string

// The roles.
const (
	RoleLook    Role = "look"    // see everything, change nothing
	RoleOperate Role = "operate" // start and stop passes, accept differences
	RoleSwitch  Role = "switch"  // take domains across
)

// Operator is somebody who may sign in.
type Operator struct {
	Name     string // in lower case
	Role     Role
	Password string    // its hash: argon2id, as the PHC string format has it
	Changed  time.Time // to the second; set by the ledger
}

// Save adds an operator, or replaces the one of that name.
func (l *Operators) Save(ctx context.Context, o Operator) error {
	return l.writeIntent(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO operators (name, role, password, changed_unix) VALUES (?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET role = excluded.role, password = excluded.password, changed_unix = excluded.changed_unix`,
			o.Name, string(o.Role), o.Password, l.now().Unix())
		return err
	})
}

// Remove removes an operator, and reports whether there was one.
func (l *Operators) Remove(ctx context.Context, name string) (was bool, err error) {
	return l.changed(ctx, `DELETE FROM operators WHERE name = ?`, name)
}

// All returns all operators by name.
func (l *Operators) All(ctx context.Context) (all []Operator, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var o Operator
		var changed int64
		err := rows.Scan(&o.Name, &o.Role, &o.Password, &changed)
		o.Changed = fromUnix(changed)
		all = append(all, o)
		return err
	}, `SELECT name, role, password, changed_unix FROM operators ORDER BY name`)
	return all, err
}
