// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/certificate"
	"rehome/internal/journey"
)

func certificateCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "certificate", Short: "Issue and check signed certificates of equal accounts"})
	group.AddCommand(certificateIssueCommand(f), certificateCheckCommand(f), certificateKeyCommand(f))
	return group
}

func certificateIssueCommand(f *frame) *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:   "issue",
		Short: "Write a certificate for each account that was equal when it was verified",
		Long: `issue writes a certificate for each account whose last verification found both ends equal: as JSON and
as a page for people, and a summary of all accounts. It contacts no server. A certificate says what both
ends held, when and how thoroughly they were compared, and is signed with the key of this move, which
issue makes the first time and seals beside the identity. Back up both.

Certificates contain addresses and mailbox names, but no subjects and no content.

Exit code 0: every account has one. 5: an account has none; the reason is shown.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			made, err := move.Certify(ctx, cmp.Or(folder, move.CertificatesDefault()))
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(made, func(w io.Writer) error { return writeCertified(w, made) })
		})),
	}
	cmd.Flags().StringVar(&folder, "to", "", "write into this folder (default: certificates, beside the ledger)")
	_ = cmd.MarkFlagDirname("to") // the flag exists, it is defined above
	return cmd
}

func writeCertified(w io.Writer, made journey.Certified) error {
	for _, without := range made.Without {
		fmt.Fprintf(w, "%s has no certificate: it %s\n", printable(without.Account), printable(without.Why))
	}
	if len(made.Without) > 0 {
		fmt.Fprintln(w, `  -> run "rehome sync" and "rehome verify", then issue certificates again`)
	}
	_, err := fmt.Fprintf(w, "%s in %s, signed with the key\n%s\n", plural(len(made.Accounts), "certificate"), made.Folder, made.Key)
	return err
}

func certificateCheckCommand(f *frame) *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Check certificates, on any machine",
		Long: `check reads certificates and summaries, JSON or pages, or whole folders of them, and checks that nothing
was altered since they were signed, that their digests agree, and that the certificates are those that
the summary lists. It needs no settings, no ledger and no server.

Anybody can sign with a key of their own. With --key, check also makes sure that the certificates are
signed with the key of the move: "rehome certificate key" shows it to whoever runs the move.

Exit code 0: all are genuine. 5: at least one is not.`,
		Example: "  rehome certificate check --key signing-key.pem certificates/",
		Args:    placed,
	}
	cmd.RunE = f.run(func(_ context.Context, args []string) (rehome.Outcome, error) {
		public, err := publicKey(key)
		if err != nil {
			return rehome.OutcomeDone, &usageError{cause: err, command: cmd.CommandPath()}
		}
		checked, err := certificate.Check(args, public)
		if err != nil {
			return rehome.OutcomeDone, err
		}
		return f.give(checked, func(w io.Writer) error { return writeChecked(w, checked, public != nil) })
	})
	cmd.Flags().StringVar(&key, "key", "", "public key of the move: 64 hexadecimal digits, or a PEM file")
	_ = cmd.MarkFlagFilename("key", "pem") // the flag exists, it is defined above
	return cmd
}

// publicKey reads the key that is given as such or as a file; "" is none.
func publicKey(given string) (certificate.PublicKey, error) {
	if given == "" {
		return nil, nil
	}
	key, err := certificate.ParsePublicKey(given)
	if err == nil {
		return key, nil
	}
	content, readErr := os.ReadFile(given)
	if readErr != nil {
		return nil, fmt.Errorf("invalid value for --key: %w", err)
	}
	if key, err = certificate.ParsePublicKey(string(content)); err != nil {
		return nil, fmt.Errorf("%s: %w", given, err)
	}
	return key, nil
}

func writeChecked(w io.Writer, checked certificate.Checked, known bool) error {
	genuine := 0
	keys := map[string]bool{}
	for _, file := range checked.Files {
		if file.Problem != "" {
			fmt.Fprintf(w, "%s %s\n", printable(file.File), printable(file.Problem))
			continue
		}
		genuine++
		keys[file.Key] = true
		if file.Certificate != nil && len(checked.Files) <= certificatesShown {
			fmt.Fprintf(w, "%s: %s\n", printable(file.File), certificateSentence(file.Certificate))
		}
	}
	for _, problem := range checked.Problems {
		fmt.Fprintln(w, printable(problem))
	}
	if !known {
		for key := range keys {
			fmt.Fprintf(w, "signed with the key %s; compare it with the key of the move, or give that with --key\n", key)
		}
	}
	problems := ""
	if n := len(checked.Problems); n > 0 {
		problems = "; " + plural(n, "problem") + " with the summary (above)"
	}
	_, err := fmt.Fprintf(w, "%s of %s genuine%s\n", number(genuine), count(len(checked.Files), "file is", "files are"), problems)
	return err
}

// certificatesShown bounds how many certificates are told one by one.
const certificatesShown = 20

func certificateSentence(c *certificate.Certificate) string {
	sentence := fmt.Sprintf("%s was equal at both ends on %s", printable(c.Account), c.Verified.Local().Format(time.DateTime))
	if c.Mail != nil {
		sentence += ", " + plural(int(c.Mail.Source.Messages), "message")
	}
	return sentence + " (level " + string(c.Level) + ")"
}

func certificateKeyCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "key",
		Short: "Show the public key that certificates are signed with",
		Long: `key shows the public key of this move. Publish it where people can be sure that it is yours, for example
on your website: whoever checks a certificate with it knows that it is from you.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(_ context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			key, err := move.CertificateKey()
			if err != nil {
				return rehome.OutcomeDone, err
			}
			shown := map[string]string{"public_key": key.String(), "pem": string(key.PEM())}
			return rehome.OutcomeDone, f.answer(shown, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, key)
				return err
			})
		})),
	}
}
