/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded into Courier's programs, whose paths are fixed when they are built: what they look for
 * below /etc/courier and /run/courier they find below $COURIER_LAB. So any number of servers run
 * side by side, as any user, and nothing is written outside the lab.
 *
 * The file monitor is not there, and a server that looks for it waits a second each time: it is told
 * at once. Nor is the user that POP3 becomes before STLS: it stays who it is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

struct stat;

static const char *moved(const char *path, char *buffer, size_t size)
{
	const char *lab = getenv("COURIER_LAB");
	int couriers = !strncmp(path, "/etc/courier/", 13) || !strncmp(path, "/run/courier/", 13);
	if (!lab || !couriers || snprintf(buffer, size, "%s%s", lab, path) >= (int)size)
		return path;
	return buffer;
}

#define LONGEST 4096
#define REAL(name) dlsym(RTLD_NEXT, name)

int open(const char *path, int flags, ...)
{
	char buffer[LONGEST];
	int (*real)(const char *, int, mode_t) = REAL("open");
	va_list rest;
	va_start(rest, flags);
	mode_t mode = va_arg(rest, mode_t);
	va_end(rest);
	return real(moved(path, buffer, sizeof buffer), flags, mode);
}

int __open_2(const char *path, int flags)
{
	return open(path, flags, 0);
}

FILE *fopen(const char *path, const char *mode)
{
	char buffer[LONGEST];
	FILE *(*real)(const char *, const char *) = REAL("fopen");
	return real(moved(path, buffer, sizeof buffer), mode);
}

int stat(const char *path, struct stat *into)
{
	char buffer[LONGEST];
	int (*real)(const char *, struct stat *) = REAL("stat");
	return real(moved(path, buffer, sizeof buffer), into);
}

int chmod(const char *path, mode_t mode)
{
	char buffer[LONGEST];
	int (*real)(const char *, mode_t) = REAL("chmod");
	return real(moved(path, buffer, sizeof buffer), mode);
}

int unlink(const char *path)
{
	char buffer[LONGEST];
	int (*real)(const char *) = REAL("unlink");
	return real(moved(path, buffer, sizeof buffer));
}

int rename(const char *from, const char *to)
{
	char one[LONGEST], other[LONGEST];
	int (*real)(const char *, const char *) = REAL("rename");
	return real(moved(from, one, sizeof one), moved(to, other, sizeof other));
}

typedef int socket_call(int fd, const struct sockaddr *address, socklen_t size);

static int with_socket(socket_call *real, int fd, const struct sockaddr *address, socklen_t size)
{
	const struct sockaddr_un *there = (const struct sockaddr_un *)address;
	struct sockaddr_un here = {.sun_family = AF_UNIX};
	if (address->sa_family != AF_UNIX || moved(there->sun_path, here.sun_path, sizeof here.sun_path) == there->sun_path)
		return real(fd, address, size);
	return real(fd, (struct sockaddr *)&here, sizeof here);
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	return with_socket(REAL("bind"), fd, address, size);
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	return with_socket(REAL("connect"), fd, address, size);
}

int FAMOpen(void *connection)
{
	(void)connection;
	return -1;
}

struct passwd *getpwnam(const char *name)
{
	struct passwd *(*real)(const char *) = REAL("getpwnam");
	return strcmp(name, "courier") ? real(name) : getpwuid(geteuid());
}
