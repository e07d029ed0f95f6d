require ["variables", "envelope", "subaddress", "fileinto", "mailbox"];
if envelope :detail :matches "to" "*" {
  set :lower :upperfirst "tag" "${1}";
  if mailboxexists "INBOX.${tag}" { fileinto "INBOX.${tag}"; }
  else { fileinto :create "INBOX.Tags.${tag}"; }
}
