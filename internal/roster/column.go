// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// column is one of the columns that a roster may have.
type column int

const (
	emailAddress column = iota
	firstName
	lastName
	password
	sourceUser
	sourcePassword
	destinationUser
	destinationPassword
	// What other programs' exports have in place of the above.
	fullName
	userName   // an address, or its first part beside a domain
	domainName //
	hashKind   // says that the passwords are hashes (Google Workspace)
	columnCount
)

// labels are how problems name a column.
var labels = [columnCount]string{
	"EmailAddress", "FirstName", "LastName", "Password",
	"SourceUser", "SourcePassword", "DestinationUser", "DestinationPassword",
	"DisplayName", "UserName", "Domain", "PasswordHashFunction",
}

func (c column) String() string { return labels[c] }

// isPassword tells the columns whose white space belongs to the value.
func (c column) isPassword() bool {
	return c == password || c == sourcePassword || c == destinationPassword
}

// vocabulary has what programs call the columns, in the form of wordOf and the surest first: English as in Excel, Google
// Workspace, Microsoft 365, Exchange, cPanel, Plesk and Zimbra, then German, French, Spanish, Italian and Dutch,
// then some of Portuguese, Polish, Czech, Slovak and the Nordic languages.
var vocabulary = [columnCount][]string{
	emailAddress: {
		"emailaddress", "primaryemail", "primaryemailaddress", "primarysmtpaddress", "emailprimary", "email", "emailid", "mailaddress", "mail",
		"smtpaddress",
		"windowsemailaddress", "userprincipalname", "upn", "mailbox", "mailboxaddress", "account", "emailaccount", "address",
		"emailadresse", "emailadressen", "primareemailadresse", "mailadresse", "epost", "epostadresse", "elektronischepost", "benutzerprinzipalname",
		"postfach", "emailkonto",
		"adresseemail", "adressemail", "adressedemessagerie", "adresseelectronique", "courriel", "adressecourriel", "adressedecourriel",
		"adresseemailprincipale", "nomprincipaldutilisateur", "boiteauxlettres", "comptedemessagerie",
		"correo", "correoelectronico", "direcciondecorreo", "direcciondecorreoelectronico", "direccionemail", "direcciondeemail",
		"nombreprincipaldeusuario", "buzon", "cuentadecorreo",
		"indirizzoemail", "indirizzomail", "indirizzodiposta", "indirizzodipostaelettronica", "postaelettronica", "nomeprincipaleutente", "casella",
		"caselladiposta", "casellapostale",
		"emailadres", "mailadres", "epostadres", "primairemailadres", "userprincipalnaam", "postvak",
		"email1value", "email1", "email1address", "workemail",
		"enderecodeemail", "correioeletronico", "adresemail", "emailovaadresa", "epostadress", "mailadress", "sahkoposti", "eposta",
	},
	firstName: {
		"firstname", "first", "givenname", "forename", "vorname", "prenom", "nombredepila", "primernombre", "nomedibattesimo", "voornaam", "roepnaam",
		"primeironome", "imie", "jmeno", "krstnimeno", "fornamn", "fornavn", "etunimi",
	},
	lastName: {
		"lastname", "last", "surname", "familyname", "sn", "nachname", "familienname", "zuname", "nomdefamille", "apellido", "apellidos", "primerapellido",
		"cognome", "achternaam", "familienaam",
		"sobrenome", "apelido", "ultimonome", "nazwisko", "prijmeni", "priezvisko", "efternamn", "efternavn", "etternavn", "sukunimi",
	},
	password: {
		"password", "passwd", "pass", "pwd", "userpassword", "passwort", "kennwort", "motdepasse", "mdp", "contrasena", "clave", "parolachiave", "parola",
		"wachtwoord",
		"senha", "palavrapasse", "haslo", "heslo", "losenord", "adgangskode", "passord", "salasana",
	},
	sourceUser: {"sourceuser"}, sourcePassword: {"sourcepassword"},
	destinationUser: {"destinationuser"}, destinationPassword: {"destinationpassword"},
	fullName: {
		"displayname", "fullname", "realname", "name", "cn", "commonname", "anzeigename", "vollername", "vollstandigername", "namen",
		"nomcomplet", "nomaffiche", "nomdaffichage", "nom", "nombrecompleto", "nombreparamostrar", "nombremostrado", "nombre",
		"nomecompleto", "nomevisualizzato", "nome", "weergavenaam", "volledigenaam", "naam",
	},
	userName: {
		"username", "user", "userid", "login", "loginname", "localpart", "mailname", "mailuser", "accountname", "benutzername", "benutzer", "anmeldename",
		"nomdutilisateur", "utilisateur", "identifiant", "nombredeusuario", "usuario", "nomeutente", "utente", "gebruikersnaam", "gebruiker",
	},
	domainName: {"domain", "domainname", "maildomain", "domane", "domanenname", "domaine", "nomdedomaine", "dominio", "domein", "domeinnaam"},
	hashKind:   {"passwordhashfunction", "hashfunction", "passwordhash", "passwordscheme"},
}

// Single words for a name mean the first one beside a column of last names, the last one beside one of first names, and
// the whole one alone: "Nom" beside "Prénom", "Nombre" beside "Apellidos".
var (
	halfFirst = []string{"nombre", "nome"}
	halfLast  = []string{"name", "namen", "nom", "naam"}
)

// wordOf is a label without what people vary: case, accents, spaces, punctuation, and a remark in brackets behind it
// ("First Name [Required]").
func wordOf(label string) string {
	if i := strings.IndexAny(label, "[("); i > 0 {
		label = label[:i]
	}
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, norm.NFKD.String(strings.NewReplacer("ł", "l", "Ł", "L", "ø", "o", "Ø", "O", "ß", "ss").Replace(label)))
}

// columnOf finds the column that a label means, and how sure that is: 0 is the surest.
func columnOf(label string) (c column, rank int, ok bool) {
	word := wordOf(label)
	for c, words := range vocabulary {
		if rank := slices.Index(words, word); rank >= 0 {
			return column(c), rank, true
		}
	}
	return columnCount, 0, false
}

// IsAddressLabel reports whether a label names a column of addresses.
func IsAddressLabel(label string) bool {
	c, _, ok := columnOf(label)
	return ok && c == emailAddress
}

// shownLabel is a label for people. What does not look like one is only counted: nobody knows what else it may be.
func shownLabel(label string, at int) (string, bool) {
	label = strings.TrimSpace(label)
	odd := func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(" -_/.[]()*", c)
	}
	if label == "" || len(label) > 60 || strings.ContainsFunc(label, odd) {
		return "number " + itoa(at+1), false
	}
	return label, true
}
