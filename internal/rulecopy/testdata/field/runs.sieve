require ["vnd.dovecot.execute","vnd.dovecot.pipe","vnd.dovecot.filter","variables","fileinto","copy"];
set "box" "INBOX.Work";
if execute :output "box" "which-box" ["a"] { fileinto "${box}"; }
if filter "clean" { keep; }
pipe :copy :try "archive" ["x", "y"];
