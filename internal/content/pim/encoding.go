// SPDX-License-Identifier: Apache-2.0

package pim

// Encoding is how the bytes of an object stand for characters.
type Encoding string

// The encodings. Windows-1252 is a guess: every byte sequence can be read so.
const (
	EncodingUTF8        Encoding = "utf-8"
	EncodingWindows1252 Encoding = "windows-1252"
	EncodingMixed       Encoding = "mixed" // some lines UTF-8, some not
)
