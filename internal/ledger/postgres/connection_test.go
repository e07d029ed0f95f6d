// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestConnection_numbersWhatStandsForAValue(t *testing.T) {
	t.Parallel()
	c := &connection{numbered: map[string]string{}}
	for query, want := range map[string]string{
		"SELECT 1": "SELECT 1",
		"UPDATE x SET y = ?, z = '?' || ? WHERE a = 'it''s ?' AND b = ?": "UPDATE x SET y = $1, z = '?' || $2 WHERE a = 'it''s ?' AND b = $3",
	} {
		for range 2 { // what was said before is known
			if got := c.number(query); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		}
	}
}

// A server that has gone without a word is not waited for longer than the patience, and what the driver has limited stays so.
func TestPatientConn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer there.Close()
		conn := &patientConn{Conn: here}
		defer conn.Close()
		for _, test := range []struct{ limit, want time.Duration }{{0, patience}, {time.Second, time.Second}, {0, patience}} {
			began := time.Now()
			limit := time.Time{}
			if test.limit > 0 {
				limit = began.Add(test.limit)
			}
			if err := conn.SetDeadline(limit); err != nil {
				t.Fatal(err)
			}
			_, err := conn.Read(make([]byte, 1))
			if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != test.want || hintOf(err) == "" {
				t.Errorf("%v after %v, hint %q; want a deadline after %v", err, time.Since(began), hintOf(err), test.want)
			}
			if _, err := conn.Write([]byte{1}); test.limit == 0 && time.Since(began) != 2*patience {
				t.Errorf("write: %v after %v", err, time.Since(began))
			}
		}
	})
}

// answers are what a server says to each who connects, in turn; then it says nothing.
type answers []error

func (answers) Driver() driver.Driver { return nil }

func (a *answers) Connect(ctx context.Context) (driver.Conn, error) {
	if len(*a) == 0 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	err := (*a)[0]
	*a = (*a)[1:]
	return nil, err
}

// A server that has no connection to spare is asked again. Whoever runs out of time meanwhile hears what it has said, and not only that
// it has said nothing of late.
func TestConnector_tellsWhatABusyServerSaid(t *testing.T) {
	t.Parallel()
	full := &pgconn.PgError{Code: tooManyConnections, Message: "sorry, too many clients already"}
	for name, test := range map[string]struct {
		says answers
		want string
	}{
		"silent in the end": {answers{full, full}, hints[tooManyConnections]},
		"silent at once":    {answers{}, comeBackHint},
		"refused":           {answers{full, &pgconn.PgError{Code: "28P01"}}, hints["28"]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := connector{&test.says}.Connect(ctx)
				if err == nil || hintOf(err) != test.want {
					t.Errorf("%v, hint %q; want the hint %q", err, hintOf(err), test.want)
				}
			})
		})
	}
}
