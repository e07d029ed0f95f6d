require ["vacation", "vacation-seconds"];
# away
vacation :seconds 3600 "Away"
;
