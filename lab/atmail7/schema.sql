-- SPDX-License-Identifier: Apache-2.0
--
-- The tables of an atmail 6/7 database as far as a move reads them. Names, letter case and types
-- are those seen in the field; the DAV tables are SabreDAV 1.8's, except that atmail writes
-- calendarObjects with a capital O.

CREATE TABLE Domains (
    Hostname VARCHAR(255) NOT NULL PRIMARY KEY,
    Enable CHAR(1) DEFAULT '1'
);

CREATE TABLE `Groups` (
    GroupName VARCHAR(16) NOT NULL PRIMARY KEY,
    GroupDescription VARCHAR(128),
    GroupQuota MEDIUMINT UNSIGNED DEFAULT 0,
    MailForwarding TINYINT(1) DEFAULT 1,
    POP3Support TINYINT(1) DEFAULT 1,
    IMAPSupport TINYINT(1) DEFAULT 1,
    MultiSupport TINYINT(1) DEFAULT 1,
    PersonalSpam TINYINT(1) DEFAULT 1,
    GlobalAbookRead TINYINT(1) DEFAULT 1,
    GlobalAbook TINYINT(1) DEFAULT 1,
    AV TINYINT(1) DEFAULT 1,
    SpamSupport TINYINT(1) DEFAULT 1,
    Sync TINYINT(1) DEFAULT 1,
    PushSupport TINYINT(1) DEFAULT 1,
    GroupwareZone VARCHAR(32) DEFAULT 'Domain',
    Webmail TINYINT(1) DEFAULT 1,
    Calendar TINYINT(1) DEFAULT 1,
    SharedAbook TINYINT(1) DEFAULT 1,
    CalDAVServer TINYINT(1) DEFAULT 1,
    CardDAVServer TINYINT(1) DEFAULT 1,
    WebSyncShared TINYINT(1) DEFAULT 1,
    WebSyncGlobal TINYINT(1) DEFAULT 1
);

CREATE TABLE UserSession (
    Account VARCHAR(128) NOT NULL PRIMARY KEY,
    Password VARCHAR(64),
    SessionID VARCHAR(64),
    SessionData MEDIUMTEXT,
    LastLogin INT UNSIGNED,
    ChangePass TINYINT(1) DEFAULT 0,
    lifetime INT DEFAULT 120,
    CalUser TINYINT(1) DEFAULT 0
);

CREATE TABLE Users (
    id MEDIUMINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    Account VARCHAR(128) NOT NULL UNIQUE,
    FirstName VARCHAR(96),
    LastName VARCHAR(96),
    OtherEmail VARCHAR(128),
    PasswordQuestion VARCHAR(128),
    BirthDay TINYINT UNSIGNED,
    BirthMonth TINYINT UNSIGNED,
    BirthYear SMALLINT UNSIGNED,
    Gender CHAR(1),
    Industry VARCHAR(64),
    Occupation VARCHAR(64),
    Address VARCHAR(128),
    City VARCHAR(64),
    PostCode VARCHAR(16),
    State VARCHAR(64),
    Country VARCHAR(64),
    TelHome VARCHAR(32),
    FaxHome VARCHAR(32),
    TelWork VARCHAR(32),
    FaxWork VARCHAR(32),
    TelMobile VARCHAR(32),
    TelPager VARCHAR(32),
    Ugroup VARCHAR(16) DEFAULT 'default',
    UserStatus INT(1),
    MailDir VARCHAR(255),
    Forward VARCHAR(128),
    AutoReply TEXT,
    UserQuota MEDIUMINT UNSIGNED DEFAULT 0,
    DateCreate TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    DateModified TIMESTAMP NULL
);

