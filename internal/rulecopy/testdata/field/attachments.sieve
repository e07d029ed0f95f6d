require ["foreverypart","mime","fileinto","reject"];
foreverypart {
  if header :mime :param "filename" :matches ["Content-Type","Content-Disposition"] ["*.exe","*.scr"] {
    fileinto "INBOX.Spam";
    break;
  }
  if allof (header :mime :type :is "Content-Type" "image", size :over 2M) { foreverypart { stop; } }
}
