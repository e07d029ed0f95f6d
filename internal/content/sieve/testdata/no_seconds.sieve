require ["vacation"];
# away
vacation :days 1 "Away"
;
