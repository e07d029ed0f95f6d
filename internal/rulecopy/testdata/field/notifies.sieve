require ["enotify","variables","fileinto","fcc","mailbox"];
if header :matches "subject" "[urgent]*" {
  set "what" "${1}";
  notify :importance "1" :message "Urgent: ${what}" :options ["ttl=300"] "mailto:0171@sms.example?subject=x";
  fileinto "INBOX.Work";
}
elsif valid_notify_method ["xmpp:a@b.example"] { notify :fcc "INBOX.Sent" :create "mailto:b@c.example"; }
