require ["include","variables"];
global ["vip", "box"];
set "vip" "boss@example.com";
include :personal :optional "local-rules";
include :global :once "site-spam";
if header :contains "from" "${vip}" { keep; return; }
