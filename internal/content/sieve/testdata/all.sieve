require ["copy", "fileinto", "imap4flags", "vacation"];
# blocked senders
if allof (not address :all :matches "from" "*@partner.example", address :all :matches "from" ["*@spam.example", "odd\\\\name@example.com"]) {
    fileinto "Junk";
    stop;
}
# forward
redirect :copy "noa@partner.example";
# away
vacation :days 7 :subject "Away \"now\"" :addresses "noa@example.com" text:
Bin weg.
..
...Grüße
.
;
if allof (header :contains "from" "news@", header :contains "subject" "Neuigkeiten für") {
    addflag "\\Seen";
    fileinto "Rundbriefe/Größe  2";
    stop;
}
if header :contains "subject" "win" {
    discard;
    stop;
}