CREATE TABLE UserSettings (
    Account VARCHAR(128) NOT NULL PRIMARY KEY,
    RealName VARCHAR(40),
    ReplyTo VARCHAR(255),
    Signature TEXT,
    TimeZone VARCHAR(64) DEFAULT 'Europe/Berlin',
    Language VARCHAR(16) DEFAULT 'english',
    DateFormat VARCHAR(16),
    TimeFormat VARCHAR(16),
    MailServer VARCHAR(128),
    UseSSL TINYINT(1) DEFAULT 0,
    MailType VARCHAR(8) DEFAULT 'imap',
    LoginType TINYINT(1) DEFAULT 0,
    AutoTrash TINYINT(1) DEFAULT 0,
    EmptyTrash TINYINT(1) DEFAULT 0,
    LeaveMsgs TINYINT(1) DEFAULT 1,
    SaveDrafts TINYINT(1) DEFAULT 1,
    ViewThreads TINYINT(1) DEFAULT 0,
    cssStyleTheme VARCHAR(32),
    CalDavUrl VARCHAR(255),
    CardDavUrl VARCHAR(255)
);

CREATE TABLE MailAliases (
    id MEDIUMINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    AliasName VARCHAR(200) NOT NULL,
    AliasTo VARCHAR(200),
    Domain VARCHAR(128),
    AliasMailDir VARCHAR(200),
    DateCreate TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    INDEX (AliasName)
);

CREATE TABLE Abook (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    Account VARCHAR(128) NOT NULL,
    UserEmail VARCHAR(255),
    UserEmail2 VARCHAR(255),
    UserEmail3 VARCHAR(255),
    UserEmail4 VARCHAR(255),
    UserEmail5 VARCHAR(255),
    UserFirstName VARCHAR(128),
    UserMiddleName VARCHAR(128),
    UserLastName VARCHAR(128),
    UserTitle VARCHAR(128),
    UserGender CHAR(1),
    UserDOB DATETIME,
    UserHomeAddress VARCHAR(128),
    UserHomeCity VARCHAR(128),
    UserHomeState VARCHAR(128),
    UserHomeZip VARCHAR(32),
    UserHomeCountry VARCHAR(128),
    UserHomePhone VARCHAR(64),
    UserHomeMobile VARCHAR(64),
    UserHomeFax VARCHAR(64),
    UserURL VARCHAR(255),
    UserWorkCompany VARCHAR(128),
    UserWorkTitle VARCHAR(128),
    UserWorkDept VARCHAR(128),
    UserWorkOffice VARCHAR(128),
    UserWorkAddress VARCHAR(128),
    UserWorkCity VARCHAR(128),
    UserWorkState VARCHAR(128),
    UserWorkZip VARCHAR(32),
    UserWorkCountry VARCHAR(128),
    UserWorkPhone VARCHAR(64),
    UserWorkMobile VARCHAR(64),
    UserWorkFax VARCHAR(64),
    UserType VARCHAR(12),
    UserInfo TEXT,
    UserPgpKey TEXT,
    UserPhoto MEDIUMTEXT,
    UserFileAs VARCHAR(128),
    DateAdded VARCHAR(12),
    DateModified VARCHAR(12),
    EntryID VARCHAR(64),
    `Global` TINYINT(1) DEFAULT 0,
    Favourite TINYINT(1) DEFAULT 0,
    UsageCount INT UNSIGNED DEFAULT 0,
    INDEX (Account)
);

CREATE TABLE AbookPermissions (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    AbookID BIGINT UNSIGNED NOT NULL,
    Account VARCHAR(128),
    Permissions TINYINT(1),
    Type VARCHAR(12),
    Domain VARCHAR(128)
);

-- One row a member; a row without GroupEmail is the group's header.
CREATE TABLE AbookGroup (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    GroupName VARCHAR(32),
    GroupEmail VARCHAR(64),
    Account VARCHAR(128),
    INDEX (Account)
);

CREATE TABLE AbookGroupNames (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    Account VARCHAR(128),
    GroupName VARCHAR(32)
);

CREATE TABLE Config (
    configId INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    section VARCHAR(64) NOT NULL,
    `key` VARCHAR(128) NOT NULL,
    value TEXT,
    type VARCHAR(32),
    UNIQUE (section, `key`)
);

CREATE TABLE SpamSettings (
    prefid INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    username VARCHAR(128) NOT NULL,
    preference VARCHAR(64) NOT NULL,
    value VARCHAR(100),
    domain VARCHAR(128),
    INDEX (username)
);

