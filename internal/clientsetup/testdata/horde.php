<?php
// Prints as JSON what Horde, a mail program of another hand, reads from the autoconfig document at argv[1] for the address
// argv[2]. At http://127.0.0.1:PORT the documents are asked for as Horde asks, with its host names.
spl_autoload_register(function ($class) { @include str_replace('_', '/', $class) . '.php'; });
error_reporting(E_ALL & ~E_DEPRECATED);

class Wire
{
    public function get($url)
    {
        global $argv;
        $content = false;
        $code = 200;
        if (strpos($argv[1], 'http') === 0) {
            $parts = parse_url($url);
            $context = stream_context_create(['http' => [
                'header' => 'Host: ' . $parts['host'], 'ignore_errors' => true, 'follow_location' => 0,
            ]]);
            $query = isset($parts['query']) ? '?' . $parts['query'] : '';
            $content = file_get_contents($argv[1] . $parts['path'] . $query, false, $context);
            $code = intval(explode(' ', $http_response_header[0])[1]);
        } else {
            $content = file_get_contents($argv[1]);
        }
        return new Answer($code, $content);
    }
}

class Answer
{
    public $code;
    private $body;
    public function __construct($code, $body) { $this->code = $code; $this->body = $body; }
    public function getBody() { return $this->body; }
}

$driver = new Horde_Mail_Autoconfig_Driver_Thunderbird();
$driver->http = new Wire();
$email = new Horde_Mail_Rfc822_Address($argv[2]);
$found = [];
foreach ([$driver->mailSearch([$email->host], ['email' => $email]), $driver->msaSearch([$email->host], ['email' => $email])] as $servers) {
    foreach ($servers ?: [] as $s) {
        $found[] = [preg_replace('/.*_/', '', get_class($s)), $s->host, $s->port, strval($s->tls), strval($s->username), $s->label];
    }
}
echo json_encode($found, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
