// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Kind says what is signed. It stands in front of what is signed, so that one is never taken for the other.
type Kind string

// The kinds, with the version of their form.
const (
	KindAccount Kind = "account certificate 1"
	KindSummary Kind = "summary of certificates 1"
)

// envelope is a signed file. Signature is Ed25519 (RFC 8032) over the kind, a line feed, and the certificate as compact JSON: the
// octets of the file without insignificant white space. Keys and signature are lower-case hexadecimal, because each of its
// digits counts; Base64 has spare bits.
type envelope struct {
	Kind        Kind            `json:"rehome"`
	Certificate json.RawMessage `json:"certificate"`
	PublicKey   string          `json:"public_key"`
	Signature   string          `json:"signature"`
}

// maxFile bounds what is read of a file.
const maxFile = 256 << 20

// Why a file is no certificate.
var (
	errForm      = errors.New("is not a certificate of rehome, or was edited")
	errSignature = errors.New("was altered after it was signed, or was not signed with the key that it names")
)

// sign returns the file of a certificate or summary.
func sign(key ed25519.PrivateKey, kind Kind, what any) ([]byte, error) {
	content, err := compact(what)
	if err != nil {
		return nil, err
	}
	public, _ := key.Public().(ed25519.PublicKey) // it is always one
	signed, err := compact(envelope{
		Kind: kind, Certificate: content, PublicKey: hex.EncodeToString(public),
		Signature: hex.EncodeToString(ed25519.Sign(key, signedOctets(kind, content))),
	})
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	if err := json.Indent(&file, signed, "", "  "); err != nil {
		return nil, err
	}
	file.WriteByte('\n')
	return file.Bytes(), nil
}

// Sign returns the certificate's file: JSON that people can read.
func (c *Certificate) Sign(key Key) ([]byte, error) { return sign(key.private, KindAccount, c) }

// Sign returns the summary's file.
func (s *Summary) Sign(key Key) ([]byte, error) { return sign(key.private, KindSummary, s) }

// open checks a file's form and signature.
func open(file []byte) (envelope, ed25519.PublicKey, error) {
	var e envelope
	if err := json.Unmarshal(file, &e); err != nil {
		return envelope{}, nil, errForm
	}
	var stripped bytes.Buffer
	if err := json.Compact(&stripped, file); err != nil {
		return envelope{}, nil, errForm
	}
	public, err := hex.DecodeString(e.PublicKey)
	if err != nil || len(public) != ed25519.PublicKeySize {
		return envelope{}, nil, errForm
	}
	signature, err := hex.DecodeString(e.Signature)
	if err != nil {
		return envelope{}, nil, errForm
	}
	content := bytes.Buffer{}
	if err := json.Compact(&content, e.Certificate); err != nil {
		return envelope{}, nil, errForm
	}
	e.Certificate = content.Bytes()
	// What was decoded has to be all that the file holds: a key that stands twice shows readers another value than programs.
	e.PublicKey, e.Signature = hex.EncodeToString(public), hex.EncodeToString(signature)
	whole, err := compact(e)
	if err != nil || !bytes.Equal(whole, stripped.Bytes()) {
		return envelope{}, nil, errForm
	}
	if !ed25519.Verify(public, signedOctets(e.Kind, e.Certificate), signature) {
		return envelope{}, nil, errSignature
	}
	return e, public, nil
}

// decode reads what is signed into one of its kinds.
func (e envelope) decode(kind Kind, into any) error {
	if e.Kind != kind {
		return fmt.Errorf("is of another kind or version: %q", string(e.Kind))
	}
	decoder := json.NewDecoder(bytes.NewReader(e.Certificate))
	decoder.DisallowUnknownFields() // a later version says so in its kind
	return decoder.Decode(into)
}

func signedOctets(kind Kind, content []byte) []byte {
	return append([]byte(string(kind)+"\n"), content...)
}

// compact is the JSON of a value without white space, and without the escapes that only web pages need.
func compact(what any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(what); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
