require ["fileinto", "imapflags", "notify"];
if header :contains "subject" "todo" { mark; addflag ["\\Answered"]; fileinto "INBOX.Work"; }
if header :contains "subject" "sms" { notify :method "mailto" :options ["0171@sms.example"] :low :message "New mail"; denotify; }
