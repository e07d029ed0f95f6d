<?php
// SPDX-License-Identifier: Apache-2.0
//
// SabreDAV 1.8 on atmail's tables: accounts of UserSession, principals below principals/users,
// events in calendarObjects. Run by "php -S".

// PHP 8 finds much to complain about in SabreDAV 1.8, and would print it in front of the XML.
error_reporting(E_ALL & ~E_DEPRECATED & ~E_STRICT);
ini_set('display_errors', '0');
date_default_timezone_set('UTC');

require 'Sabre/autoload.php';

use Sabre\CalDAV;
use Sabre\CardDAV;
use Sabre\DAV;
use Sabre\DAVACL;

/** Checks passwords in the forms that atmail stores, and the switches of the account's group. */
class AtmailAuth extends DAV\Auth\Backend\AbstractBasic
{
    private $pdo;

    public function __construct(PDO $pdo)
    {
        $this->pdo = $pdo;
    }

    protected function validateUserPass($username, $password)
    {
        $query = $this->pdo->prepare(
            'SELECT Password FROM UserSession JOIN Users USING (Account)'
            . ' WHERE Account = ? AND COALESCE(UserStatus, 0) = 0'
        );
        $query->execute([$username]);
        $stored = (string) $query->fetchColumn();
        if ($stored === '') {
            return false;
        }
        if (preg_match('/^[0-9a-f]{32}$/', $stored)) {
            return hash_equals($stored, md5($password));
        }
        if (preg_match('/^\$(1|5|6|2y)\$/', $stored)) {
            return password_verify($password, $stored);
        }
        return hash_equals($stored, $password);
    }
}

/** Refuses what the account's group does not allow, as the licence and group switches do. */
class GroupSwitches extends DAV\ServerPlugin
{
    private $pdo;
    private $auth;

    public function __construct(PDO $pdo, DAV\Auth\Plugin $auth)
    {
        $this->pdo = $pdo;
        $this->auth = $auth;
    }

    public function initialize(DAV\Server $server)
    {
        $server->subscribeEvent('beforeMethod', [$this, 'check'], 50);
    }

    public function check($method, $uri)
    {
        $switch = ['calendars' => 'CalDAVServer', 'addressbooks' => 'CardDAVServer'][strtok($uri, '/')] ?? null;
        if ($switch === null) {
            return;
        }
        $query = $this->pdo->prepare("SELECT $switch FROM Users JOIN `Groups` ON GroupName = Ugroup WHERE Account = ?");
        $query->execute([$this->auth->getCurrentUser()]);
        if ($query->fetchColumn() === '0') {
            throw new DAV\Exception\Forbidden('This service is not part of your plan');
        }
    }
}

$pdo = new PDO(
    'mysql:unix_socket=' . getenv('LAB_SOCKET') . ';dbname=' . getenv('LAB_DATABASE') . ';charset=utf8mb4',
    getenv('LAB_USER'),
    getenv('LAB_PASSWORD'),
    [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_STRINGIFY_FETCHES => true]
);
$principals = new DAVACL\PrincipalBackend\PDO($pdo);
$server = new DAV\Server([
    new DAV\SimpleCollection('principals', [new DAVACL\PrincipalCollection($principals, 'principals/users')]),
    new CalDAV\CalendarRootNode($principals, new CalDAV\Backend\PDO($pdo, 'calendars', 'calendarObjects'), 'principals/users'),
    new CardDAV\AddressBookRoot($principals, new CardDAV\Backend\PDO($pdo), 'principals/users'),
]);
$server->setBaseUri('/');
$auth = new DAV\Auth\Plugin(getenv('LAB_DIGEST') ? new DAV\Auth\Backend\PDO($pdo) : new AtmailAuth($pdo), 'SabreDAV');
$server->addPlugin($auth);
if (getenv('LAB_GROUPS')) {
    $server->addPlugin(new GroupSwitches($pdo, $auth));
}
$acl = new DAVACL\Plugin();
$acl->defaultUsernamePath = 'principals/users';
$acl->principalCollectionSet = ['principals/users'];
$server->addPlugin($acl);
$server->addPlugin(new CalDAV\Plugin());
$server->addPlugin(new CardDAV\Plugin());
$server->exec();
