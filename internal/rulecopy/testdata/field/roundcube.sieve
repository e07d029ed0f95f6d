require ["body","copy","date","fileinto","imap4flags","reject","relational","regex","vacation"];
# rule:[Newsletter; "quoted"]
if anyof (header :contains "list-unsubscribe" "http", header :regex "subject" "^\\[news.*\\]$")
{
	addflag "\\Seen";
	fileinto "INBOX.Lists";
	stop;
}
# rule:[off]
if false # allof (header :contains "from" "boss@example.com")
{
	redirect :copy "mobile@phone.example";
}
# rule:[Holiday]
if allof (currentdate :value "ge" "iso8601" "2026-07-01T00:00:00+02:00", currentdate :value "le" "iso8601" "2026-07-31T23:59:59+02:00")
{
	vacation :days 7 :addresses ["anna@example.test", "info@example.test"] :subject "Urlaub" "Bin bis 31. Juli weg.";
}
# rule:[Big]
if size :over 5M
{
	reject "Too big";
	stop;
}
