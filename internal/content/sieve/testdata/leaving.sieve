# forward
redirect "noa@partner.example";
