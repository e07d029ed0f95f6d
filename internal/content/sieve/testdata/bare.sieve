# forward
redirect "noa@partner.example";
if header :contains "subject" "win" {
    discard;
    stop;
}
keep;