CREATE TABLE AdminUsers (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    Username VARCHAR(64) NOT NULL UNIQUE,
    Password VARCHAR(64),
    UMasterAdmin TINYINT(1) DEFAULT 0,
    UAdd TINYINT(1) DEFAULT 0,
    UModify TINYINT(1) DEFAULT 0,
    UDelete TINYINT(1) DEFAULT 0,
    UAlias TINYINT(1) DEFAULT 0,
    NumUsers INT,
    NumQuota INT,
    BrandDomain VARCHAR(128)
);

CREATE TABLE AdminGroup (
    Username VARCHAR(64),
    Ugroup VARCHAR(16),
    Domain VARCHAR(128)
);

CREATE TABLE SerialConf (
    Name VARCHAR(128),
    Value MEDIUMTEXT,
    Account VARCHAR(128),
    DateAdded INT UNSIGNED
);

CREATE TABLE principals (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    uri VARCHAR(200) NOT NULL UNIQUE,
    email VARCHAR(80),
    displayname VARCHAR(80),
    vcardurl VARCHAR(255)
);

CREATE TABLE groupmembers (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    principal_id INT UNSIGNED NOT NULL,
    member_id INT UNSIGNED NOT NULL,
    UNIQUE (principal_id, member_id)
);

CREATE TABLE users (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    username VARCHAR(50) UNIQUE,
    digesta1 VARCHAR(32)
);

CREATE TABLE locks (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    owner VARCHAR(100),
    timeout INT UNSIGNED,
    created INT,
    token VARBINARY(100),
    scope TINYINT,
    depth TINYINT,
    uri VARBINARY(1000),
    INDEX (token),
    INDEX (uri(100))
);

CREATE TABLE calendars (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    principaluri VARBINARY(100),
    displayname VARCHAR(100),
    uri VARBINARY(200),
    ctag INT UNSIGNED NOT NULL DEFAULT 0,
    description TEXT,
    calendarorder INT UNSIGNED NOT NULL DEFAULT 0,
    calendarcolor VARBINARY(10),
    timezone TEXT,
    components VARBINARY(20),
    transparent TINYINT(1) NOT NULL DEFAULT 0,
    UNIQUE (principaluri, uri)
);

CREATE TABLE calendarObjects (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    calendardata MEDIUMBLOB,
    uri VARBINARY(200),
    calendarid INT UNSIGNED NOT NULL,
    lastmodified INT UNSIGNED,
    etag VARBINARY(32),
    size INT UNSIGNED NOT NULL,
    componenttype VARBINARY(8),
    firstoccurence INT UNSIGNED,
    lastoccurence INT UNSIGNED,
    UNIQUE (calendarid, uri)
);

-- Who else may see (mode 0) or write (mode 1) a calendar; the column for that is a guess.
CREATE TABLE calendarDelegates (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    calendarid INT UNSIGNED NOT NULL,
    principalid INT UNSIGNED NOT NULL,
    mode TINYINT(1) DEFAULT 0
);

CREATE TABLE calendarExtendedData (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    Account VARCHAR(128),
    data TEXT
);

CREATE TABLE addressbooks (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    principaluri VARCHAR(255),
    displayname VARCHAR(255),
    uri VARCHAR(200),
    description TEXT,
    ctag INT UNSIGNED NOT NULL DEFAULT 1,
    UNIQUE (principaluri(100), uri(100))
);

-- No UNIQUE on (addressbookid, uri), as in SabreDAV 1.x: duplicates happen.
CREATE TABLE cards (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    addressbookid INT UNSIGNED NOT NULL,
    carddata MEDIUMBLOB,
    uri VARCHAR(200),
    lastmodified INT UNSIGNED
);

INSERT INTO `Groups` (GroupName, GroupDescription) VALUES ('default', 'Default group');

INSERT INTO Config (section, `key`, value, type) VALUES
    ('global', 'userPasswordEncryptionType', 'plain', 'string'),
    ('global', 'externalUserPasswordEncryptionType', 'encrypted', 'string'),
    ('global', 'spamFolder', 'Spam', 'string'),
    ('dovecot', 'authType', 'sql', 'string');

INSERT INTO AdminUsers (Username, Password, UMasterAdmin, UAdd, UModify, UDelete, UAlias) VALUES
    ('admin', MD5('admin-of-the-lab'), 1, 1, 1, 1, 1);
