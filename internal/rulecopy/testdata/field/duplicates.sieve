require ["duplicate","variables","imap4flags","fileinto","relational","comparator-i;ascii-numeric"];
if duplicate { discard; stop; }
if allof (header :matches "X-Ticket" "*", duplicate :uniqueid "${1}" :seconds 3600 :last) { setflag "\\Seen"; fileinto :flags ["\\Seen", "$Dup"] "INBOX.Lists"; }
if hasflag :count "ge" :comparator "i;ascii-numeric" "2" { removeflag ["\\Seen", "$Dup"]; }
