<?php
// SPDX-License-Identifier: Apache-2.0
//
// What Apache's configuration does for DAViCal, for "php -S": everything below /caldav.php/ goes to
// its script, with the names of CGI, and the well-known addresses (RFC 6764) lead there. It is run in
// a folder that has the lab's configuration beside it, see startWeb.

error_reporting(E_ALL & ~E_DEPRECATED & ~E_STRICT & ~E_NOTICE & ~E_WARNING);
ini_set('display_errors', '0');

$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
if (in_array($path, ['/.well-known/caldav', '/.well-known/carddav'])) {
    header('Location: /caldav.php/', true, 301);
    return;
}
if (strpos($path, '/caldav.php') !== 0) {
    http_response_code(404);
    return;
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/caldav.php';
$_SERVER['SCRIPT_FILENAME'] = '/usr/share/davical/htdocs/caldav.php';
$_SERVER['PATH_INFO'] = substr($path, strlen('/caldav.php')) ?: '/';
$_SERVER['SERVER_NAME'] = strtok($_SERVER['HTTP_HOST'] ?? $_SERVER['SERVER_ADDR'], ':');
chdir(getenv('LAB_HTDOCS'));
require '/usr/share/davical/htdocs/caldav.php';
