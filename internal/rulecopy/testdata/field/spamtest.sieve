require ["spamtestplus","relational","comparator-i;ascii-numeric","fileinto","special-use","ihave","environment","extlists"];
if spamtest :percent :value "ge" :comparator "i;ascii-numeric" "80" { fileinto :specialuse "\\Junk" "INBOX.Spam"; stop; }
if allof (ihave "extlists", header :list "from" ":addrbook:default") { keep; stop; }
if environment :matches "location" "MDA*" { fileinto "INBOX.Lists"; }
