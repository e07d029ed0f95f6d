// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome"
)

// load reads a file of testdata, as its program saved it.
func load(t *testing.T, name string) (map[string]rehome.Account, []rehome.Finding) {
	t.Helper()
	accounts, findings, err := Load(filepath.Join("testdata", name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	all := map[string]rehome.Account{}
	for _, a := range accounts {
		all[a.Address] = a
	}
	return all, findings
}

func sentences(findings []rehome.Finding) string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Code+": "+f.Sentence)
	}
	return strings.Join(all, "\n")
}

// A Mac ends lines in CR: the whole file was one line, and its passwords were names of columns in the error.
func TestLoad_linesOfAMac(t *testing.T) {
	t.Parallel()
	all, findings := load(t, "roster-mac-cr.csv")
	if len(all) != 2 || all["anna@example.com"].SourcePassword.Reveal() != "Tulpen&Rosen-47" || all["ben@example.com"].LastName != "B" ||
		len(findings) > 0 {
		t.Errorf("got %d accounts, %+v", len(all), findings)
	}
}

func TestLoad_europeanExcel(t *testing.T) {
	t.Parallel()
	all, findings := load(t, "roster-semicolon.csv")
	anna := all["anna@example.com"]
	if len(all) != 1 || anna.FirstName != "Jürg" || anna.LastName != "Müller" || anna.SourcePassword.Reveal() != "Secret-1!x" {
		t.Errorf("got %d accounts, %+v", len(all), anna)
	}
	if got := sentences(findings); !strings.Contains(got, "roster_charset_guessed: the roster is not UTF-8; it was read as "+
		"Windows-1252, and 2 fields have") {
		t.Errorf("got %s", got)
	}
}

// A label of any program finds its column, whatever stands around it.
func TestParse_headersOfPrograms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ program, header, row, ignored string }{
		{"Google Workspace", "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],Password " +
			"Hash Function [UPLOAD ONLY],Org Unit Path [Required],Recovery Email",
			"Anna,Berg,anna@example.org,x y,,/,a@home.test", "Org Unit Path [Required], Recovery Email"},
		{"Microsoft 365", "Block credential,City,Display name,First name,Last name,Password,Proxy addresses,User principal name",
			"False,Oslo,Anna Berg,Anna,Berg,x y,SMTP:z@example.org,anna@example.org", "Block credential, City, Display name, Proxy addresses"},
		{"Microsoft 365, template", "Username,First name,Last name,Display name,Password,Alternate email address",
			"anna@example.org,Anna,Berg,Anna Berg,x y,a@home.test", "Display name, Alternate email address"},
		{"Exchange", "DisplayName,PrimarySmtpAddress,Password", "Anna Berg,anna@example.org,x y", ""},
		{"cPanel", "Email Address,Password,Quota", "anna@example.org,x y,250", "Quota"},
		{"cPanel, parts", "user,domain,password,diskquota", "anna,example.org,x y,250", "diskquota"},
		{"Plesk", "Mail name;Domain name;Password;Usage", "anna;example.org;x y;1 MB", "Usage"},
		{"Zimbra", "mail,givenName,sn,userPassword", "anna@example.org,Anna,Berg,x y", ""},
		{"German", "Vorname;Name;E-Mail-Adresse;Kennwort;Abteilung", "Anna;Berg;anna@example.org;x y;IT", "Abteilung"},
		{"German, one name", "Anzeigename;E-Mail;Passwort", "Anna Berg;anna@example.org;x y", ""},
		{"German Microsoft 365", "Anzeigename;Benutzerprinzipalname;Nachname;Vorname;Kennwort", "Anna Berg;anna@example.org;Berg;Anna;x y", "Anzeigename"},
		{"French", "Prénom;Nom;Adresse e-mail;Mot de passe", "Anna;Berg;anna@example.org;x y", ""},
		{"French, decomposed", "Pre\u0301nom;Nom de famille;Courriel;Mot de passe", "Anna;Berg;anna@example.org;x y", ""},
		{"Spanish", "Nombre;Apellidos;Correo electrónico;Contraseña", "Anna;Berg;anna@example.org;x y", ""},
		{"Italian", "Nome;Cognome;Indirizzo e-mail;Password", "Anna;Berg;anna@example.org;x y", ""},
		{"Dutch", "Voornaam;Achternaam;E-mailadres;Wachtwoord", "Anna;Berg;anna@example.org;x y", ""},
		{"Exchange, IMAP migration", "EmailAddress,UserName,Password", "anna@example.org,anna.b,x y", "UserName"},
		{"a link", "EmailAddress,Password,Name", "mailto:Anna@example.org?subject=x,x y,\"Berg, Anna\"", ""},
		{"an address book", "Address,Password,Full Name", "Anna Berg <anna@example.org>,x y,Anna Berg", ""},
		{"unseen characters", "\u200eEmailAddress,Password", "\u200banna@example.org\u00a0,x y", ""},
	} {
		accounts, findings, err := Parse("people.csv", strings.NewReader(c.header+"\r\n"+c.row+"\r\n"))
		if err != nil || len(accounts) != 1 {
			t.Errorf("%s: got %d accounts, %v", c.program, len(accounts), err)
			continue
		}
		a := accounts[0]
		if a.Address != "anna@example.org" || a.SourcePassword.Reveal() != "x y" || a.SourceUser != "" {
			t.Errorf("%s: got %s, right password %v", c.program, a.Address, a.SourcePassword.Reveal() == "x y")
		}
		if name := a.FirstName + " " + a.LastName; name != "Anna Berg" && name != " " {
			t.Errorf("%s: got the name %q", c.program, name)
		}
		got := sentences(findings)
		if (got == "") != (c.ignored == "") || !strings.Contains(got+"\n", c.ignored+"\n") {
			t.Errorf("%s: got findings %q, want the columns %q", c.program, got, c.ignored)
		}
	}
}

