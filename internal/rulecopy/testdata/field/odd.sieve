/* BOM, CRLF and odd blanks */ require	[ "fileinto" ,
"comparator-i;octet" ] ;IF
NOT Header :IS :Comparator "i;octet" ["Subject"]
["a\\b\"c","" ] { FileInto
text: # a name on lines of its own
INBOX.Work
.
; } eLse { Keep ; }