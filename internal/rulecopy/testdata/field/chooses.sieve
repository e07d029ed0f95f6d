require ["variables","fileinto"];
set "dest" "INBOX.Lists";
if address :domain "from" ["work.example", "job.example"] { set "dest" "INBOX.Work"; }
elsif address :domain "from" "grosse.example" { set "dest" "INBOX.Work.Größe"; }
else { set "tail" "${dest}"; }
if not string :is "${dest}" "INBOX.Lists" {
  fileinto "${dest}";
}
