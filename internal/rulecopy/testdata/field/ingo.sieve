require "fileinto";
require ["regex", "copy"];
# Blacklisted Addresses
if address :all :comparator "i;ascii-casemap" :is ["From", "Sender", "Resent-From"] "ads@shop.example"  {
    discard;
    stop;
}
# Whitelisted Addresses
if address :all :comparator "i;ascii-casemap" :is ["From", "Sender", "Resent-From"] ["mum@home.example", "dad@home.example"]  {
    keep;
    stop;
}
# Forward
if true  {
redirect :copy "anna@partner.example";
}
if allof ( address :all :comparator "i;octet" :contains "To" "Team", not header :is "X-Loop" "yes" ) {
    fileinto "INBOX.Work.Größe";
    stop;
}
