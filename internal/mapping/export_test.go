// SPDX-License-Identifier: Apache-2.0

package mapping

// EncodedLength lets the property tests measure names.
var EncodedLength = encodedLength
