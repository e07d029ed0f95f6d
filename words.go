// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
)

// causeWords are what a person reads of a cause. Op and Object have said what was attempted on which host, so of a network
// error only the reason is left: "connection refused", and not "dial tcp 10.0.0.1:993: connect: connection refused".
func causeWords(cause error) string {
	text := cause.Error()
	var network *net.OpError
	if errors.As(cause, &network) {
		text = strings.Replace(text, network.Error(), networkReason(network.Err), 1)
	}
	var lookup *net.DNSError
	if errors.As(cause, &lookup) {
		text = strings.Replace(text, lookup.Error(), lookupReason(lookup), 1)
	}
	return strings.Replace(text, context.DeadlineExceeded.Error(), noAnswer, 1)
}

const noAnswer = "no answer in time"

func networkReason(err error) string {
	var call *os.SyscallError
	var timeout net.Error
	switch {
	case err == nil:
		return "no connection"
	case errors.As(err, &call):
		return call.Err.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return noAnswer
	}
	return err.Error()
}

func lookupReason(err *net.DNSError) string {
	if err.IsTimeout {
		return "looking up " + err.Name + ": " + noAnswer
	}
	return "looking up " + err.Name + ": " + err.Err
}
