require ["encoded-character","variables","fileinto","copy","vnd.dovecot.report"];
set "umlaut" "Gr${unicode:F6 DF}e";
if header :contains "subject" "${hex: 47 72 c3 b6}" { fileinto :copy "INBOX.Work.${umlaut}"; }
if anyof (header :is "subject" "$${hex:40}", not exists "date") { fileinto "INBOX.${hex:24}{umlaut}"; report "abuse" "Please look" "abuse@example.com"; }