// Nothing that stands in a row is in any error, wherever the delimiters have put it.
func TestParse_errorsShowNothingOfARow(t *testing.T) {
	t.Parallel()
	const secret = "Hunter2-secret!"
	for _, text := range []string{
		"EmailAddress,Password\v" + "anna@example.org," + secret + "\v",
		"EmailAddress,Password\n" + secret + ",anna@example.org\n",
		"EmailAddress,Password\n" + secret + "@,x\n",
		"EmailAddress,Password\n\"" + secret + "\n",
		"EmailAddress,Password\na@b.test," + secret + ",more\n",
		"EmailAddress,Password\na@b.test," + secret + "\x01\n",
		"EmailAddress,Password\na@b.test," + secret + "\na@b.test," + secret + "\n",
		"Login: " + secret + "\nanna," + secret + "\n",
		secret,
		secret + ",EmailAddress,EmailAddress\n",
	} {
		_, _, err := Parse("people.csv", strings.NewReader(text))
		if err == nil || strings.Contains(err.Error(), secret[:6]) || strings.Contains(rehome.HintOf(err), secret[:6]) {
			t.Errorf("%q: got %v", text, err)
		}
	}
	// A label that does not look like one is counted, not shown.
	_, findings, err := Parse("people.csv", strings.NewReader("EmailAddress,"+secret+"\na@b.test,x\n"))
	if got := sentences(findings); err != nil || strings.Contains(got, secret) || !strings.Contains(got, "number 2") {
		t.Errorf("got %v and %s", err, got)
	}
}

func TestParse_whatIsNoPassword(t *testing.T) {
	t.Parallel()
	accounts, findings, err := Parse("people.csv", strings.NewReader(
		"Email,Password,Password Hash Function\na@x.test,****,\nb@x.test,5f4dcc3b5aa765d61d8327deb882cf99,MD5\nc@x.test,plain,\nd@x.test,••••••,\n"))
	if err != nil || len(accounts) != 4 {
		t.Fatal(accounts, err)
	}
	var forms []rehome.PasswordForm
	for _, a := range accounts {
		forms = append(forms, a.Password.Form)
		if (a.SourcePassword.Reveal() != "") != (a.Address == "c@x.test") {
			t.Errorf("%s: got a password to log in with: %v", a.Address, !a.SourcePassword.Empty())
		}
	}
	if want := []rehome.PasswordForm{"", rehome.PasswordOther, rehome.PasswordPlain, ""}; !slices.Equal(forms, want) {
		t.Errorf("got %q, want %q", forms, want)
	}
	got := sentences(findings)
	for _, want := range []string{"roster_password_hashed", "roster_password_masked: 2 passwords in the roster are"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestParse_lettersOfElsewhereAreAskedFor(t *testing.T) {
	t.Parallel()
	cyrillic := "EmailAddress;FirstName\nanna@example.org;\xc0\xed\xed\xe0\xe0\n"
	_, _, err := Parse("people.csv", strings.NewReader(cyrillic))
	if err == nil || !strings.Contains(err.Error(), "Western Europe") || !strings.Contains(rehome.HintOf(err), "CSV UTF-8") {
		t.Errorf("got %v, hint %q", err, rehome.HintOf(err))
	}
}

// Where the destination has no letters beyond ASCII, the row gives the new address and the present one as the log-in.
func TestParse_nonASCIIAddressHasAWayOut(t *testing.T) {
	t.Parallel()
	_, _, err := Parse("people.csv", strings.NewReader("EmailAddress\njürgen@example.org\n"))
	if err == nil || !strings.Contains(err.Error(), "and the present one as SourceUser") {
		t.Errorf("got %v", err)
	}
	accounts, _, err := Parse("people.csv", strings.NewReader("EmailAddress,SourceUser\njuergen@example.org,jürgen@example.org\n"))
	if err != nil || accounts[0].SourceLogin() != "jürgen@example.org" {
		t.Errorf("got %+v, %v", accounts, err)
	}
}

func TestVocabulary_isInTheFormThatLabelsAreComparedIn(t *testing.T) {
	t.Parallel()
	seen := map[string]column{}
	for c, words := range vocabulary {
		for _, word := range words {
			if before, twice := seen[word]; twice && before != column(c) || wordOf(word) != word {
				t.Errorf("%q of %s: also of %v, or not as wordOf writes it", word, column(c), before)
			}
			seen[word] = column(c)
		}
	}
}
