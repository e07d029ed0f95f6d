// SPDX-License-Identifier: Apache-2.0

package thunderbird

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// marionette is a connection to what Mozilla's programs are driven by in tests: messages of the form LENGTH:JSON, where a command is
// [0, number, name, arguments] and its answer [1, number, error, result].
type marionette struct {
	conn   net.Conn
	in     *bufio.Reader
	number int
}

// maxMessage bounds an answer; a failed script answers with a stack.
const maxMessage = 4 << 20

func dialMarionette(ctx context.Context, address string) (*marionette, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	m := &marionette{conn: conn, in: bufio.NewReader(conn)}
	if _, err := m.read(); err != nil { // it introduces itself
		return nil, errors.Join(err, conn.Close())
	}
	for _, step := range []struct {
		name string
		args any
	}{
		{"WebDriver:NewSession", map[string]any{}},
		{"Marionette:SetContext", map[string]string{"value": "chrome"}}, // the program's own scripts, not those of a page
		{"WebDriver:SetTimeouts", map[string]int{"script": int(patience / time.Millisecond)}},
	} {
		if err := m.do(step.name, step.args, nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return m, nil
}

// run runs a script in the program; the script calls its last argument with the result.
func (m *marionette) run(script string, args []any, result any) error {
	var answer struct{ Value json.RawMessage }
	command := map[string]any{"script": script, "args": args, "newSandbox": true, "sandbox": "system"}
	if err := m.do("WebDriver:ExecuteAsyncScript", command, &answer); err != nil {
		return err
	}
	return json.Unmarshal(answer.Value, result)
}

func (m *marionette) do(name string, args, result any) error {
	m.number++
	text, err := json.Marshal([]any{0, m.number, name, args})
	if err != nil {
		return err
	}
	if err := m.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(m.conn, "%d:%s", len(text), text); err != nil {
		return err
	}
	text, err = m.read()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var parts [4]json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var failed *struct{ Error, Message string }
	if err := json.Unmarshal(parts[2], &failed); err != nil || failed != nil {
		return fmt.Errorf("%s: %v %w", name, failed, err)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(parts[3], result)
}

func (m *marionette) read() ([]byte, error) {
	head, err := m.in.ReadString(':')
	if err != nil {
		return nil, err
	}
	length, err := strconv.Atoi(strings.TrimSuffix(head, ":"))
	if err != nil || length < 0 || length > maxMessage {
		return nil, fmt.Errorf("a message of %q octets", head)
	}
	text := make([]byte, length)
	_, err = io.ReadFull(m.in, text)
	return text, err
}
