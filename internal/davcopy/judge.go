// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"errors"
	"net/http"

	"rehome/internal/protocol/dav"
)

// step is what follows the destination's answer to a PUT.
type step string

// The steps.
const (
	stepStored   step = "stored"
	stepAgain    step = "again"     // the same once more
	stepLook     step = "look"      // something is there, or is not what it was: look at it
	stepFindUID  step = "find_uid"  // another object has the UID: look at that
	stepRepair   step = "repair"    // try with all safe repairs, or give it up
	stepTooLarge step = "too_large" // give it up
	stepStop     step = "stop"      // the trouble is not the object's
)

// judge reads the destination's answer to the attempt-th PUT of an object, counted from 1. It is pure.
// Servers say the same with different statuses, and different things with the same: 412 may also mean
// too large or bad data, which looking tells; 409 is a UID conflict with some and a parent that is
// missing with others.
func judge(err error, attempt int) step {
	var refused *dav.StatusError
	if err == nil {
		return stepStored
	}
	if !errors.As(err, &refused) {
		return stepStop
	}
	if refused.Failed("no-uid-conflict") || refused.Failed("unique-scheduling-object-resource") { // RFC 4791 5.3.2.1, RFC 6638 3.2.4.1
		return stepFindUID
	}
	if refused.Failed("max-resource-size") {
		return stepTooLarge
	}
	// RFC 4791 5.3.2.1 and RFC 6352 6.3.2.1: the data itself, whatever the status.
	for _, condition := range []string{"valid-calendar-data", "valid-calendar-object-resource", "valid-address-data"} {
		if refused.Failed(condition) {
			return stepRepair
		}
	}
	switch refused.Status {
	case http.StatusPreconditionFailed:
		return stepLook
	case http.StatusConflict:
		return stepFindUID
	case http.StatusRequestEntityTooLarge:
		return stepTooLarge
	case http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInsufficientStorage,
		http.StatusLocked, http.StatusNotFound, http.StatusBadGateway, http.StatusGatewayTimeout:
		return stepStop
	}
	if refused.Status >= 500 && attempt == 1 {
		return stepAgain // many servers say 500 to data that they do not understand, and some to nothing at all
	}
	return stepRepair
}
