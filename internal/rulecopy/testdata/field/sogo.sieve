require ["fileinto","imap4flags","mailbox","editheader","vacation-seconds","vacation","relational","comparator-i;ascii-numeric"];
if anyof (header :contains "subject" "invoice", address :all :is "to" "billing@example.test") {
    fileinto :create "INBOX/Work";
    keep;
}
if header :value "ge" :comparator "i;ascii-numeric" "X-Spam-Level" ["5"] {
    addheader "X-Filtered" "yes";
    fileinto "INBOX.Spam";
    stop;
}
vacation :seconds 43200 :addresses "anna@example.test" text:
I am out.
..
Anna
.
;
