require ["variables","fileinto","mailbox","regex","envelope"];
if header :regex "List-Id" "<([a-z0-9-]+)[.]" { set "list" "${1}"; fileinto :create "INBOX.Lists.${list}"; stop; }
if exists ["List-Post", "List-Help"] { fileinto "INBOX.Lists"; }
